/** Steps that learn from another LM's runs of the program. */
import { describe, expect, it } from 'vitest';
import { contentHash } from '../../../src/base/contentHash.ts';
import type { JsonValue } from '../../../src/base/json.ts';
import type { LmAnswer, LmCall } from '../../../src/data/lm.ts';
import { Budget } from '../../../src/engine/budget.ts';
import { Optimization } from '../../../src/engine/optimize.ts';
import { optimizers } from '../../../src/engine/optimizers/all.ts';
import { makePlan } from '../../../src/engine/plan.ts';
import { PythonRandom } from '../../../src/engine/pythonRandom.ts';
import { rolloutLm } from '../../../src/engine/rollout.ts';
import { sampleOf } from '../../../src/engine/sample.ts';
import { contentOf, initialState } from '../../../src/engine/state.ts';
import { UsageMeter } from '../../../src/engine/usage.ts';
import { examples, FakeJournal, FakeLm, FakeProgram, FakeSurroundings, FakeTrainer, twoPredictors } from './fakes.ts';
import { promptSettings, settingsOf } from './settingsOf.ts';
import type { SettingsChange } from './settingsOf.ts';

const big = { model: 'big', endpoint: 'far', own: false };
const names = ['a.predict', 'b.predict'];
const splits = { train: examples(16), dev: examples(4, 'd'), test: null };
const shown = ({ prompt }: LmCall) => (prompt.kind === 'chat' ? prompt.messages[0]!.content : '');
const rowOf = (call: LmCall) => shown(call).split('\n').at(-1)!.slice(1);

/** Which models know which rows. */
type Knows = (model: string, row: number) => boolean;
const teacherKnows: Knows = (model) => model === 'big';

interface World {
  readonly memory: Map<string, JsonValue>;
  readonly memo: Map<string, string>;
}
const newWorld = (): World => ({ memory: new Map(), memo: new Map() });

async function run(
  strategy: string,
  change: SettingsChange,
  { knows = teacherKnows, world = newWorld(), far = 'far, 1', judge = false } = {},
) {
  const prices = { ofAnswer: () => 0, ofTraining: () => 0 };
  const meter = new UsageMeter(prices);
  const answer = ({ call }: { readonly call: LmCall }) => {
    if (shown(call).startsWith('Is ')) return 'yes';
    return knows(call.model, Number(rowOf(call))) ? `a${rowOf(call)}` : 'no idea';
  };
  const lm = new FakeLm(answer, world.memo, (each) => {
    meter.answered(each);
  });
  const journal = new FakeJournal(world.memory);
  const trainer = new FakeTrainer();
  const optimization = new Optimization(
    {
      ...{
        program: new FakeProgram(judge ? { judge } : {}),
        lm,
        trainer,
        journal,
        meter,
        prices,
        surroundings: new FakeSurroundings(),
      },
      gate: new Budget({ calls: null, tokens: null, usd: null }, { calls: 0, tokens: 0, usd: 0 }),
      ...{ concurrency: 4, identity: 'identity', endpoints: new Map([['far', far]]) },
    },
    settingsOf(strategy, change),
    splits,
    twoPredictors,
    { signal: new AbortController().signal, onStage: () => undefined },
  );
  const stages = await optimization.run();
  const askedOf = (model: string) => lm.asked.filter(({ call }) => call.model === model);
  return { stages, journal, lm, trainer, askedOf };
}

describe('a teacher of p', () => {
  it('makes the demos, and scores no candidate', async () => {
    const { stages, askedOf, journal } = await run('p', { p: { teacher: big, maxLabeledDemos: 0 } });
    const started = journal.of('candidate.started');
    expect(Math.max(...started.map(({ about }) => Number(about['correct'])))).toBe(2);
    const winner = started.find(({ about }) => Number(about['demos']) > 0)!;
    const { demos } = journal.states.get(winner.state)!.predictors['b.predict']!;
    expect(demos.every(({ fields, augmented }) => augmented && String(fields['answer']).startsWith('a'))).toBe(true);
    expect(new Set(askedOf('big').map(({ call }) => call.endpoint))).toEqual(new Set(['far']));
    const runs = journal.of('example').filter(({ purpose }) => purpose === 'bootstrap');
    expect(askedOf('big')).toHaveLength(runs.length * 2);
    expect(Object.values(stages.at(-1)!.state!.predictors).map(({ model }) => model)).toEqual(['base', 'base']);
    expect(stages.at(-1)!.dev!.score).toBe(0);
  });

  it('is asked with the prompts of the program, by turns with its own LM where that is wanted', async () => {
    const knows: Knows = (model, row) => (model === 'big') === (row % 2 === 0);
    const both = { ...big, own: true };
    const limits = { maxLabeledDemos: 0, candidates: 1, maxBootstrappedDemos: 6 };
    const { journal, askedOf } = await run('p', { p: { ...limits, teacher: both } }, { knows });
    const unshuffled = journal.of('candidate.started').find(({ about }) => about['seed'] === -1)!;
    expect(unshuffled.about).toMatchObject({ correct: 6 });
    expect(askedOf('big').every(({ call }) => shown(call).startsWith('Do '))).toBe(true);
    const alone = await run('p', { p: { ...limits, teacher: big } }, { knows });
    const first = alone.journal.of('candidate.started').find(({ about }) => about['seed'] === -1)!;
    expect(Number(first.about['correct'])).toBeLessThan(6);
  });

  it('is remembered with who answers there, and a search without one as before there were any', async () => {
    const world = newWorld();
    const change = { p: { teacher: big } };
    const first = await run('p', change, { world });
    expect(first.lm.paid.length).toBeGreaterThan(0);
    const again = await run('p', change, { world });
    expect(again.lm.asked).toEqual([]);
    const other = await run('p', change, { world, far: 'far, 2' });
    expect(other.askedOf('big').length).toBeGreaterThan(0);

    const none = await run('p', {});
    const { teacher, ...settings } = promptSettings;
    expect(teacher).toBeNull();
    const search = { start: initialState(twoPredictors, 'base'), startCompiled: false, predictors: names };
    const scoring = { settings, threshold: 1, metricRange: [0, 1] };
    const rows = new PythonRandom(0).shuffle(splits.train).map(contentOf);
    const key = ['prompt search', 'identity', { ...search, ...scoring }, rows.slice(0, 6), rows.slice(6, 16)];
    expect(none.journal.memory.has(contentHash(key))).toBe(true);
  });
});

describe('a teacher of w', () => {
  it('makes the training rows, with the prompts of the program', async () => {
    const { journal, trainer, askedOf } = await run('w', { w: { teacher: big } });
    expect(journal.of('rows.collected')[0]).toMatchObject({ tried: 16, correct: 16, rows: 32 });
    expect(trainer.jobs[0]!.set.rows.map(({ completion }) => completion)).not.toContain('no idea');
    expect(askedOf('base').filter(({ call }) => shown(call).includes('\nq'))).toEqual([]);
  });

  it('of which rows are pooled with those of its own, counts a row that either got right once', async () => {
    const knows: Knows = (model, row) => (model === 'big' ? row % 2 === 0 : row % 4 === 0);
    const { journal } = await run('w', { w: { teacher: { ...big, own: true } } }, { knows });
    expect(journal.of('rows.collected')[0]).toMatchObject({ tried: 16, correct: 8, rows: 2 * (8 + 4) });
    const nobody = await run('w', { w: { teacher: big } }, { knows: () => false });
    expect(nobody.stages.at(-1)!.reason).toBe('nothing to train on: 0 of 16 training examples had a correct trace');
    expect(nobody.trainer.jobs).toEqual([]);
  });

  it("asks the metric of the run, at the run's endpoint", async () => {
    const { lm } = await run('w', { w: { teacher: big } }, { judge: true });
    const judged = lm.asked.filter(({ call }) => shown(call).startsWith('Is '));
    expect(new Set(judged.map(({ call }) => `${call.model} ${call.endpoint}`))).toEqual(new Set(['base undefined']));
  });
});

describe('an LM that answers a program in the place of its own', () => {
  it('leaves calls alone whose author named an LM, and those of the metric', async () => {
    const asked: string[] = [];
    const lm = {
      complete: ({ model, endpoint }: LmCall) => {
        asked.push(`${model} at ${endpoint ?? 'home'}`);
        return Promise.resolve({} as LmAnswer);
      },
    };
    const options = { round: 0, roundTemperature: 1, baseModel: 'base', onAnswer: () => undefined };
    const asks = { model: 'big', endpoint: 'far' };
    const { call } = rolloutLm(lm, { ...options, signal: new AbortController().signal, asks });
    const prompt: LmCall = { model: 'tuned', prompt: { kind: 'text', prompt: 'p' }, stop: [] };
    await call(prompt);
    await call({ ...prompt, model: 'named', authors: true });
    await call({ ...prompt, model: 'named', authors: true, endpoint: 'near' });
    await call(prompt, 'metric');
    expect(asked).toEqual(['big at far', 'named at home', 'named at near', 'base at home']);
  });
});

describe('the price of a teacher', () => {
  const usage = { inputTokens: 100, cachedInputTokens: 0, outputTokens: 10 };
  const record = { finishReason: 'stop', usage, key: 'k', model: 'base', cached: false, seconds: 0 } as const;
  const call = { predictor: 'a', inputs: {}, outputs: {}, lm: [record], path: [], start: 0, seconds: 0 };
  const sample = sampleOf([{ trace: [call], untraced: [record], correct: true }], 2, 1);
  const sizes = { train: 40, dev: 10, test: 0 };
  const bill = (change: SettingsChange, teachers: number | null) => {
    const prices = {
      call: (input: number, output: number, of?: { readonly model: string }) => {
        const each = of?.model === 'big' ? teachers : 1;
        return each === null ? null : each * (input + output);
      },
      training: () => 0,
    };
    const { steps, usd } = makePlan(settingsOf('w', change), sizes, sample, prices);
    return { usd, step: steps.find(({ prefix, work }) => prefix === 'w' && work === 'step')! };
  };

  it('is that of its own model, for the calls of the program and not for those of the metric', () => {
    const [alone, taught] = [bill({}, 7).step, bill({ w: { teacher: big } }, 7).step];
    expect(alone.usd).toEqual({ expected: 40 * 220, most: 40 * 220 });
    expect(taught.usd).toEqual({ expected: 40 * (7 * 110 + 110), most: 40 * (7 * 110 + 110) });
    expect([taught.calls, taught.inputTokens]).toEqual([alone.calls, alone.inputTokens]);
    const both = bill({ w: { teacher: { ...big, own: true } } }, 7).step;
    expect(both.usd).toEqual({ expected: 40 * (8 * 110 + 220), most: 40 * (8 * 110 + 220) });
    expect(both.job!.rows).toEqual({ expected: 80, most: 80 });
  });

  it('makes the whole bill unknown where it is', () => {
    expect(bill({ w: { teacher: big } }, null).usd).toBeNull();
    expect(bill({}, null).usd).not.toBeNull();
  });
});

describe('settings of a teacher', () => {
  it('are none in runs of earlier versions', () => {
    for (const kind of ['p', 'w'] as const) {
      const optimizer = optimizers.get(kind);
      const facts = { rows: 20, modelsPerJob: 1 };
      const taught = optimizer.resolve({ teacher: { model: 'big', endpoint: 'far' } }, { embedded: false });
      expect(optimizer.teacher(taught)).toEqual({ model: 'big', endpoint: 'far', own: false });
      const { teacher, ...before } = optimizer.resolve({}, { embedded: false });
      expect(teacher).toBeNull();
      expect(optimizer.teacher(before)).toBeNull();
      expect(optimizer.step(kind, before, facts)).toMatchObject({ name: kind });
    }
  });
});
