import { expect, it } from 'vitest';
import { codeOfRows } from '../../../src/config/codeOfRows.ts';

it('is code with the path as Python writes it', () => {
  expect(codeOfRows('pandas.read_excel(PATH)', "C:\\it's\\$& rows.xlsx")).toBe(
    "`def rows(): return pandas.read_excel('C:/it\\'s/$& rows.xlsx')`, named as \"file.py#rows\".",
  );
});
