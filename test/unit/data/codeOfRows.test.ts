import { expect, it } from 'vitest';
import { codeOfRows, pythonPath } from '../../../src/data/codeOfRows.ts';

it('is code with the path as Python writes it', () => {
  expect(codeOfRows(`pandas.read_excel(${pythonPath("C:\\it's\\$& rows.xlsx")})`)).toBe(
    "`def rows(): return pandas.read_excel('C:/it\\'s/$& rows.xlsx')`, named as \"file.py#rows\".",
  );
});
