import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HumanError } from '../../base/errors.ts';
import type { Home } from '../../home/home.ts';
import { trainerSources } from '../../home/home.ts';
import { mustRun, runCommand } from './command.ts';
import { pipAdvice } from './model.ts';
import type { SetupOptions, SetupProgress } from './progress.ts';
import type { PythonFound } from './python.ts';
import { findPython, installAdvice, venvPython } from './python.ts';
import { isStamped, stamp, withSetupLock } from './stamp.ts';

/** Older ones lack what transformers 5 and peft ask of torch. */
const oldestTorch = [2, 6] as const;

/** How to start the trainer: its interpreter, and the environment in which it finds our package. */
export interface TrainerCommand {
  readonly python: string;
  /** Folder to put on PYTHONPATH: our package runs from its sources, so that it is never older than we are. */
  readonly sources: string;
}

/**
 * Sees to it that a Python which can train lies under `home.venv`. Takes, in this order: the torch of a Python on
 * PATH that has one (the environment then sees its packages), CPU wheels through uv where uv is installed, and what
 * pip offers. Does nothing, and asks no network, when it is there.
 *
 * @throws HumanError when Python or its venv module is missing, or a package cannot be had.
 */
export async function ensureTrainer(home: Home, options: SetupOptions = {}): Promise<TrainerCommand> {
  const command: TrainerCommand = { python: venvPython(home.venv), sources: trainerSources() };
  const pins = await readPins(command.sources);
  const say = (state: SetupProgress['state'], message: string): void => {
    options.onProgress?.({ part: 'trainer', state, message });
  };
  const present = (): Promise<boolean> => isBuilt(home, pins);
  if (await present()) {
    say('present', `trainer in ${home.venv}`);
    return command;
  }
  const waiting = (): void => {
    say('waiting', 'Another process is installing the trainer; waiting for it.');
  };
  await withSetupLock(join(home.root, 'trainer.lock'), waiting, async () => {
    if (await present()) return;
    await build(home, pins, options, (message) => {
      say('working', message);
    });
    await stamp(stampOf(home), wantedOf(pins));
  });
  say('done', `trainer in ${home.venv}`);
  return command;
}

/** Whether a trainer of this release is installed. */
export async function isTrainerThere(home: Home): Promise<boolean> {
  return isBuilt(home, await readPins(trainerSources()));
}

const stampOf = (home: Home): string => join(home.venv, 'stamp.json');
const wantedOf = ({ torch, others }: Pins) => ({ torch, packages: [...others] });

async function isBuilt(home: Home, pins: Pins): Promise<boolean> {
  return existsSync(venvPython(home.venv)) && (await isStamped(stampOf(home), wantedOf(pins)));
}

interface Pins {
  readonly torch: string;
  readonly others: readonly string[];
}

/** The versions the trainer was tested with, from its `requirements.txt`; torch apart, as it may be there already. */
async function readPins(sources: string): Promise<Pins> {
  const file = join(sources, 'requirements.txt');
  const lines = (await readFile(file, 'utf8')).split('\n').map((line) => line.replace(/#.*/, '').trim());
  const pins = lines.filter((line) => line !== '');
  const torch = pins.find((pin) => /^torch\b/.test(pin));
  if (torch === undefined) throw new HumanError(`${file} does not name torch: install BetterTogether again.`);
  return { torch, others: pins.filter((pin) => pin !== torch) };
}

async function build(home: Home, pins: Pins, options: SetupOptions, say: (message: string) => void): Promise<void> {
  const env = { ...(options.env ?? process.env), PIP_DISABLE_PIP_VERSION_CHECK: '1' };
  const python = await findPython(true, env);
  const shared = python.torch !== null && isNewEnough(python.torch);
  const uv = !shared && (await runCommand('uv', ['--version'], { env })).code === 0;
  say(sizeOf(home, python, shared, uv));
  await makeVenv(home, python, shared, env);
  const inVenv = venvPython(home.venv);
  const onLine = (line: string): void => {
    const step = installerStep(line);
    if (step !== null) say(step);
  };
  const carried = { env, onLine, ...(options.signal === undefined ? {} : { signal: options.signal }) };
  const all = shared ? pins.others : [pins.torch, ...pins.others];
  if (uv) {
    const install = ['pip', 'install', '--python', inVenv, '--torch-backend', 'cpu', ...all];
    await mustRun('uv', install, pipAdvice(all.join(', ')), carried);
  } else {
    // Progress bars are off: they are drawn for a terminal and would only be noise here. Of the ten thousand modules that
    // are installed a quarter is ever imported, and the check compiles those: all of them take 42 s of processor time.
    const install = ['-m', 'pip', 'install', '--progress-bar', 'off', '--no-compile', ...all];
    await mustRun(inVenv, install, pipAdvice(all.join(', ')), carried);
  }
  say('Checking that the trainer starts');
  const advice = `Remove ${home.venv} and start again.`;
  await mustRun(inVenv, ['-c', `import ${imported.join(', ')}`], advice, { ...carried, env: writesBytecode(env) });
}

/** With all that these import, what the trainer loads. It writes no bytecode itself, as it runs from our sources. */
const imported = ['torch', 'transformers.models.llama.modeling_llama', 'peft', 'gguf', 'numpy'];

function writesBytecode(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  // Set by the user for other Pythons, or inherited: an empty value is as if it were not set.
  return { ...env, PYTHONDONTWRITEBYTECODE: '' };
}

/** What a line of pip or uv says of how far it is; `null`: nothing. The long list of what it installs is a number here. */
export function installerStep(line: string): string | null {
  const trimmed = line.trim();
  const [, packages] = /^Installing collected packages: (.*)$/.exec(trimmed) ?? [];
  if (packages !== undefined) return `Installing ${packages.split(',').length} packages`;
  return /^(Collecting|Downloading|Installing|Prepared|Installed)/.test(trimmed) ? trimmed.slice(0, 120) : null;
}

/** Whether a torch is one that the trainer can use: `2.13.0+cpu` is, `2.5.1` is not. */
export function isNewEnough(torch: string): boolean {
  const [major = 0, minor = 0] = torch.split('.').map((part) => Number.parseInt(part, 10));
  return major > oldestTorch[0] || (major === oldestTorch[0] && minor >= oldestTorch[1]);
}

function sizeOf(home: Home, python: PythonFound, shared: boolean, uv: boolean): string {
  const into = `into ${home.venv}`;
  if (shared) return `Installing the trainer (about 200 MB; torch ${String(python.torch)} is there already) ${into}`;
  const plain = process.platform === 'linux' && !uv;
  const more = plain
    ? '; where pip only has CUDA builds of torch, up to 6 GB: install uv first to get the CPU build'
    : '';
  return `Installing the trainer: torch, transformers, peft (about 350 MB to download, 1.2 GB on disk${more}) ${into}`;
}

async function makeVenv(home: Home, python: PythonFound, shared: boolean, env: NodeJS.ProcessEnv): Promise<void> {
  const works = await runCommand(venvPython(home.venv), ['-m', 'pip', '--version'], { env });
  // A half-made environment that works is gone on with: what pip has installed need not come again.
  if (works.code === 0) return;
  await rm(home.venv, { recursive: true, force: true });
  const args = ['-m', 'venv', ...(shared ? ['--system-site-packages'] : []), home.venv];
  const result = await runCommand(python.command, args, { env, isPrivate: true });
  if (result.code === 0) return;
  throw new HumanError(
    `\`${python.command} ${args.join(' ')}\` failed, so there is no place to install the trainer into.\n` +
      `${(result.stderr.trim() || result.stdout.trim()).split('\n').slice(-5).join('\n')}\n` +
      (process.platform === 'linux' && /ensurepip|venv/.test(result.stderr + result.stdout)
        ? `Its venv module is missing: \`sudo apt install python${python.version.split('.').slice(0, 2).join('.')}-venv\`, then start again.`
        : installAdvice(process.platform)),
  );
}
