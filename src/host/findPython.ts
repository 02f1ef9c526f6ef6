import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, posix, resolve, win32 } from 'node:path';
import { UsageError } from '../base/errors.ts';
import { foldersAbove, ownFolder } from './foldersAbove.ts';

export interface FindPythonOptions {
  readonly workspace: string;
  /** What the user chose: a path, relative to the workspace if it is, or a command. */
  readonly python?: string | undefined;
  /** What named `python`, in words. */
  readonly namedBy?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  readonly platform?: NodeJS.Platform;
  /** The user's home: no environment is looked for there or above. */
  readonly home?: string;
}

/** Names the interpreter where there is no setting. */
export const pythonVariable = 'BETTERTOGETHER_PYTHON';

/**
 * The interpreter that runs a Python program: the one chosen (`python`, else the environment's
 * BETTERTOGETHER_PYTHON), else that of the workspace's `.venv` or `venv`, else of the environment that is activated,
 * else of a `.venv` or `venv` in a folder above, as far as the repository goes, else `python3` of the PATH.
 *
 * @throws UsageError when the one chosen is not there, or there is none at all.
 */
export function findPython(options: FindPythonOptions): string {
  const { workspace, env = process.env, platform = process.platform } = options;
  const chosen = options.python ?? env[pythonVariable];
  if (chosen !== undefined && chosen !== '') {
    const found = located(chosen, workspace, env, platform);
    if (found !== undefined) return found;
    const where = options.python === undefined ? pythonVariable : (options.namedBy ?? 'setting');
    throw new UsageError(`The Python interpreter ${chosen} (${where}) does not exist or cannot be run.`, undefined, [
      { kind: 'interpreter' },
    ]);
  }
  const windows = platform === 'win32';
  const activated = [env['VIRTUAL_ENV'], env['CONDA_PREFIX']].filter((folder) => folder !== undefined && folder !== '');
  const above = foldersAbove(workspace, options.home ?? homedir())
    .flatMap(environmentsIn)
    .filter(ownFolder);
  const found = [...environmentsIn(workspace), ...activated, ...above]
    .map((folder) => interpreterOf(folder!, windows))
    .find(isProgram);
  if (found !== undefined) return found;
  for (const name of windows ? ['python.exe', 'python3.exe', 'py.exe'] : ['python3', 'python']) {
    const found = onPath(name, env, platform);
    if (found !== undefined) return found;
  }
  throw new UsageError(
    'The program is in Python, and there is no Python interpreter: no .venv in the workspace or above and no python3 in the ' +
      `PATH. Install Python 3.10 or newer with dspy, or name the interpreter in the environment's ${pythonVariable}.`,
    undefined,
    [{ kind: 'interpreter' }],
  );
}

const environmentsIn = (folder: string): readonly string[] => ['.venv', 'venv'].map((name) => join(folder, name));

/** Conda's environments on Windows have it at their top. */
function interpreterOf(folder: string, windows: boolean): string {
  if (!windows) return join(folder, 'bin', 'python');
  const own = join(folder, 'Scripts', 'python.exe');
  return isProgram(own) ? own : join(folder, 'python.exe');
}

function located(
  chosen: string,
  workspace: string,
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): string | undefined {
  if (isAbsolute(chosen) || /[/\\]/.test(chosen)) {
    const path = resolve(workspace, chosen);
    return isProgram(path) ? path : undefined;
  }
  return onPath(chosen, env, platform) ?? (platform === 'win32' ? onPath(`${chosen}.exe`, env, platform) : undefined);
}

function onPath(name: string, env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string | undefined {
  const { delimiter } = platform === 'win32' ? win32 : posix;
  const folders = (env['PATH'] ?? env['Path'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
