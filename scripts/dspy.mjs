/**
 * An environment with DSPy, optuna and pytest for the tests and benchmarks of the Python host, in the home of the embedded
 * endpoint's own parts. As a command it prints its interpreter. The environment variable BETTERTOGETHER_DSPY names
 * another version of DSPy than the newest one (`BETTERTOGETHER_DSPY=3.0.0`); each has an environment of its own.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fail, say } from './packages.mjs';

/** What is tested with, the newest first: each change with the newest, all of them before a release (`npm run test:versions`). */
export const dspyVersions = ['3.4.1', '3.3.1', '3.2.0', '3.1.0', '3.0.0'];
const windows = process.platform === 'win32';

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(`${ensureDspy()}\n`);

/** Installs once, with one pip; returns the interpreter. */
export function ensureDspy() {
  const version = wantedVersion();
  const packages = [`dspy==${version}`, 'optuna==5.0.0', 'pytest==8.4.2', 'numpy>=2,<3', 'pandas>=2.2,<4'];
  const folder = join(home(), version === dspyVersions[0] ? 'dspy' : `dspy-${version}`);
  const python = join(folder, ...(windows ? ['Scripts', 'python.exe'] : ['bin', 'python']));
  const stamp = join(folder, 'packages.json');
  const wanted = JSON.stringify(packages);
  if (existsSync(python) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  say(`installing ${packages.join(', ')} into ${folder}`);
  rmSync(folder, { recursive: true, force: true });
  run(basePython(), ['-m', 'venv', folder]);
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]);
  writeFileSync(stamp, wanted);
  return python;
}

function wantedVersion() {
  const version = process.env.BETTERTOGETHER_DSPY || dspyVersions[0];
  if (!dspyVersions.includes(version)) {
    fail(`BETTERTOGETHER_DSPY is ${version}. The tests run with DSPy ${dspyVersions.join(', ')}.`);
  }
  return version;
}

/** As src/home/home.ts has it. */
function home() {
  const { env, platform } = process;
  if (env.BETTERTOGETHER_HOME) return env.BETTERTOGETHER_HOME;
  const user = env.HOME ?? homedir();
  if (windows) return join(env.LOCALAPPDATA ?? join(user, 'AppData', 'Local'), 'bettertogether');
  if (platform === 'darwin') return join(user, 'Library', 'Application Support', 'bettertogether');
  return join(env.XDG_DATA_HOME ?? join(user, '.local', 'share'), 'bettertogether');
}

function basePython() {
  const names = windows ? ['python', 'py'] : ['python3', 'python'];
  const recent = ['-c', 'import sys, venv; sys.exit(sys.version_info < (3, 10))'];
  const found = names.find((name) => spawnSync(name, recent, { stdio: 'ignore' }).status === 0);
  if (found === undefined) fail('The tests of the Python host need Python 3.10 or newer with its venv module.');
  return found;
}

function run(command, args) {
  // Its output goes to stderr: stdout is for the answer.
  const { status } = spawnSync(command, args, { stdio: ['ignore', 2, 2] });
  if (status !== 0) fail(`${command} ${args.join(' ')} failed; see above.`);
}
