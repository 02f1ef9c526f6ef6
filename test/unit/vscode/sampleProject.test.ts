import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { copySample } from '../../../src/vscode/commands/sampleProject.ts';
import { temporaryFolder } from '../run/folder.ts';

function sample(): string {
  const folder = temporaryFolder();
  for (const name of ['program.ts', 'README.md']) writeFileSync(join(folder, name), 'ours');
  return folder;
}

describe('a sample project', () => {
  it('is made in a folder that is not there yet', async () => {
    const to = join(temporaryFolder(), 'new');
    await copySample(sample(), to);
    expect(readFileSync(join(to, 'program.ts'), 'utf8')).toBe('ours');
  });

  it('replaces nothing: where a file of its name is there, none is written', async () => {
    const to = temporaryFolder();
    mkdirSync(to, { recursive: true });
    writeFileSync(join(to, 'program.ts'), 'theirs');
    await expect(copySample(sample(), to)).rejects.toThrow(/program\.ts is there already: nothing was changed/);
    expect(readFileSync(join(to, 'program.ts'), 'utf8')).toBe('theirs');
    expect(existsSync(join(to, 'README.md'))).toBe(false);
  });
});
