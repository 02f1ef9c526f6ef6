import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseExportPath } from '../../../src/host/node/exportPath.ts';

const workspace = realpathSync(mkdtempSync(join(tmpdir(), 'bt-export-')));
writeFileSync(join(workspace, 'a#b.ts'), '');
writeFileSync(join(workspace, 'notes.txt'), '');
mkdirSync(join(workspace, 'folder.ts'));
afterAll(() => rmSync(workspace, { recursive: true }));

describe('parseExportPath', () => {
  it('splits at the last #', () => {
    expect(parseExportPath('./a#b.ts#C', workspace, 'program')).toEqual({
      spec: './a#b.ts#C',
      file: join(workspace, 'a#b.ts'),
      name: 'C',
    });
  });

  it.each([
    ['missing.ts#X', 'missing.ts does not exist'],
    ['#X', 'names no file'],
    ['folder.ts#X', 'names a folder'],
    ['notes.txt#X', 'cannot be loaded by Node'],
  ])('refuses %s', (spec, message) => {
    expect(() => parseExportPath(spec, workspace, 'program')).toThrow(message);
  });
});
