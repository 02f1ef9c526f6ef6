import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/base/json.ts';
import type { ProgramState } from '../../../src/data/program.ts';
import { Budget } from '../../../src/engine/budget.ts';
import type { NamedState } from '../../../src/engine/lattice.ts';
import { bestOnDev, latticeOf } from '../../../src/engine/lattice.ts';
import { Optimization } from '../../../src/engine/optimize.ts';
import { initialState, withModel } from '../../../src/engine/state.ts';
import { paperStrategies } from '../../../src/data/strategy.ts';
import { UsageMeter } from '../../../src/engine/usage.ts';
import type { Asked } from './fakes.ts';
import { examples, FakeJournal, FakeLm, FakeProgram, FakeSurroundings, FakeTrainer, twoPredictors } from './fakes.ts';
import { settingsOf } from './settingsOf.ts';

const predictors = ['a.predict', 'b.predict'];
const vanilla = initialState(twoPredictors, 'base');

function instructed(state: ProgramState, instructions: string): ProgramState {
  const changed = Object.entries(state.predictors).map(([name, one]) => [name, { ...one, instructions }] as const);
  return { predictors: Object.fromEntries(changed) };
}

const prompted = instructed(vanilla, 'Think.');
const tuned = withModel(vanilla, predictors, 'tuned');

interface Shared {
  readonly memory: Map<string, JsonValue>;
  readonly lmMemo: Map<string, string>;
  readonly trainer: FakeTrainer;
}

const fresh = (): Shared => ({ memory: new Map(), lmMemo: new Map(), trainer: new FakeTrainer() });

/** One run on 24 train (q…), 12 dev (d…) and 9 test rows (t…). */
async function run(
  strategy: string,
  answer: (asked: Asked) => string,
  lattice: readonly NamedState[] | null,
  { memory, lmMemo, trainer }: Shared = fresh(),
) {
  const meter = new UsageMeter({ ofAnswer: () => 0, ofTraining: () => 0 });
  const lm = new FakeLm(answer, lmMemo, (told) => {
    meter.answered(told);
  });
  const optimization = new Optimization(
    {
      program: new FakeProgram(),
      lm,
      trainer,
      journal: new FakeJournal(memory),
      surroundings: new FakeSurroundings(),
      gate: new Budget({ calls: null, tokens: null, usd: null }, { calls: 0, tokens: 0, usd: 0 }),
      prices: { ofAnswer: () => 0, ofTraining: () => 0 },
      meter,
      concurrency: 4,
      identity: 'identity',
    },
    settingsOf(strategy, { p: { candidates: 2, maxLabeledDemos: 0 } }),
    { train: examples(24), dev: examples(12, 'd'), test: examples(9, 't') },
    twoPredictors,
    {
      signal: new AbortController().signal,
      onStage: () => undefined,
      ...(lattice === null ? {} : { lattice }),
    },
  );
  const stages = await optimization.run();
  return { stages, lm, keys: stages.map(({ prefix }) => prefix) };
}

function asked({ call }: Asked) {
  const content = call.prompt.kind === 'chat' ? call.prompt.messages[0]!.content : '';
  const lines = content.split('\n');
  const question = lines.at(-1)!;
  return { instructions: lines[0]!, demos: lines.length - 2, split: question[0], id: Number(question.slice(1)) };
}

/** Right on every third row, on two of three with demos, on all when tuned. */
function demosHelp(one: Asked): string {
  const { id, demos } = asked(one);
  return id % 3 === 0 || one.call.model !== 'base' || (demos > 0 && id % 3 === 1) ? `a${id}` : 'no';
}

describe('latticeOf', () => {
  it('puts the prompts of one state on the weights of another, named by both', () => {
    const points = latticeOf(
      [
        { prefix: '', state: vanilla },
        { prefix: 'p', state: prompted },
        { prefix: 'w', state: tuned },
      ],
      predictors,
    );
    expect(points.map(({ key }) => key)).toEqual([' × ', ' × w', 'p × ', 'p × w']);
    expect(points[0]!.state).toEqual(vanilla);
    expect(points[3]).toMatchObject({ prompts: 'p', weights: 'w' });
    for (const name of predictors) {
      expect(points[3]!.state.predictors[name]).toEqual({ instructions: 'Think.', demos: [], model: 'tuned' });
    }
  });

  it('counts equal prompts and equal weights once, under the first name', () => {
    const points = latticeOf(
      [
        { prefix: '', state: vanilla },
        { prefix: 'w', state: tuned },
        { prefix: 'w -> p', state: tuned },
        { prefix: 'p', state: prompted },
        { prefix: 'p -> w', state: withModel(vanilla, predictors, 'tuned') },
      ],
      predictors,
    );
    expect(points.map(({ key }) => key)).toEqual([' × ', ' × w', 'p × ', 'p × w']);
  });

  it('leaves predictors alone that may not be optimized', () => {
    const [, point] = latticeOf(
      [
        { prefix: '', state: vanilla },
        { prefix: 'p', state: instructed(vanilla, 'Think.') },
      ],
      ['a.predict'],
    );
    expect(point!.state.predictors['a.predict']!.instructions).toBe('Think.');
    expect(point!.state.predictors['b.predict']!.instructions).toBe('Do b.predict.');
  });
});

describe('bestOnDev', () => {
  it('takes the earlier of equals, and nothing that was not measured', () => {
    const of = (name: string, score: number | null) => ({ name, dev: score === null ? null : { score } });
    expect(bestOnDev([of('a', 50), of('b', 60), of('c', 60), of('d', null)])!.name).toBe('b');
    expect(bestOnDev([])).toBeUndefined();
  });
});

describe('a run with the lattice', () => {
  const found: readonly NamedState[] = [
    { prefix: 'p', state: prompted },
    { prefix: 'w', state: tuned },
  ];

  it('measures what was found elsewhere; dev chooses, and test only reports', async () => {
    // Only both together are right on dev; on test they are all wrong, and everything else is right.
    const { stages, keys, lm } = await run(
      '',
      (one) => {
        const { instructions, split, id } = asked(one);
        const both = instructions === 'Think.' && one.call.model === 'tuned';
        return both === (split === 'd') ? `a${id}` : 'wrong';
      },
      found,
    );
    expect(keys).toEqual(['', ' × w', 'p × ', 'p × w']);
    const scores = Object.fromEntries(stages.map(({ prefix, dev, test }) => [prefix, [dev?.score, test?.score]]));
    expect(scores).toEqual({ '': [0, 100], ' × w': [0, undefined], 'p × ': [0, undefined], 'p × w': [100, 0] });
    expect(bestOnDev(stages)!.prefix).toBe('p × w');
    const onTest = lm.asked.filter((one) => asked(one).split === 't').map(({ call }) => call.model);
    expect(new Set(onTest)).toEqual(new Set(['base', 'tuned']));
    expect(onTest).toHaveLength(2 * 9 * 2);
  });

  it('of one strategy: its own states combined, none of them measured twice', async () => {
    const { stages, keys } = await run('p -> w', demosHelp, []);
    // The prompts that p found, on the weights that w made from them: the option that the paper leaves open.
    expect(keys).toEqual(['', 'p', 'p -> w', 'p × p -> w']);
    const [, p, w, both] = stages.map(({ state }) => state!.predictors['a.predict']!);
    expect(p!.demos.length).toBeGreaterThan(0);
    expect(both).toEqual({ ...p!, model: w!.model });
    expect(stages.map(({ lattice }) => lattice)).toEqual([undefined, undefined, undefined, true]);
  });

  it('without the option there is none', async () => {
    expect((await run('', () => 'no', null)).keys).toEqual(['']);
  });
});

describe('the eight strategies over one memo', () => {
  it('pay for every shared prefix once, and train three models', async () => {
    const shared = fresh();
    const paid = new Map<string, number>();
    for (const strategy of paperStrategies) {
      const { lm, stages } = await run(strategy, demosHelp, null, shared);
      expect(stages.every(({ dev }) => dev !== null)).toBe(true);
      paid.set(strategy, lm.paid.length);
    }
    expect(shared.trainer.jobs).toHaveLength(3);
    expect(new Set(shared.trainer.jobs.map(({ hash }) => hash)).size).toBe(3);
    // Alone, with nothing remembered, each costs what all its prefixes cost together.
    const alone = (await run('p -> w -> p', demosHelp, null)).lm.paid.length;
    const steps = ['', 'p', 'p -> w', 'p -> w -> p'].reduce((sum, prefix) => sum + paid.get(prefix)!, 0);
    expect(steps).toBeLessThanOrEqual(alone);
    const again = await run('p -> w -> p', demosHelp, null, shared);
    expect(again.lm.paid).toHaveLength(0);
  });
});
