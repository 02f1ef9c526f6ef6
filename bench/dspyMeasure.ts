/** One run of a work, under us or under DSPy alone, as processes of their own. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import type { LoggedEvent } from '../src/protocol.ts';
import { spawnFakeEndpoint } from '../test/fakes/spawnFakeEndpoint.ts';
import { sampling, search, writeWork } from './dspyWork.ts';
import type { Work } from './dspyWork.ts';
import { drive, optimize } from './processes.ts';
import type { Asked } from './processes.ts';

export interface Taken {
  /** Of the work itself, without starting processes. */
  readonly seconds: number;
  /** Seconds of user and system time; under us of all processes, what starting them takes included. */
  readonly cpu: number;
  readonly calls: number;
  /** Resident memory at most, MiB, of all processes together. */
  readonly peak: number;
  readonly score: number;
}

/** A program in `language` under the command line. */
export async function underUs(work: Work, language: 'ts' | 'py', python: string): Promise<Taken> {
  return withEndpoint(work, language, async (folder, calls) => {
    let peak = () => 0;
    const { events, errors, cpu } = await optimize(folder, python, (pid) => (peak = watchMemory(pid)));
    const part = partOf(work, events);
    if (part === undefined || cpu === null) throw new Error(`The run under measurement failed:\n${errors}`);
    const counted = { evaluate: part.calls, search: part.calls, together: await calls() }[work.what];
    return { ...part, calls: counted, cpu, peak: peak() };
  });
}

/** The same DSPy program without us. */
export async function underDspy(work: Work, python: string): Promise<Taken> {
  return withEndpoint(work, 'py', async (_folder, calls, asked) => {
    const { what, inFlight, t, v } = work;
    const taken = await drive('dspyDriver.py', python, { ...asked, what, inFlight, t, v, search, sampling });
    // Its first call is not of the work.
    return { ...(taken as Omit<Taken, 'calls'>), calls: (await calls()) - 1 };
  });
}

async function withEndpoint(
  work: Work,
  language: 'ts' | 'py',
  body: (folder: string, calls: () => Promise<number>, asked: Asked) => Promise<Taken>,
): Promise<Taken> {
  const { latencyMs } = work;
  const fake = await spawnFakeEndpoint({ latencyMs, script: 'student', keepCalls: false, models: ['base', 'tuned'] });
  const files = writeWork(work, language, fake.baseURL);
  try {
    const calls = async () => (await fake.state()).counters.completions;
    return await body(files.folder, calls, { ...files, baseURL: fake.baseURL });
  } finally {
    rmSync(files.folder, { recursive: true, force: true });
    await fake.close();
  }
}

/** What the log says of the part of the run that is the work: the scoring, the prompt step, or all of it. */
function partOf(
  { what }: Work,
  events: readonly LoggedEvent[],
): Pick<Taken, 'seconds' | 'calls' | 'score'> | undefined {
  const of = <T extends LoggedEvent['type']>(type: T) =>
    events.filter((event): event is Extract<LoggedEvent, { type: T }> => event.type === type);
  const [evaluated] = of('evaluated');
  const [step] = of('step.finished');
  const [finished] = of('run.finished');
  if (what === 'evaluate') {
    return evaluated && { seconds: evaluated.seconds, calls: evaluated.usage.calls, score: evaluated.score.score };
  }
  if (what === 'search') {
    const chosen = of('candidate.finished').find(({ candidate }) => candidate === step?.candidate);
    return step && { seconds: step.seconds, calls: step.usage.calls, score: chosen?.score?.score ?? Number.NaN };
  }
  const [started] = of('run.started');
  if (finished === undefined || started === undefined) return undefined;
  const { scores, final, usage } = finished.result;
  return {
    seconds: (Date.parse(finished.time) - Date.parse(started.time)) / 1000,
    calls: usage.calls,
    score: scores[final]?.dev ?? Number.NaN,
  };
}

/** Looks at the resident memory of everything below the shell every 100 ms; Linux only, elsewhere 0. MiB. */
function watchMemory(shell: number): () => number {
  let peak = 0;
  const timer = setInterval(() => {
    const resident = below(shell).reduce((sum, pid) => sum + residentOf(pid), 0);
    peak = Math.max(peak, resident);
  }, 100);
  return () => {
    clearInterval(timer);
    return Math.round(peak);
  };
}

function below(pid: number): readonly number[] {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
    );
    return children.flatMap((child) => [child, ...below(child)]);
  } catch {
    return []; // ended meanwhile, or no Linux
  }
}

function residentOf(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
