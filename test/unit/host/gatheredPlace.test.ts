import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { inNotebook } from '../../../src/host/gatheredPlace.ts';

const workspace = mkdtempSync(join(tmpdir(), 'bt-gathered-'));
const folder = join(workspace, '.bettertogether', 'notebooks', '0123456789abcdef');
const file = join(folder, 'qa.py');
mkdirSync(folder, { recursive: true });
writeFileSync(file, '# ours\n\n# qa, 2.ipynb, cell 5, line 3\nwhile True:\n    pass\n');
afterAll(() => {
  rmSync(workspace, { recursive: true, force: true });
});

it('names the cell and line that a line of a module is from', () => {
  expect(inNotebook({ file, line: 5 })).toEqual({ file: 'qa, 2.ipynb', cell: 5, line: 4 });
  expect(inNotebook({ run: 7, file, line: 4 })).toEqual({ run: 7, file: 'qa, 2.ipynb', cell: 5, line: 3 });
});

it('leaves every other place as it is', () => {
  const elsewhere = { file: join(workspace, 'qa.py'), line: 5 };
  const gone = { file: join(folder, 'gone.py'), line: 5 };
  for (const place of [elsewhere, gone, { file, line: 1 }, { file }, {}]) expect(inNotebook(place)).toEqual(place);
});

it('reads a module whose lines end as on Windows', () => {
  const there = join(folder, 'windows.py');
  writeFileSync(there, '# ours\r\n\r\n# qa.ipynb, cell 2, line 1\r\nwhile True:\r\n    pass\r\n');
  expect(inNotebook({ file: there, line: 5 })).toEqual({ file: 'qa.ipynb', cell: 2, line: 2 });
});
