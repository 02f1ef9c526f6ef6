import { chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findPython } from '../../../src/host/findPython.ts';

let home: string;
let repository: string;
let workspace: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'bt-python-')));
  repository = join(home, 'code', 'repository');
  workspace = join(repository, 'apps', 'qa');
  mkdirSync(workspace, { recursive: true });
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

/** An environment, and its interpreter. */
function environment(...path: readonly string[]): string {
  const folder = join(...path, 'bin');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'python'), '', { mode: 0o755 });
  return join(folder, 'python');
}
const find = (env: NodeJS.ProcessEnv = {}) => findPython({ workspace, env, home, platform: 'linux' });

describe('the interpreter of a Python program', () => {
  it.each(['.venv', 'venv'])('is that of the workspace’s %s, before an activated one', (name) => {
    const own = environment(workspace, name);
    environment(repository, '.venv');
    const activated = join(environment(home, 'activated'), '..', '..');
    expect(find({ VIRTUAL_ENV: activated })).toBe(own);
  });

  it.each(['VIRTUAL_ENV', 'CONDA_PREFIX'])('else of the one activated by %s', (variable) => {
    environment(repository, '.venv');
    const python = environment(home, 'activated');
    expect(find({ [variable]: join(home, 'activated') })).toBe(python);
  });

  it('else of the nearest folder above, also by a link', () => {
    const above = environment(repository, 'venv');
    expect(find()).toBe(above);
    environment(home, 'elsewhere');
    symlinkSync(join(home, 'elsewhere'), join(repository, 'apps', '.venv'));
    expect(find()).toBe(join(repository, 'apps', '.venv', 'bin', 'python'));
  });

  it('is not taken from above the repository, or from the home', () => {
    environment(home, '.venv');
    const onPath = join(environment(home, 'path'), '..');
    writeFileSync(join(onPath, 'python3'), '', { mode: 0o755 });
    expect(find({ PATH: onPath })).toBe(join(onPath, 'python3'));
    environment(home, 'code', '.venv');
    mkdirSync(join(repository, '.git'));
    expect(find({ PATH: onPath })).toBe(join(onPath, 'python3'));
  });

  it.runIf(process.getuid?.() === 0)('is not taken from above where it belongs to somebody else', () => {
    environment(repository, '.venv');
    chownSync(join(repository, '.venv'), 12_345, 12_345);
    expect(() => find()).toThrow(/there is no Python interpreter: no \.venv in the workspace or above/);
  });
});
