/** Whole optimizations by the engine over fakes, whose world outlives them. */
import type { JsonValue } from '../../../src/base/json.ts';
import { contentHash } from '../../../src/base/contentHash.ts';
import type { Example, ProgramState } from '../../../src/data/program.ts';
import { Budget } from '../../../src/engine/budget.ts';
import { Optimization } from '../../../src/engine/optimize.ts';
import type { OptimizerCode } from '../../../src/engine/optimizerCode.ts';
import type { Teleprompter } from '../../../src/engine/teleprompter.ts';
import type { Stage } from '../../../src/engine/optimize.ts';
import type { Step } from '../../../src/engine/optimizer.ts';
import { UsageMeter } from '../../../src/engine/usage.ts';
import {
  examples,
  FakeJournal,
  FakeLm,
  FakeProgram,
  FakeSurroundings,
  FakeTrainer,
  twoPredictors,
} from '../../unit/engine/fakes.ts';
import type { Asked } from '../../unit/engine/fakes.ts';
import { fakeTeleprompter } from '../../unit/engine/fakeTeleprompter.ts';

/** Nobody may change it. */
export function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}

const renumbered = (rows: readonly Example[], first: number) => rows.map((row) => ({ ...row, id: first + row.id }));

export const splits = frozen({
  train: examples(24),
  dev: renumbered(examples(10, 'd'), 100),
  test: renumbered(examples(6, 't'), 200),
});

/** Where runs start: as the program was written, on the base model. */
export const start: ProgramState = frozen({
  predictors: Object.fromEntries(
    twoPredictors.predictors.map(({ name, signature, demos }) => [
      name,
      { instructions: signature.instructions, demos, model: 'base' },
    ]),
  ),
});

/** A user's optimizer: takes the instructions that an LM wrote where they do better on a few rows. */
const code: OptimizerCode = {
  hash: 'code',
  run: async ({ state, predictors, rows }, { ask, evaluate }) => {
    const [{ name }] = predictors as readonly [(typeof predictors)[0]];
    const instructions = await ask({ prompt: { kind: 'chat', messages: [{ role: 'user', content: 'Better?' }] } });
    const other = { predictors: { ...state.predictors, [name]: { ...state.predictors[name]!, instructions } } };
    const few = rows.slice(0, 8).map((_, place) => place);
    const [before, after] = [
      await evaluate({ state, rows: few }),
      await evaluate({ state: other, rows: few, about: { name: 'asked' } }),
    ];
    return { returned: after.score > before.score ? other : state };
  },
};

/** One of DSPy's: takes the prompts that an LM wrote, with a demo, where they do better on V. */
const teleprompter: Teleprompter = fakeTeleprompter(async ({ state, train, validation }, { ask, evaluate }) => {
  const instructions = await ask('Better?', 'first');
  const [name, before] = Object.entries(state.predictors)[0]!;
  const demos = train.slice(0, 1).map(({ fields }) => ({ fields, augmented: false }));
  const other = { predictors: { ...state.predictors, [name]: { ...before, instructions, demos } } };
  const scores = [await evaluate(state, validation), await evaluate(other, validation)] as const;
  return scores[1] > scores[0] ? other : state;
});

/** How many rows are answered rightly: depends on the whole prompt, the model and the round, by a hash. */
export type Skill = 'none' | 'some' | 'all';

/** What is there before a run and after it: what was paid for, and the service that trains. */
export interface World {
  readonly memory: Map<string, JsonValue>;
  readonly memo: Map<string, string>;
  readonly trainer: FakeTrainer;
  readonly skill: Skill;
}

export function newWorld(skill: Skill): World {
  const checkpoints = ['ck-2', 'ck-1'].map((model, index) => ({ model, step: 2 - index }));
  const trainer = Object.assign(new FakeTrainer(), { checkpoints: () => Promise.resolve(checkpoints) });
  return { memory: new Map(), memo: new Map(), trainer, skill };
}

function answerOf(skill: Skill, { call, rollout }: Asked): string {
  const content = call.prompt.kind === 'chat' ? call.prompt.messages[0]!.content : '';
  const right = `a${content.split('\n').at(-1)!.slice(1)}`;
  if (skill !== 'some') return skill === 'all' ? right : 'wrong';
  const share = Number.parseInt(contentHash([content, call.model, rollout.round]).slice(0, 2), 16) / 256;
  return share < 0.6 ? right : 'wrong';
}

export interface Optimized {
  readonly stages: readonly Stage[];
  readonly last: ProgramState | null;
  readonly journal: FakeJournal;
  readonly lm: FakeLm;
}

export interface Way {
  readonly signal?: AbortSignal;
  readonly inFlight?: number;
  /** Told of each call, before it is answered; what it throws is what the endpoint answers. */
  readonly onCall?: (count: number) => void;
}

/** Runs the steps once, as a process of its own. Rejects with what stopped the run. */
export async function optimize(world: World, steps: readonly Step[], way: Way = {}): Promise<Optimized> {
  const { signal = new AbortController().signal, inFlight = 4, onCall = () => undefined } = way;
  const prices = { ofAnswer: () => 0.01, ofTraining: () => 1 };
  const meter = new UsageMeter(prices);
  let calls = 0;
  const lm = new FakeLm(
    (asked) => {
      onCall(++calls);
      return answerOf(world.skill, asked);
    },
    world.memo,
    (answer) => {
      meter.answered(answer);
    },
  );
  const journal = new FakeJournal(world.memory);
  const optimization = new Optimization(
    {
      ...{ program: new FakeProgram(), lm, trainer: world.trainer, journal, surroundings: new FakeSurroundings() },
      gate: new Budget({ calls: null, tokens: null, usd: null }, { calls: 0, tokens: 0, usd: 0 }),
      ...{ prices, meter, concurrency: inFlight, identity: 'identity', code: new Map([['o.ts#better', code]]) },
      teleprompters: new Map([['o.py#better', teleprompter]]),
    },
    { strategy: steps, seed: 3, threshold: 1, metricRange: [0, 1], model: 'base' },
    splits,
    twoPredictors,
    { signal, onStage: () => undefined, start },
  );
  const stages = await optimization.run();
  return { stages, last: stages.at(-1)?.state ?? null, journal, lm };
}
