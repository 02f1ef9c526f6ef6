import { expect, it } from 'vitest';
import { placeText } from '../../../src/base/placeText.ts';

it.each([
  [{ file: 'qa.py' }, 'qa.py'],
  [{ file: 'qa.py', line: 3 }, 'qa.py:3'],
  [{ file: 'qa.ipynb', cell: 5, line: 3 }, 'qa.ipynb, cell 5, line 3'],
  [{ file: 'qa.ipynb', cell: 5 }, 'qa.ipynb, cell 5'],
])('%j is %s', (place, text) => {
  expect(placeText(place)).toBe(text);
});
