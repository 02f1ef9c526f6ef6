import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/base/errors.ts';
import { findPython } from '../../../src/host/findPython.ts';

const folder = mkdtempSync(join(tmpdir(), 'bettertogether-find-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function program(...path: string[]): string {
  const file = join(folder, ...path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '');
  chmodSync(file, 0o755);
  return file;
}

const [one, two] = [program('bin', 'python3'), program('else', 'mypython')];
const own = program('ws', '.venv', 'bin', 'python');
const windows = program('ws', '.venv', 'Scripts', 'python.exe');
const bare = join(folder, 'bare');
mkdirSync(bare);
const env = { PATH: ['/nowhere', dirname(one), dirname(two)].join(process.platform === 'win32' ? ';' : ':') };

describe('findPython', () => {
  it('takes the one chosen, then the variable, then the workspace’s .venv, then the PATH', () => {
    const workspace = join(folder, 'ws');
    const named = { ...env, BETTERTOGETHER_PYTHON: two };
    expect(findPython({ workspace, python: one, env: named })).toBe(one);
    expect(findPython({ workspace, python: '.venv/bin/python', env: named })).toBe(own);
    expect(findPython({ workspace, python: 'mypython', env })).toBe(two);
    expect(findPython({ workspace, env: named })).toBe(two);
    expect(findPython({ workspace, env, platform: 'linux' })).toBe(own);
    expect(findPython({ workspace, env, platform: 'win32' })).toBe(windows);
    expect(findPython({ workspace: bare, env: { ...env, BETTERTOGETHER_PYTHON: '' }, platform: 'linux' })).toBe(one);
  });

  it('on Windows finds the launcher where the PATH has nothing else, in folders that a `;` divides', () => {
    const launcher = program('launcher', 'py.exe');
    const path = { PATH: ['/nowhere', dirname(launcher)].join(';') };
    expect(findPython({ workspace: bare, env: path, platform: 'win32' })).toBe(launcher);
    const named = program('plain', 'python.exe');
    const both = { Path: [dirname(launcher), dirname(named)].join(';') };
    expect(findPython({ workspace: bare, env: both, platform: 'win32' })).toBe(named);
  });

  it('never takes another than the one chosen', () => {
    const workspace = join(folder, 'ws');
    expect(() => findPython({ workspace, python: 'gone', env })).toThrow(UsageError);
    expect(() => findPython({ workspace, env: { ...env, BETTERTOGETHER_PYTHON: '/gone/python' } })).toThrow(
      /\/gone\/python \(BETTERTOGETHER_PYTHON\) does not exist/,
    );
  });

  it('says what to install where there is none', () => {
    expect(() => findPython({ workspace: bare, env: { PATH: '/nowhere' }, platform: 'linux' })).toThrow(
      /no python3 in the PATH.*Install Python 3\.10/,
    );
  });
});
