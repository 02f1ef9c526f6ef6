/** The processes that are measured: the command line, and drivers of native DSPy. */
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { loggedEventSchema } from '../src/protocol.ts';
import type { LoggedEvent } from '../src/protocol.ts';

const cli = fileURLToPath(new URL('./cli.js', import.meta.url));

export interface Optimized {
  readonly events: readonly LoggedEvent[];
  /** What it wrote to standard error. */
  readonly errors: string;
  /** Seconds of user and system time of all processes; null where that is not known. */
  readonly cpu: number | null;
}

/**
 * Runs `bettertogether optimize bench` in `folder` to its end, whatever that is.
 * @param started is given the process id of the shell that it runs in.
 */
export async function optimize(folder: string, python: string, started?: (pid: number) => void): Promise<Optimized> {
  const script = 'TIMEFORMAT="cpu %U %S"; time "$0" "$1" optimize bench --yes --json';
  const child = spawn('bash', ['-c', script, process.execPath, cli], {
    cwd: folder,
    env: { ...process.env, BETTERTOGETHER_PYTHON: python },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started?.(child.pid!);
  let errors = '';
  child.stderr.on('data', (bytes: Buffer) => (errors += bytes.toString('utf8')));
  const events: LoggedEvent[] = [];
  for await (const line of createInterface(child.stdout)) {
    const event = loggedEventSchema.safeParse(JSON.parse(line)).data;
    if (event !== undefined) events.push(event);
  }
  if (child.exitCode === null) await new Promise((resolve) => child.once('close', resolve));
  const cpu = /cpu ([\d.]+) ([\d.]+)/.exec(errors);
  return { events, errors, cpu: cpu === null ? null : Number(cpu[1]) + Number(cpu[2]) };
}

/** What every driver of native DSPy is asked; see `dspyAsked.py`. */
export interface Asked {
  readonly folder: string;
  readonly [key: string]: unknown;
}

/** What a driver in `bench` answers. @throws Error with the end of what it said where it fails. */
export async function drive(driver: string, python: string, asked: Asked): Promise<unknown> {
  const file = fileURLToPath(new URL(`../bench/${driver}`, import.meta.url));
  const child = spawn(python, ['-B', '-W', 'ignore', file, JSON.stringify(asked)], {
    cwd: asked.folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [answer, errors] = ['', ''];
  child.stdout.on('data', (bytes: Buffer) => (answer += bytes.toString('utf8')));
  child.stderr.on('data', (bytes: Buffer) => (errors = (errors + bytes.toString('utf8')).slice(-4000)));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`DSPy failed:\n${errors}`);
  return JSON.parse(answer);
}

/** An interpreter with DSPy, installed first if it is not there. */
export function dspyPython(): string {
  const script = fileURLToPath(new URL('../scripts/dspy.mjs', import.meta.url));
  const made = spawnSync(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
  if (made.status !== 0) throw new Error('DSPy could not be installed; see above.');
  return made.stdout.trim();
}
