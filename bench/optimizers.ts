import { cpus, loadavg } from 'node:os';
import { noteOf } from '../test/fakes/ruleScript.ts';
import { byDspy, byUs } from './gepaMeasure.ts';
import type { Searched } from './gepaMeasure.ts';
import { inFlight, ourRollouts, ruleOf, sizes } from './gepaWork.ts';
import type { ProgramName, SearchWork } from './gepaWork.ts';
import { dspyPython } from './processes.ts';
import { goalLine, median } from './report.ts';
import { before, leastOf } from './searchPath.ts';
import type { SearchStep } from './searchPath.ts';

/** A search and the least that it could take. */
interface Taken extends Searched {
  /** Seconds of the calls that wait for each other. */
  readonly path: number;
}

/** The same search by all three. */
interface Compared {
  readonly off: Taken;
  readonly on: Taken;
  readonly ours: Taken;
  /** Whether we proposed what DSPy proposed, as far as our budget went. */
  readonly same: boolean;
}

const seeds = (process.env['BENCH_SEEDS'] ?? '0,1,2').split(',').map(Number);
const latencies = { none: 0, some: 50 };
const programs: readonly { readonly program: ProgramName; readonly title: string }[] = [
  { program: 'onePredictor', title: 'one predictor' },
  { program: 'twoPredictors', title: 'two predictors' },
];

/**
 * The same search for instructions by DSPy's GEPA alone, its cache off and on, and by our `gepa` step, one after the other
 * on one scripted endpoint: DSPy programs, the same rows, seeds and budget. The path is counted in what DSPy's search did.
 * `BENCH_SEEDS=0` does one seed alone.
 */
export async function optimizers(): Promise<void> {
  const python = dspyPython();
  const { train, validation, rollouts, minibatch } = sizes;
  console.log(`GEPA of DSPy 3.4.1 (gepa 0.1.4), ${inFlight} threads, and of BetterTogether, ${inFlight} requests in flight, of one DSPy program; a fake
endpoint answers by the rules that the instructions state, and adds one to them when it is asked for a better one. ${train} rows
to learn from, ${validation} to validate on, minibatches of ${minibatch}, no merges. DSPy's budget is ${rollouts} runs, which its last iteration goes
beyond; ours holds, so it is ${ourRollouts}, for the same iterations. "wall" is the search without starting processes, "path" the
calls that wait for each other × latency, "score" that of the result on ${sizes.dev} other rows. Medians of the seeds ${seeds.join(', ')};
${load()} at the start.
`);
  console.log('                                       wall s   path s  ratio  task calls  proposals   score');
  for (const { program, title } of programs) {
    const none = await compareAll(program, title, latencies.none, python);
    const some = await compareAll(program, title, latencies.some, python);
    for (const goal of goals(title, none, some)) console.log(goal);
  }
}

async function compareAll(
  program: ProgramName,
  title: string,
  latencyMs: number,
  python: string,
): Promise<readonly Compared[]> {
  const all: Compared[] = [];
  for (const seed of seeds) all.push(await compare({ program, latencyMs, seed }, python));
  const same = all.filter((compared) => compared.same).length;
  console.log(`${title}, ${latencyMs} ms (the same proposals with ${same} of ${all.length} seeds)`);
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
  return all;
}

async function compare(work: SearchWork, python: string): Promise<Compared> {
  const off = await byDspy(work, python, false);
  const on = await byDspy(work, python, true);
  const ours = await byUs(work, python);
  return {
    off: withPath(off, work, off.steps, false),
    on: withPath(on, work, on.steps, true),
    ours: withPath(ours, work, before(off.steps, ours.iterations), true),
    same: ours.proposed.every((text, i) => text === off.proposed[i]),
  };
}

function withPath(
  taken: Searched,
  { latencyMs }: SearchWork,
  steps: readonly SearchStep[],
  remembered: boolean,
): Taken {
  const { inARow } = leastOf(steps, remembered, (instruction, row) => noteOf(ruleOf(row), instruction));
  return { ...taken, path: (inARow * latencyMs) / 1000 };
}

function line(who: string, all: readonly Taken[]): string {
  const of = (number: (taken: Taken) => number) => median(all.map(number));
  const path = of((taken) => taken.path);
  return [
    `  ${who.padEnd(34)}`,
    of(({ seconds }) => seconds)
      .toFixed(2)
      .padStart(9),
    (path === 0 ? '–' : path.toFixed(2)).padStart(9),
    (path === 0 ? '–' : of((taken) => taken.seconds / taken.path).toFixed(2)).padStart(7),
    String(of(({ task }) => task)).padStart(12),
    String(of(({ proposals }) => proposals)).padStart(11),
    of(({ score }) => score)
      .toFixed(2)
      .padStart(8),
  ].join('');
}

/** Of the seeds the middle one; of scores the one that is worst for us. */
function goals(title: string, none: readonly Compared[], some: readonly Compared[]): readonly string[] {
  const better = Math.min(...[...none, ...some].map(({ ours, off, on }) => ours.score - Math.max(off.score, on.score)));
  const share = median(some.map(({ ours, off }) => calls(ours) / calls(off)));
  const path = median(some.map(({ ours }) => ours.seconds / ours.path));
  const faster = median(none.map(({ ours, off, on }) => Math.min(off.seconds, on.seconds) / ours.seconds));
  return [
    goalLine(`${title}: with each seed at least DSPy's score, in points above it`, better, better >= 0),
    goalLine(`${title}: at most 0.8 × the calls of DSPy without its cache`, share, share <= 0.8, repeated),
    goalLine(`${title}, ${latencies.some} ms: at most 1.1 × the path`, path, path <= 1.1, load()),
    goalLine(`${title}, no latency: 3 × as fast as DSPy, its cache on or off`, faster, faster >= 3, load()),
  ];
}

/** What a memory can save at all. */
const repeated = 'free are only rows that a candidate meets again, and predictors whose instruction stays';

function load(): string {
  return `load ${loadavg()[0]!.toFixed(1)} on ${cpus().length} processors`;
}

function calls({ task, proposals }: Searched): number {
  return task + proposals;
}
