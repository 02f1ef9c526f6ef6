import { mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { keptPath, locatedPath } from '../../../src/base/portablePaths.ts';
import { temporaryFolder } from '../run/folder.ts';

it('keeps paths within the workspace apart from where it lies, and the others as they are', () => {
  for (const [path, kept] of [
    ['/home/ann/qa/src/a.py#rows', '${workspaceFolder}/src/a.py#rows'],
    ['/home/ann/qa', '${workspaceFolder}'],
    ['/home/ann/qa-2/a.py', '/home/ann/qa-2/a.py'],
    ['/data/a.jsonl', '/data/a.jsonl'],
  ] as const) {
    expect(keptPath(path, '/home/ann/qa')).toBe(kept);
    expect(locatedPath(kept, '/home/ann/qa')).toBe(path);
  }
  expect(locatedPath('${workspaceFolder}/src/a.py', '/mnt/new')).toBe('/mnt/new/src/a.py');
});

it('knows a workspace by its real path too, which program hosts name sources by', () => {
  const folder = realpathSync(temporaryFolder());
  const [real, link] = [join(folder, 'real'), join(folder, 'link')];
  mkdirSync(real);
  symlinkSync(real, link);
  expect(keptPath(join(real, 'a.ts'), link)).toBe('${workspaceFolder}/a.ts');
  expect(keptPath(join(link, 'a.ts'), link)).toBe('${workspaceFolder}/a.ts');
});
