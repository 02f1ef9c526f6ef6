import { join } from 'node:path';
import { HumanError } from '../../data/errors.ts';
import { runCommand } from './command.ts';

export interface PythonFound {
  readonly command: string;
  readonly version: string;
  /** The version of a torch that imports there; `null` when there is none. */
  readonly torch: string | null;
}

const probe = `
import json, sys
torch = None
if sys.argv[1:] == ["torch"]:
    try:
        import torch as found
        torch = found.__version__
    except Exception:
        pass
print(json.dumps([list(sys.version_info[:3]), torch]))
`;

const oldest = [3, 10] as const;

/** Asks a Python what it is; `null` when it does not start or is older than 3.10. */
export async function askPython(command: string, withTorch: boolean, env = process.env): Promise<PythonFound | null> {
  const result = await runCommand(command, ['-c', probe, ...(withTorch ? ['torch'] : [])], { env });
  if (result.code !== 0) return null;
  const [version, torch] = JSON.parse(result.stdout) as [number[], string | null];
  const [major = 0, minor = 0] = version;
  if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) return null;
  return { command, version: version.join('.'), torch };
}

/**
 * The Python to build on: the first on PATH whose torch imports, so that a gigabyte need not come twice; else the
 * first that is new enough.
 *
 * @throws HumanError when there is no Python 3.10 or newer.
 */
export async function findPython(withTorch: boolean, env: NodeJS.ProcessEnv = process.env): Promise<PythonFound> {
  const names = process.platform === 'win32' ? ['python', 'python3'] : ['python3', 'python'];
  const found: PythonFound[] = [];
  for (const name of names) {
    const python = await askPython(name, withTorch, env);
    if (python !== null && (!withTorch || python.torch !== null)) return python;
    if (python !== null) found.push(python);
  }
  const first = found[0];
  if (first !== undefined) return first;
  throw new HumanError(
    'No Python 3.10 or newer was found on PATH (tried ' + names.join(', ') + '). ' + installAdvice(process.platform),
  );
}

export function installAdvice(platform: NodeJS.Platform): string {
  if (platform === 'darwin') return 'Install one with `brew install python`, then start again.';
  if (platform === 'win32') return 'Install one with `winget install Python.Python.3.12`, then start again.';
  return "Install one with `sudo apt install python3 python3-venv python3-pip` (or your system's like), then start again.";
}

/** The interpreter inside a virtual environment. */
export function venvPython(venv: string): string {
  return process.platform === 'win32' ? join(venv, 'Scripts', 'python.exe') : join(venv, 'bin', 'python');
}
