import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { loggedEventSchema } from '../src/protocol.ts';

export interface Measured {
  readonly calls: number;
  /** Seconds from the first event to the last: without the start of processes and the probing of the endpoint. */
  readonly wall: number;
  /** Seconds of user and system time of the run process and everything it started. */
  readonly cpu: number;
  /** Greatest resident set of the run process, MiB. */
  readonly peak: number;
}

const cli = fileURLToPath(new URL('./cli.js', import.meta.url));

/** Runs `bettertogether optimize bench` in `folder` as a process of its own and measures it. */
export async function measureRun(folder: string): Promise<Measured> {
  const script = 'TIMEFORMAT="cpu %U %S"; time "$0" "$1" optimize bench --yes --json';
  const child = spawn('bash', ['-c', script, process.execPath, cli], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const memory = watchMemory(child.pid!);
  let errors = '';
  child.stderr.on('data', (bytes: Buffer) => (errors += bytes.toString('utf8')));
  let calls = 0;
  let began = 0;
  let ended = 0;
  for await (const line of createInterface(child.stdout)) {
    const event = loggedEventSchema.safeParse(JSON.parse(line)).data;
    if (event?.type === 'run.started') began = Date.parse(event.time);
    if (event?.type !== 'run.finished') continue;
    ended = Date.parse(event.time);
    calls = event.result.usage.calls;
  }
  if (child.exitCode === null) await new Promise((resolve) => child.once('close', resolve));
  const peak = memory();
  const cpu = /cpu ([\d.]+) ([\d.]+)/.exec(errors);
  if (calls === 0 || cpu === null) throw new Error(`The run under measurement failed:\n${errors}`);
  return { calls, wall: (ended - began) / 1000, cpu: Number(cpu[1]) + Number(cpu[2]), peak };
}

/** Looks at the run process (the shell's child) every 50 ms; Linux only, elsewhere 0. */
function watchMemory(shell: number): () => number {
  let peak = 0;
  const look = () => {
    try {
      const child = readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').trim().split(' ')[0]!;
      const status = readFileSync(`/proc/${child}/status`, 'utf8');
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
    } catch {
      // Not started yet, already ended, or no Linux.
    }
  };
  const timer = setInterval(look, 50);
  return () => {
    clearInterval(timer);
    return Math.round(peak);
  };
}
