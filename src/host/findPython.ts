import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { UsageError } from '../data/errors.ts';

export interface FindPythonOptions {
  readonly workspace: string;
  /** What the user chose: a path, relative to the workspace if it is, or a command. */
  readonly python?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  readonly platform?: NodeJS.Platform;
}

/** Names the interpreter where there is no setting. */
export const pythonVariable = 'BETTERTOGETHER_PYTHON';

/**
 * The interpreter that runs a Python program: the one chosen (`python`, else the environment's
 * BETTERTOGETHER_PYTHON), else that of the workspace's `.venv`, else `python3` of the PATH.
 *
 * @throws UsageError when the one chosen is not there, or there is none at all.
 */
export function findPython(options: FindPythonOptions): string {
  const { workspace, env = process.env, platform = process.platform } = options;
  const chosen = options.python ?? env[pythonVariable];
  if (chosen !== undefined && chosen !== '') {
    const found = located(chosen, workspace, env, platform);
    if (found !== undefined) return found;
    const where = options.python === undefined ? pythonVariable : 'setting';
    throw new UsageError(`The Python interpreter ${chosen} (${where}) does not exist or cannot be run.`);
  }
  const windows = platform === 'win32';
  const own = join(workspace, '.venv', ...(windows ? ['Scripts', 'python.exe'] : ['bin', 'python']));
  if (isProgram(own)) return own;
  for (const name of windows ? ['python.exe', 'python3.exe'] : ['python3', 'python']) {
    const found = onPath(name, env);
    if (found !== undefined) return found;
  }
  throw new UsageError(
    'The program is in Python, and there is no Python interpreter: no .venv in the workspace and no python3 in the ' +
      `PATH. Install Python 3.10 or newer with dspy, or name the interpreter in the environment's ${pythonVariable}.`,
  );
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
  return onPath(chosen, env) ?? (platform === 'win32' ? onPath(`${chosen}.exe`, env) : undefined);
}

function onPath(name: string, env: NodeJS.ProcessEnv): string | undefined {
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
