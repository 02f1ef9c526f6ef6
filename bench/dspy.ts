import { cpus, loadavg } from 'node:os';
import { underDspy, underUs } from './dspyMeasure.ts';
import type { Taken } from './dspyMeasure.ts';
import { stopping, works } from './dspyWork.ts';
import type { Work } from './dspyWork.ts';
import { dspyPython } from './processes.ts';
import { scoreOfMean } from '../src/engine/score.ts';
import { goalLine, median } from './report.ts';

interface Compared {
  readonly work: Work;
  readonly dspy: Taken;
  readonly ts: Taken;
  readonly py: Taken;
}

/**
 * The same works under DSPy 3.4.1 alone and under us, one after the other on one fake endpoint, each as a TypeScript
 * program and as the DSPy program. `BENCH_REPEATS=3` does each three times and takes the medians; `BENCH_WORKS=search`
 * does only the works named; `BENCH_STOPPING='{"racing": {"loss": 5}}'` has our prompt searches race.
 */
export async function dspy(): Promise<void> {
  const python = dspyPython();
  const repeats = Number(process.env['BENCH_REPEATS'] ?? '1');
  const wanted = process.env['BENCH_WORKS']?.split(',') ?? Object.keys(works);
  console.log(`DSPy 3.4.1 as its users run it (as many threads as calls in flight, its cache on) and BetterTogether (its memo
on), both caches empty at the start; a fake endpoint in a process of its own answers equal prompts equally. "wall" is the
work without starting processes; "ideal" is calls × latency / in flight, of each row's own calls; "cpu" is without what
starting takes (measured on one row); "peak" is resident memory of all processes. Medians of ${repeats}.
`);
  const idle = await startUp(python);
  console.log(
    `starting takes ${idle.ts.toFixed(1)} s of CPU with a TypeScript program, ${idle.py.toFixed(1)} s with a DSPy program\n`,
  );
  console.log(
    '                                                 wall s  ideal s  ratio   cpu s   calls  runs/s  peak MiB   score',
  );
  const compared: Record<string, Compared> = {};
  for (const name of wanted) {
    const work = works[name];
    if (work === undefined)
      throw new Error(`BENCH_WORKS: there is no ${name}; there are ${Object.keys(works).join(', ')}`);
    console.log(`${work.name} (${work.latencyMs} ms, ${work.inFlight} in flight)`);
    compared[name] = await compare(work, python, repeats, idle);
    const { dspy: theirs, ts, py } = compared[name];
    for (const [who, taken] of [
      ['DSPy', theirs],
      ['BetterTogether, TypeScript program', ts],
      ['BetterTogether, DSPy program', py],
    ] as const) {
      console.log(line(who, work, taken));
    }
  }
  console.log('\ngoals');
  for (const goal of goals(compared)) console.log(goal);
}

async function startUp(python: string): Promise<{ readonly ts: number; readonly py: number }> {
  const tiny: Work = { ...works['evaluateAtOnce']!, dev: 1 };
  return { ts: (await underUs(tiny, 'ts', python)).cpu, py: (await underUs(tiny, 'py', python)).cpu };
}

async function compare(
  work: Work,
  python: string,
  repeats: number,
  idle: { readonly ts: number; readonly py: number },
): Promise<Compared> {
  const taken: { readonly dspy: Taken[]; readonly ts: Taken[]; readonly py: Taken[] } = { dspy: [], ts: [], py: [] };
  for (let i = 0; i < repeats; i++) {
    taken.dspy.push(await underDspy(work, python));
    taken.ts.push(await underUs(work, 'ts', python));
    taken.py.push(await underUs(work, 'py', python));
  }
  const [ts, py] = [medians(taken.ts), medians(taken.py)];
  return {
    work,
    dspy: medians(taken.dspy),
    ts: { ...ts, cpu: Math.max(0, ts.cpu - idle.ts) },
    py: { ...py, cpu: Math.max(0, py.cpu - idle.py) },
  };
}

function medians(all: readonly Taken[]): Taken {
  const of = (key: keyof Taken) => median(all.map((taken) => taken[key]));
  return { seconds: of('seconds'), cpu: of('cpu'), calls: of('calls'), peak: of('peak'), score: of('score') };
}

/** Seconds that no client can go below: what the endpoint takes, or the longest chain of calls that wait for each other. */
function ideal({ latencyMs, inFlight, chain }: Work, { calls }: Taken): number {
  return (latencyMs / 1000) * Math.max(calls / inFlight, chain);
}

function line(who: string, work: Work, taken: Taken): string {
  const least = ideal(work, taken);
  const { seconds, cpu, calls, peak, score } = taken;
  return [
    `  ${who.padEnd(44)}`,
    seconds.toFixed(2).padStart(8),
    (least === 0 ? '–' : least.toFixed(2)).padStart(9),
    (least === 0 ? '–' : (seconds / least).toFixed(2)).padStart(7),
    cpu.toFixed(2).padStart(8),
    String(calls).padStart(8),
    (calls / work.hops / seconds).toFixed(0).padStart(8),
    String(peak).padStart(10),
    score.toFixed(2).padStart(8),
  ].join('');
}

/** Stopping a candidate early is exact, whatever its chances were. */
const exact =
  'a candidate is out for certain only when it has lost as many rows as the best, which loses a third to a half; w, dev and the best take the rest';

/** Whether a run waited for its own processors or for others on the machine. */
function busy({ cpu, calls, seconds }: Taken): string {
  const perCall = ((cpu / calls) * 1000).toFixed(1);
  return `${perCall} ms of CPU a call, ${Math.round((100 * cpu) / seconds)} % of one processor; load ${loadavg()[0]!.toFixed(1)} on ${cpus().length}`;
}

function goals({ evaluateAtOnce, search, rare, together }: Record<string, Compared>): readonly string[] {
  const told: string[] = [];
  const goal = (...facts: Parameters<typeof goalLine>) => told.push(goalLine(...facts));
  if (search !== undefined) {
    const { work, ts, dspy: theirs } = search;
    const ratio = ts.seconds / ideal(work, ts);
    goal('BFRS on GSM8K, TypeScript: at most 1.2 × ideal', ratio, ratio <= 1.2, busy(ts));
    const faster = theirs.seconds / ts.seconds;
    goal('BFRS on GSM8K, TypeScript: 3.5 × as fast as DSPy', faster, faster >= 3.5, busy(ts));
  }
  if (rare !== undefined) {
    const ratio = rare.ts.seconds / ideal(rare.work, rare.ts);
    goal('bootstraps rarely succeed, TypeScript: at most 1.5 × the critical path', ratio, ratio <= 1.5, busy(rare.ts));
  }
  if (evaluateAtOnce !== undefined) {
    const { py, dspy: theirs } = evaluateAtOnce;
    const times = py.calls / py.seconds / (theirs.calls / theirs.seconds);
    goal('a DSPy program, no latency: 3 × the evaluations a second of DSPy alone', times, times >= 3, busy(py));
    const share = py.cpu / py.calls / (theirs.cpu / theirs.calls);
    goal('a DSPy program, no latency: at a third of its CPU', share, share <= 1 / 3, busy(py));
  }
  if (together !== undefined) {
    for (const [language, taken] of [
      ['TypeScript', together.ts],
      ['DSPy program', together.py],
    ] as const) {
      const share = taken.calls / together.dspy.calls;
      goal(
        `p -> w -> p, ${language}: at most 0.6 × the calls of DSPy's schedule`,
        share,
        share <= 0.6,
        stopping === undefined ? exact : '',
      );
      const { score } = together.dspy;
      const { low, high } = scoreOfMean(score / 100, together.work.dev, 0);
      const kept = stopping === undefined ? taken.score === score : low <= taken.score && taken.score <= high;
      const what = stopping === undefined ? 'the final score' : 'within the interval of the final score';
      goal(`p -> w -> p, ${language}: ${what} of DSPy's schedule`, taken.score, kept);
    }
  }
  return told;
}
