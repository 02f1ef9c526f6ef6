import { cpus, loadavg } from 'node:os';
import { noteOf } from '../test/fakes/ruleScript.ts';
import { bareClient } from './bareClient.ts';
import { dspyPython } from './processes.ts';
import { goalLine, median } from './report.ts';
import { byDspy, byUs } from './searchMeasure.ts';
import type { Searched } from './searchMeasure.ts';
import { before, leastOf } from './searchPath.ts';
import type { SearchStep } from './searchPath.ts';
import { gepaSettings, inFlight, ourRollouts, rowsOf, ruleOf, sizes } from './searchWork.ts';
import type { Optimizer, ProgramName, SearchWork } from './searchWork.ts';

/** A search and the least that it could take. */
interface Taken extends Searched {
  /** Calls at once, one such round after the other; `null`: what the search did is not noted. */
  readonly rounds: readonly number[] | null;
  /** Seconds of the calls that wait for each other. */
  readonly path: number | null;
}

/** The same search by all three. */
interface Compared {
  readonly off: Taken;
  readonly on: Taken;
  readonly ours: Taken;
  /** Seconds that a client without a program takes for our rounds. */
  readonly bare: number | null;
  /** Whether DSPy proposed all that we proposed. */
  readonly same: boolean;
}

const seeds = (process.env['BENCH_SEEDS'] ?? '0,1,2').split(',').map(Number);
const latencies = { none: 0, some: 50 };
const programs: readonly { readonly program: ProgramName; readonly title: string }[] = [
  { program: 'onePredictor', title: 'one predictor' },
  { program: 'twoPredictors', title: 'two predictors' },
];

/** Goals besides the score, which is DSPy's at least: × DSPy's calls, and whether there is one for the path. */
const goalsOf: Readonly<Record<Optimizer, { readonly calls: number; readonly path: boolean }>> = {
  gepa: { calls: 0.8, path: true },
  mipro: { calls: 1, path: false },
};
const names = { gepa: 'GEPA', mipro: 'MIPROv2' } as const;

/**
 * The same searches by DSPy's GEPA and MIPROv2 alone, its cache off and on, and by our `gepa` and `mipro` steps, one after
 * the other on one scripted endpoint: DSPy programs, the same rows, seeds and budgets. GEPA's path is counted in what DSPy's
 * search did. `BENCH_SEEDS=0` does one seed alone, `BENCH_OPTIMIZERS=mipro` one optimizer.
 */
export async function optimizers(): Promise<void> {
  const python = dspyPython();
  const { gepa, mipro } = rowsOf;
  console.log(`Optimizers of DSPy 3.4.1 (gepa 0.1.4, optuna 5.0.0), ${inFlight} threads, and of BetterTogether, ${inFlight} requests in flight, of one DSPy
program; a fake endpoint answers by the rules that the instructions state, and states some when it is asked for an instruction.
GEPA: ${gepa.train} rows to learn from, ${gepa.validation} to validate on, minibatches of ${gepaSettings.minibatch}, no merges. DSPy's budget is ${gepaSettings.rollouts} runs, which its last iteration
goes beyond; ours holds, so it is ${ourRollouts}, for the same iterations. MIPROv2: auto "light", ${mipro.train} rows to learn from, ${mipro.validation} to validate on.
"wall" is the search without starting processes, "path" the calls that wait for each other × latency, "score" that of the result
on ${sizes.dev} other rows; "bare" makes our calls by plain requests alone. Medians of the seeds ${seeds.join(', ')};
${load()} at the start.
`);
  console.log('                                       wall s   path s  ratio  task calls  proposals   score');
  const asked = (process.env['BENCH_OPTIMIZERS'] ?? 'gepa,mipro').split(',');
  for (const optimizer of (['gepa', 'mipro'] as const).filter((each) => asked.includes(each))) {
    for (const { program, title: programTitle } of programs) {
      const title = `${names[optimizer]}, ${programTitle}`;
      const work = { optimizer, program, rows: 'apart' } as const;
      const none = await compareAll({ ...work, latencyMs: latencies.none }, title, python);
      const some = await compareAll({ ...work, latencyMs: latencies.some }, title, python);
      for (const goal of goals(optimizer, title, none, some)) console.log(goal);
    }
  }
  if (asked.includes('gepa')) await sharedRows(python);
}

/** GEPA on one set of rows: DSPy without a `valset`, and ours with folds, which choose another winner. */
async function sharedRows(python: string): Promise<void> {
  for (const { program, title: programTitle } of programs) {
    const title = `GEPA, ${programTitle}, the same ${rowsOf.gepa.validation} rows to learn from and to validate on`;
    const work = { optimizer: 'gepa', program, rows: 'shared', latencyMs: latencies.none } as const;
    const compared = await compareAll(work, title, python);
    const better = median(compared.map(betterBy));
    console.log(goalLine(`${title}: at least DSPy's score, in points above it`, better, better >= 0));
    console.log(callsGoal(title, goalsOf.gepa.calls, compared));
  }
}

async function compareAll(work: Omit<SearchWork, 'seed'>, title: string, python: string): Promise<readonly Compared[]> {
  const all: Compared[] = [];
  for (const seed of seeds) all.push(await compare({ ...work, seed }, python));
  const same = all.filter((compared) => compared.same).length;
  console.log(`${title}, ${work.latencyMs} ms (the same proposals with ${same} of ${all.length} seeds)`);
  console.log(
    line(
      'DSPy, its cache off',
      all.map(({ off }) => off),
    ),
  );
  console.log(
    line(
      'DSPy, its cache on',
      all.map(({ on }) => on),
    ),
  );
  console.log(
    line(
      'BetterTogether',
      all.map(({ ours }) => ours),
    ),
  );
  const bare = all.flatMap((compared) => compared.bare ?? []);
  if (bare.length > 0) console.log(`  ${'bare'.padEnd(34)}${median(bare).toFixed(2).padStart(9)}`);
  return all;
}

async function compare(work: SearchWork, python: string): Promise<Compared> {
  const off = await byDspy(work, python, false);
  const on = await byDspy(work, python, true);
  const ours = await byUs(work, python);
  const taken = withPath(ours, work, before(off.steps, ours.iterations), true);
  return {
    off: withPath(off, work, off.steps, false),
    on: withPath(on, work, on.steps, true),
    ours: taken,
    bare: taken.rounds === null ? null : await bareClient(taken.rounds, work.latencyMs),
    same: ours.proposed.every((text) => off.proposed.includes(text)),
  };
}

function withPath(
  taken: Searched,
  { optimizer, latencyMs }: SearchWork,
  steps: readonly SearchStep[],
  remembered: boolean,
): Taken {
  if (optimizer !== 'gepa') return { ...taken, rounds: null, path: null };
  const { rounds } = leastOf(steps, remembered, (instruction, row) => noteOf(ruleOf(row), instruction));
  return { ...taken, rounds, path: (rounds.length * latencyMs) / 1000 };
}

function line(who: string, all: readonly Taken[]): string {
  const of = (number: (taken: Taken) => number) => median(all.map(number));
  const path = of((taken) => taken.path ?? 0);
  return [
    `  ${who.padEnd(34)}`,
    of(({ seconds }) => seconds)
      .toFixed(2)
      .padStart(9),
    (path === 0 ? '–' : path.toFixed(2)).padStart(9),
    (path === 0 ? '–' : of(ratioOf).toFixed(2)).padStart(7),
    String(of(({ task }) => task)).padStart(12),
    String(of(({ proposals }) => proposals)).padStart(11),
    of(({ score }) => score)
      .toFixed(2)
      .padStart(8),
  ].join('');
}

/** Of the seeds the middle one; of scores the one that is worst for us. */
function goals(
  optimizer: Optimizer,
  title: string,
  none: readonly Compared[],
  some: readonly Compared[],
): readonly string[] {
  const goal = goalsOf[optimizer];
  const better = Math.min(...[...none, ...some].map(betterBy));
  const path = median(some.map(({ ours }) => ratioOf(ours)));
  const faster = median(none.map(({ ours, off, on }) => Math.min(off.seconds, on.seconds) / ours.seconds));
  return [
    goalLine(`${title}: with each seed at least DSPy's score, in points above it`, better, better >= 0),
    callsGoal(title, goal.calls, some),
    ...(goal.path
      ? [goalLine(`${title}, ${latencies.some} ms: at most 1.1 × the path`, path, path <= 1.1, load())]
      : []),
    goalLine(`${title}, no latency: 3 × as fast as DSPy, its cache on or off`, faster, faster >= 3, load()),
  ];
}

/** Points above DSPy's score. */
function betterBy({ ours, off, on }: Compared): number {
  return ours.score - Math.max(off.score, on.score);
}

function callsGoal(title: string, goal: number, all: readonly Compared[]): string {
  const share = median(all.map(({ ours, off }) => calls(ours) / calls(off)));
  return goalLine(`${title}: at most ${goal} × the calls of DSPy without its cache`, share, share <= goal, repeated);
}

function ratioOf({ seconds, path }: Taken): number {
  return seconds / (path ?? Number.NaN);
}

/** What a memory can save at all. */
const repeated = 'free are only rows that a candidate meets again, and predictors whose instruction stays';

function load(): string {
  return `load ${loadavg()[0]!.toFixed(1)} on ${cpus().length} processors`;
}

function calls({ task, proposals }: Searched): number {
  return task + proposals;
}
