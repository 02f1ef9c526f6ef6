import { linkSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { isOneFile } from '../../../src/base/oneFile.ts';

const folder = mkdtempSync(join(tmpdir(), 'bettertogether-one-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('two spellings name one file where the disk takes them for the same: two names of one file here', () => {
  const [small, large] = ['program.py', 'Program.py'].map((name) => join(folder, name));
  writeFileSync(small!, '');
  expect(isOneFile(small!, small!)).toBe(true);
  // A second name on a disk that knows case; on one that knows none it is there already.
  if (!isOneFile(small!, large!)) linkSync(small!, large!);
  expect(isOneFile(small!, large!)).toBe(true);
  writeFileSync(join(folder, 'else.py'), '');
  expect(isOneFile(small!, join(folder, 'else.py'))).toBe(false);
  expect(isOneFile(join(folder, 'gone.py'), join(folder, 'Gone.py'))).toBe(false);
});
