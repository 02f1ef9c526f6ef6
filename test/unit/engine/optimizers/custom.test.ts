import { describe, expect, it } from 'vitest';
import type { ProgramState } from '../../../../src/data/program.ts';
import type { CodeRequest, CodeWork, OptimizerCode } from '../../../../src/engine/optimizerCode.ts';
import { Budget } from '../../../../src/engine/budget.ts';
import { CallRejected } from '../../../../src/engine/errors.ts';
import { Optimization } from '../../../../src/engine/optimize.ts';
import { custom } from '../../../../src/engine/optimizers/custom/optimizer.ts';
import { checkedState } from '../../../../src/engine/optimizers/custom/checkState.ts';
import { initialState } from '../../../../src/engine/state.ts';
import { UsageMeter } from '../../../../src/engine/usage.ts';
import { examples, FakeJournal, FakeLm, FakeProgram, FakeSurroundings, twoPredictors } from '../fakes.ts';
import { settingsOf } from '../settingsOf.ts';

const start = initialState(twoPredictors, 'base');
const [first] = twoPredictors.predictors;
const a = start.predictors['a.predict']!;

const changed = (change: object): unknown => ({
  predictors: { ...start.predictors, 'a.predict': { ...a, ...change } },
});

describe('a state that user code made', () => {
  const allowed = { start, predictors: [first!] };
  const errorOf = (state: unknown): string => {
    try {
      checkedState(state, allowed, 'It');
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };

  it('may have other instructions and demos of the predictors that may change', () => {
    const demos = [{ fields: { question: 'q', answer: 'a' }, augmented: false }];
    expect(checkedState(changed({ instructions: 'Other.', demos }), allowed, 'It')).toEqual(
      changed({ instructions: 'Other.', demos }),
    );
  });

  it.each([
    [null, 'It is no state of the program'],
    [{ predictors: [] }, 'It is no state of the program'],
    [{ ...start, more: 1 }, 'Unrecognized key: "more"'],
    [changed({ instruction: 'x' }), 'Unrecognized key: "instruction"'],
    [changed({ instructions: 1 }), 'predictors["a.predict"].instructions'],
    [changed({ model: 'large' }), 'predictor "a.predict" has another model ("large")'],
    [
      changed({ demos: [{ fields: { wrong: 1 }, augmented: true }] }),
      'a demo with the field "wrong", and knows question, answer',
    ],
    [{ predictors: { ...start.predictors, c: a } }, 'predictor "c" is none of the program'],
    [{ predictors: { 'a.predict': a } }, 'predictor "b.predict" is missing'],
    [
      { predictors: { ...start.predictors, 'b.predict': { ...a, instructions: 'x' } } },
      'predictor "b.predict" is frozen, and was changed',
    ],
  ])('is refused where it is anything else: %#', (state, message) => {
    expect(errorOf(state)).toContain(message);
  });
});

const prices = { ofAnswer: () => 0, ofTraining: () => 0 };
const noCap = { calls: null, tokens: null, usd: null };

type Run = (request: CodeRequest, work: CodeWork) => Promise<unknown>;

/** A run of a strategy with this optimizer; `memory` is kept from run to run. */
async function optimizeWith(run: Run, { runs = 50, calls = 5, memory = new Map(), hash = 'code', fails = false } = {}) {
  const journal = new FakeJournal(memory);
  const meter = new UsageMeter(prices);
  let ran = 0;
  const code: OptimizerCode = {
    hash,
    run: async (request, work) => {
      ran++;
      return { returned: await run(request, work) };
    },
  };
  const settings = custom.resolve({ optimizer: 'o.ts#mine', runs, calls }, { embedded: false });
  const step = custom.step('mine', settings, { rows: 12, modelsPerJob: 1 });
  const lm = new FakeLm(({ call }) => {
    if (fails && JSON.stringify(call).includes('a question')) throw new CallRejected('too long');
    return 'said';
  });
  const optimization = new Optimization(
    {
      ...{
        program: new FakeProgram({ score: ({ state }) => scoreOf(state) }),
        lm,
        trainer: null,
        journal,
        meter,
        prices,
      },
      ...{ surroundings: new FakeSurroundings(), concurrency: 4, identity: 'identity' },
      gate: new Budget(noCap, { calls: 0, tokens: 0, usd: 0 }),
      code: new Map([['o.ts#mine', code]]),
    },
    { ...settingsOf(''), strategy: [step] },
    { train: examples(12), dev: examples(4, 'd'), test: null },
    twoPredictors,
    { signal: new AbortController().signal, onStage: () => undefined },
  );
  const stages = await optimization.run();
  return { stages, journal, lm, ran, memory };
}

const better: ProgramState = { predictors: { ...start.predictors, 'a.predict': { ...a, instructions: 'Better.' } } };
const scoreOf = ({ predictors }: ProgramState): number => (predictors['a.predict']!.instructions === 'Better.' ? 1 : 0);
const question = { prompt: { kind: 'chat', messages: [{ role: 'user', content: 'a question' }] } } as const;

const search: Run = async ({ state }, { evaluate, ask }) => {
  await ask(question);
  await evaluate({ state, rows: [0, 1, 2], about: { name: 'as it was' } });
  const { score, rows } = await evaluate({ state: better, rows: [2, 0], about: { name: 'better' } });
  expect({ score, scores: rows.map((row) => row.score) }).toEqual({ score: 100, scores: [1, 1] });
  expect(rows[0]).toMatchObject({
    error: null,
    outputs: {},
    calls: [{ predictor: 'a.predict' }, { predictor: 'b.predict' }],
  });
  return better;
};

describe('a step of user code', () => {
  it('ends in the candidate that it returns, and done again asks nobody', async () => {
    const { stages, journal, memory } = await optimizeWith(search);
    expect(stages[1]).toMatchObject({ prefix: 'mine', state: better, dev: { score: 100 } });
    expect(journal.of('candidate.started').map(({ about }) => about)).toEqual([
      { name: 'as it was' },
      { name: 'better' },
    ]);
    // The question, two predictors on three rows, and the one that changed on two more.
    expect(journal.of('step.finished')[0]).toMatchObject({ candidate: 1, usage: { calls: 9 } });
    const again = await optimizeWith(search, { memory });
    expect(again.ran).toBe(0);
    expect(again.lm.asked).toEqual([]);
    expect(again.journal.of('candidate.finished')).toEqual(journal.of('candidate.finished'));
    expect((await optimizeWith(search, { memory, hash: 'other code' })).ran).toBe(1);
  });

  it('ends at its limits, also where its code goes on', async () => {
    const greedy: Run = async ({ state }, { evaluate, ask }) => {
      await ask(question).catch(() => undefined);
      await evaluate({ state, rows: [0, 1, 2] }).catch(() => undefined);
      return state;
    };
    await expect(optimizeWith(greedy, { runs: 2 })).rejects.toThrow('Raise "steps.mine.runs"');
    await expect(optimizeWith(greedy, { calls: 0 })).rejects.toThrow('Raise "steps.mine.calls"');
  });

  it('handles a question itself that cannot be answered', async () => {
    const careful: Run = async ({ state }, { ask }) => {
      await expect(ask(question)).rejects.toThrow('too long');
      return state;
    };
    const { stages } = await optimizeWith(careful, { fails: true });
    expect(stages[1]).toMatchObject({ state: start });
  });

  it('is never remembered under a state that is refused', async () => {
    const memory = new Map();
    const wrong: Run = () => Promise.resolve(changed({ model: 'large' }));
    await expect(optimizeWith(wrong, { memory })).rejects.toThrow('What o.ts#mine returns is refused');
    expect((await optimizeWith(search, { memory })).ran).toBe(1);
  });

  it('is given rows by their place, and tells which is wrong', async () => {
    const far: Run = ({ state }, { evaluate }) => evaluate({ state, rows: [12] });
    await expect(optimizeWith(far)).rejects.toThrow('row 13');
  });
});
