import { contentHash } from '../../base/contentHash.ts';
import { canonicalJson } from '../../base/json.ts';
import type { Demo, Example, ProgramState } from '../../data/program.ts';
import type { TraceCall } from '../../data/trace.ts';
import { PythonRandom } from '../pythonRandom.ts';
import { withDemos } from '../state.ts';

/** A demo, and the training row that it comes from. */
export interface DemoOfRow {
  readonly demo: Demo;
  readonly example: Example;
}

export type DemosByPredictor = Readonly<Record<string, readonly DemoOfRow[]>>;

/** The same program with these demos; with those alone whose row `may` be seen. */
export function withRowDemos(
  state: ProgramState,
  predictors: readonly string[],
  demos: DemosByPredictor,
  may: (example: Example) => boolean = () => true,
): ProgramState {
  const seen = predictors.map((name) => {
    const all = demos[name] ?? [];
    return [name, all.filter(({ example }) => may(example)).map(({ demo }) => demo)] as const;
  });
  return withDemos(state, predictors, Object.fromEntries(seen));
}

function labeledDemo(example: Example): DemoOfRow {
  return { demo: { fields: example.fields, augmented: false }, example };
}

/**
 * LabeledFewShot (dspy/teleprompt/vanilla.py): for each predictor in order `k` training rows, drawn by one
 * `Random(0)`.
 */
export function labeledFewShot(
  predictors: readonly string[],
  trainset: readonly Example[],
  k: number,
): DemosByPredictor {
  const random = new PythonRandom(0);
  const size = Math.min(k, trainset.length);
  return Object.fromEntries(predictors.map((name) => [name, random.sample(trainset, size).map(labeledDemo)]));
}

/**
 * A correct trace as one demo a predictor. Of several calls of one predictor it takes the last, or with probability
 * 1/2 one of the others (dspy/teleprompt/bootstrap.py). DSPy seeds that choice with a hash of Python's pickle, which
 * nothing else can reproduce; we seed it with the demos' content hash.
 */
export function demosOfTrace(
  trace: readonly TraceCall[],
  predictors: readonly string[],
): Readonly<Record<string, Demo>> {
  return Object.fromEntries(
    predictors.flatMap((name) => {
      const demos = trace.flatMap((call) =>
        call.predictor === name && call.outputs !== null
          ? [{ fields: { ...call.inputs, ...call.outputs }, augmented: true }]
          : [],
      );
      return demos.length === 0 ? [] : [[name, oneOf(demos)] as const];
    }),
  );
}

function oneOf(demos: readonly Demo[]): Demo {
  const last = demos.at(-1)!;
  if (demos.length === 1) return last;
  const random = new PythonRandom(contentHash(demos));
  return random.random() < 0.5 ? random.choice(demos.slice(0, -1)) : last;
}

/** One training row whose trace was correct. */
export interface BootstrappedRow {
  readonly example: Example;
  readonly demos: Readonly<Record<string, Demo>>;
}

/**
 * Bootstrapped demos first, then labelled ones up to `maxLabeled` in all, drawn from the rows that gave none
 * (dspy/teleprompt/bootstrap.py `_train`, 3.4.1: every predictor draws from the whole pool).
 */
export function assembleDemos(options: {
  readonly predictors: readonly string[];
  readonly trainset: readonly Example[];
  readonly bootstrapped: readonly BootstrappedRow[];
  readonly maxBootstrapped: number;
  readonly maxLabeled: number;
}): DemosByPredictor {
  const used = new Set(options.bootstrapped.map(({ example }) => example));
  const pool = new PythonRandom(0).shuffle(options.trainset.filter((example) => !used.has(example)));
  const random = new PythonRandom(0);
  return Object.fromEntries(
    options.predictors.map((name) => {
      const augmented = options.bootstrapped
        .flatMap(({ example, demos }) => (demos[name] === undefined ? [] : [{ demo: demos[name], example }]))
        .slice(0, options.maxBootstrapped);
      const labels = Math.max(0, Math.min(options.maxLabeled - augmented.length, pool.length));
      return [name, [...augmented, ...random.sample(pool, labels).map(labeledDemo)]];
    }),
  );
}

/** The teacher as it answers `example`: without the labelled demo that is this very row. */
export function withoutOwnDemo(teacher: ProgramState, predictors: readonly string[], example: Example): ProgramState {
  const own = canonicalJson(example.fields);
  const isOwn = (demo: Demo) => !demo.augmented && canonicalJson(demo.fields) === own;
  const demosOf = (name: string) => teacher.predictors[name]?.demos ?? [];
  if (!predictors.some((name) => demosOf(name).some(isOwn))) return teacher;
  const kept = predictors.map((name) => [name, demosOf(name).filter((demo) => !isOwn(demo))] as const);
  return withDemos(teacher, predictors, Object.fromEntries(kept));
}

/**
 * A candidate as it answers each row of a search with folds: without the demos that come from rows of the row's fold.
 *
 * @param candidate with all its demos, which are `demos`.
 * @param folds see `foldsOf`.
 */
export function withoutOwnFold(
  candidate: ProgramState,
  predictors: readonly string[],
  demos: DemosByPredictor,
  folds: ReadonlyMap<Example, number>,
): (row: Example) => ProgramState {
  const states = new Map<number, ProgramState>();
  return (row) => {
    const fold = folds.get(row)!;
    const known = states.get(fold);
    if (known !== undefined) return known;
    const state = withRowDemos(candidate, predictors, demos, (example) => folds.get(example) !== fold);
    states.set(fold, state);
    return state;
  };
}
