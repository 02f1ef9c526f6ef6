/**
 * What a search draws from its one `random.Random(seed)`, in DSPy's order: the sample of validation rows, the demo sets,
 * tips and rollout ids of the proposals, and then minibatches (dspy/teleprompt/mipro_optimizer_v2.py,
 * `create_n_fewshot_demo_sets` in teleprompt/utils.py, propose/grounded_proposer.py).
 */
import { PythonRandom } from '../../../pythonRandom.ts';

export interface DrawSizes {
  /** Rows in T and V. */
  readonly train: number;
  readonly validation: number;
  /** Rows of V to score on, drawn and in a new order; `null`: all of them in the order that they have. */
  readonly validationAtMost: number | null;
  /** Of each predictor, with the one that has no demos. */
  readonly demoSets: number;
  /** Both 0: demos stay out of the prompts, and sets of three bootstrapped ones are made for the proposer alone. */
  readonly maxBootstrappedDemos: number;
  readonly maxLabeledDemos: number;
  readonly predictors: number;
  /** Of each predictor, with its own. There are no more than demo sets. */
  readonly instructions: number;
}

/** How a demo set is made. */
export type DemoSetPlan =
  | { readonly source: 'zeroShot' }
  /** `LabeledFewShot` on T. */
  | { readonly source: 'labels' }
  /** `BootstrapFewShot` on the rows of T in this order, with as many bootstrapped demos at most. */
  | { readonly source: 'bootstrap'; readonly rows: readonly number[]; readonly size: number };

/** What a proposer may be told about how to write: the keys of DSPy's tips, in its order. */
export const tips = ['none', 'creative', 'simple', 'description', 'highStakes', 'persona'] as const;
export type Tip = (typeof tips)[number];

/** What is drawn for one proposal. */
export interface ProposalDraw {
  readonly tip: Tip;
  /** Makes its calls others than those of equal prompts. From 0 to 10⁹. */
  readonly rolloutId: number;
}

/** Draws minibatches; each call goes on where the one before left off. */
export interface MinibatchSource {
  /** `size` different places in V. */
  minibatch(size: number): readonly number[];
}

export interface Draws extends MinibatchSource {
  /** V, as places in the rows that were given. */
  readonly validation: readonly number[];
  /** In the order of their places; the first has no demos. */
  readonly demoSets: readonly DemoSetPlan[];
  /** By predictor and place. DSPy proposes for place 0 too, and then puts the program's own instruction there. */
  readonly proposals: readonly (readonly ProposalDraw[])[];
}

/** Bootstrapped demos of a set that is made for the proposer alone. */
const groundingDemos = 3;

/** @param seed as it is; DSPy takes 9 where it is given 0. */
export function drawsOf(seed: number, sizes: DrawSizes): Draws {
  const random = new PythonRandom(seed);
  const given = range(sizes.validation);
  const { validationAtMost: most } = sizes;
  const validation = most === null ? given : random.sample(given, Math.min(most, given.length));
  const demoSets = range(sizes.demoSets).map((place) => demoSetPlan(place, sizes, random));
  const proposals = range(sizes.predictors).map(() =>
    range(Math.min(sizes.instructions, sizes.demoSets)).map(() => proposalDraw(random)),
  );
  const places = range(validation.length);
  return { validation, demoSets, proposals, minibatch: (size) => random.sample(places, size) };
}

/**
 * Without labelled demos there is a set of shuffled rows in the place of the labelled one. Without bootstrapped demos
 * sets of shuffled rows have labelled ones alone (DSPy fails there: stanfordnlp/dspy#1425).
 */
function demoSetPlan(place: number, sizes: DrawSizes, random: PythonRandom): DemoSetPlan {
  const { maxBootstrappedDemos, maxLabeledDemos } = sizes;
  const most = maxBootstrappedDemos === 0 && maxLabeledDemos === 0 ? groundingDemos : maxBootstrappedDemos;
  const rows = range(sizes.train);
  if (place === 0) return { source: 'zeroShot' };
  if (place === 1 && maxLabeledDemos > 0) return { source: 'labels' };
  if (place === 2) return { source: 'bootstrap', rows, size: most };
  return { source: 'bootstrap', rows: random.shuffle(rows), size: most === 0 ? 0 : random.randint(1, most) };
}

function proposalDraw(random: PythonRandom): ProposalDraw {
  const tip = random.choice(tips);
  return { tip, rolloutId: random.randint(0, 10 ** 9) };
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, place) => place);
}
