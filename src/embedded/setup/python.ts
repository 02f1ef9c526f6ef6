import { join } from 'node:path';
import { HumanError } from '../../base/errors.ts';
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
# A virtual environment made from one is not given its packages, only those of the Python below it.
if sys.argv[1:] == ["torch"] and sys.prefix == sys.base_prefix:
    try:
        import torch as found
        torch = found.__version__
    except Exception:
        pass
print(json.dumps([list(sys.version_info[:3]), torch]))
`;

const oldest = [3, 10] as const;

/** Asks a Python what it is; `null` when it does not start or is older than 3.10. */
async function askPython(command: string, withTorch: boolean, env = process.env): Promise<PythonFound | null> {
  const result = await runCommand(command, ['-c', probe, ...(withTorch ? ['torch'] : [])], { env });
  if (result.code !== 0) return null;
  const [version, torch] = JSON.parse(result.stdout) as [number[], string | null];
  const [major = 0, minor = 0] = version;
  if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) return null;
  return { command, version: version.join('.'), torch };
}

/**
 * The Python to build on: the one that BETTERTOGETHER_PYTHON names; else the first on PATH whose torch imports, so that
 * a gigabyte need not come twice; else the first that is new enough.
 *
 * The rule by which a program's own interpreter is found (`host/findPython.ts`) begins alike, but goes on with the
 * workspace's `.venv`: the trainer is built once for all workspaces, so it must not depend on one of theirs. And it
 * takes what it finds, whatever its version, as the program's packages are there and nowhere else; what we build on may
 * be any Python, so newer ones are looked for under their own names where `python3` is too old.
 *
 * @throws HumanError when there is no Python 3.10 or newer, or the one named is not one.
 */
export async function findPython(withTorch: boolean, env: NodeJS.ProcessEnv = process.env): Promise<PythonFound> {
  const chosen = env['BETTERTOGETHER_PYTHON'] ?? '';
  if (chosen !== '') {
    const python = await askPython(chosen, withTorch, env);
    if (python !== null) return python;
    throw new HumanError(
      `BETTERTOGETHER_PYTHON names ${chosen}, which does not start or is older than Python 3.10. ` +
        'Name a newer one, or unset it for the set-up.',
    );
  }
  const plain = process.platform === 'win32' ? ['python', 'python3'] : ['python3', 'python'];
  const names = [...plain, 'python3.13', 'python3.12', 'python3.11', 'python3.10'];
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
