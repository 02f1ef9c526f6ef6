/**
 * Where we do otherwise than DSPy on purpose: each test shows DSPy doing the one thing and us the other, on the same
 * rows and the same scripted LM. Told to people in docs/differences-from-dspy.md, by the names of these tests.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { configure } from 'bettertogether';
import type { ProgramState } from '../../../src/data/program.ts';
import { EndpointUnavailable } from '../../../src/engine/errors.ts';
import { initialState, withDemos } from '../../../src/engine/state.ts';
import { toDspyJson } from '../../../src/run/export/exportState.ts';
import type { FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { FakeTrainer } from '../../unit/engine/fakes.ts';
import { dspyVersion, skipWhereOlder } from './olderDspy.ts';
import { Oracle } from './oracle.ts';
import { exact, optimize, rows, script, SdkProgram, Twice, Two } from './ours.ts';

// A busy machine takes its time to start threads.
vi.setConfig({ testTimeout: 60_000 });

let fake: FakeEndpoint;
let dspy: Oracle;
beforeAll(async () => {
  fake = await startFakeEndpoint({ answer: script, models: ['base', 'teacher', 'tuned-1', 'tuned-2'] });
  dspy = new Oracle(fake.baseURL);
  expect(await dspy.ask('ready')).toBe(dspyVersion);
}, 300_000);
afterAll(async () => {
  dspy.close();
  await fake.close();
});
beforeEach(() => {
  fake.reset();
  fake.setAnswer(script);
});

interface Together {
  readonly scores: Readonly<Record<string, number>>;
  readonly errorFlag: boolean;
  readonly models: readonly (string | null)[];
  readonly jobs: readonly { readonly model: string; readonly rows: number }[];
}

interface Finetuned {
  readonly error: string | null;
  readonly jobs: readonly {
    readonly model: string;
    readonly rows: readonly (readonly { readonly role: string; readonly content: string }[])[];
  }[];
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly demos: readonly number[];
}

const train = rows('train', 12);
const validation = rows('dev', 6);
const p = { candidates: 2, maxBootstrappedDemos: 2, maxLabeledDemos: 2 };
const together = (strategy: string, more: Readonly<Record<string, unknown>> = {}) =>
  dspy.ask<Together>('together', { strategy, train, validation, p, ...more });

describe('differences from DSPy', () => {
  it('F1: the prompt search after w runs on the tuned model', async (test) => {
    skipWhereOlder(test, 'BetterTogether');
    const theirs = await together('w -> p');
    const order = fake.calls.map(({ model }) => model);
    // DSPy scores the result of w on the tuned model, searches on the old one, and scores again on the tuned.
    const tunedRuns = order
      .join(' ')
      .split(/(?:base ?)+/)
      .filter((run) => run !== '');
    expect(theirs.jobs).toHaveLength(1);
    expect(tunedRuns).toHaveLength(2);
    expect(order.slice(order.indexOf('tuned-1')).filter((model) => model === 'base').length).toBeGreaterThan(20);

    const ours = await optimize('w -> p', { train, dev: validation });
    expect(ours.error).toBeUndefined();
    const models = ours.lm.asked.map(({ call }) => call.model);
    const tuned = models.find((model) => model !== 'base')!;
    expect(models.slice(models.indexOf(tuned)).filter((model) => model !== tuned)).toEqual([]);
    const searched = ours.lm.asked.filter(({ call }) => call.model === tuned);
    expect(searched.length).toBeGreaterThan(20);
  });

  it('F2: one bad example does not end a step', async () => {
    const oneBad = (asked: Parameters<typeof script>[0]) =>
      asked.messages.at(-1)!.content.includes('train 4\n') ? 'not in the format' : script(asked);
    fake.setAnswer(oneBad);
    const theirs = await dspy.ask<Finetuned>('finetune', { train });
    expect(theirs.error).toMatch(/^(ValueError|AttributeError)/);
    expect(theirs.jobs).toEqual([]);

    const ours = await optimize('w', { train, dev: validation, script: oneBad });
    expect(ours.error).toBeUndefined();
    expect(ours.trainer.jobs).toHaveLength(1);
    expect(ours.journal.of('rows.collected')[0]).toMatchObject({ tried: 12, correct: 4 });
  });

  it('F3: nothing to train on, no job', async () => {
    const theirs = await dspy.ask<Finetuned>('finetune', { train, metric: 'never' });
    expect(theirs.jobs).toEqual([{ model: 'base', rows: [] }]);

    const ours = await optimize('w', { train, dev: validation, metric: () => false });
    expect(ours.error).toBeUndefined();
    expect(ours.trainer.jobs).toEqual([]);
    expect(ours.stages[1]).toMatchObject({
      state: null,
      reason: expect.stringMatching(/nothing to train on: 0 of 12/),
    });
  });

  it('F4: rows belong to the predictor that was called', async (test) => {
    skipWhereOlder(test, 'rows of one predictor');
    const w = { multitask: false, exclude_demos: true };
    const theirs = await dspy.ask<Finetuned>('finetune', { train, program: 'twice', w });
    // The second predictor's job gets the second call of each trace, which is the first predictor's.
    const asks = (field: string) => (row: readonly { readonly content: string }[]) =>
      row.some(({ content }) => content.includes(`starting with the field \`[[ ## ${field} ## ]]\``));
    expect(theirs.jobs).toHaveLength(2);
    expect(theirs.jobs[1]!.rows.length).toBeGreaterThan(0);
    expect(theirs.jobs[1]!.rows.every(asks('hint'))).toBe(true);

    const ours = await optimize('w', { train, dev: validation, program: new Twice() });
    const trained = ours.trainer.jobs[0]!.set.rows;
    expect(ours.journal.of('rows.collected')[0]!.byPredictor).toEqual({ hint: 8, answer: 4 });
    for (const row of trained) {
      const messages = row.prompt.kind === 'chat' ? row.prompt.messages : [];
      expect(asks(row.predictor)(messages), row.predictor).toBe(true);
    }
  });

  it('F5: a metric that always throws, or an endpoint that is gone, is never a score of 0', async (test) => {
    skipWhereOlder(test, 'BetterTogether');
    const theirs = await together('w', { metric: 'throws' });
    expect(theirs.scores).toEqual({ '': 0 });

    const broken = await optimize('w', {
      train,
      dev: validation,
      metric: () => {
        throw new Error('the metric is broken');
      },
    });
    expect(String(broken.error)).toMatch(/the metric is broken/);
    expect(broken.stages.every(({ dev }) => dev === null)).toBe(true);

    // An endpoint that answers the first calls and then no more.
    let answers = 0;
    fake.setAnswer((asked) => {
      answers += 1;
      return answers > 12 ? { text: null, raw: { error: { message: 'out of memory' } }, status: 500 } : script(asked);
    });
    const gone = await together('p', { lm: { num_retries: 0 } });
    expect(gone.errorFlag || Object.values(gone.scores).includes(0)).toBe(true);
    const unavailable = await optimize('p', {
      train,
      dev: validation,
      lm: {
        complete: () => Promise.reject(new EndpointUnavailable('out of memory')),
      },
    });
    expect(unavailable.error).toBeInstanceOf(EndpointUnavailable);
    expect(unavailable.stages.every(({ dev }) => dev === null)).toBe(true);
  });

  it('F6: the metric sees the trace wherever traces are collected', async () => {
    const theirs = await dspy.ask<unknown>('metric_traces', { train });
    expect(theirs).toEqual({ finetune: [false], bootstrap: [true] });

    const seen = { collecting: 0, scoring: 0 };
    await optimize('w', {
      train,
      dev: validation,
      metric: (example, prediction, trace) => {
        const collected = String(example['question']).startsWith('train');
        if (collected && trace !== undefined) seen.collecting += 1;
        if (!collected && trace === undefined) seen.scoring += 1;
        return exact(example, prediction);
      },
    });
    expect(seen).toEqual({ collecting: 12, scoring: 12 });
  });

  it('F7: a second w goes on from the tuned weights', async (test) => {
    skipWhereOlder(test, 'BetterTogether');
    const theirs = await together('w -> w', { lm: { finetuning_model: 'base-checkpoint' } });
    expect(theirs.jobs.map(({ model }) => model)).toEqual(['base-checkpoint', 'base-checkpoint']);

    const { trainer, journal } = await optimize('w -> w', { train, dev: validation });
    const [first] = journal.of('job.finished');
    expect(trainer.jobs.map(({ parent }) => parent)).toEqual(['base', first!.model]);
  });

  it('F7: where the back end cannot go on, the run says so', async () => {
    const trainer = new FakeTrainer();
    trainer.continues = false;
    const { journal } = await optimize('w -> w', { train, dev: validation, trainer });
    expect(trainer.jobs.map(({ parent }) => parent)).toEqual(['base', 'base']);
    expect(journal.of('warning').map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/trains base again/),
    );
  });

  it('F8: training settings hold for every w', async (test) => {
    skipWhereOlder(test, 'BetterTogether');
    const theirs = await dspy.ask<Together>('together_keyed', { strategy: 'w -> w', train, validation, p });
    expect(theirs.errorFlag).toBe(true);
    expect(theirs.jobs).toHaveLength(1);

    const { trainer } = await optimize('w -> w', { train, dev: validation });
    expect(trainer.jobs).toHaveLength(2);
    expect(trainer.jobs[1]!.hyperParameters).toEqual(trainer.jobs[0]!.hyperParameters);
    expect(trainer.jobs[1]!.hyperParameters).toMatchObject({ epochs: 5, learningRate: 1e-5 });
  });

  it('F9: weights are trained on vanilla prompts, and the original prompts come back', async () => {
    const demo = { question: 'dev 9', hint: 'h', answer: 'a dev 9' };
    const theirs = await dspy.ask<Finetuned>('finetune', { train, demo });
    expect(theirs.demos).toEqual([1, 1]);
    expect(theirs.jobs[0]!.rows.every((row) => row.length === 5)).toBe(true);

    const ours = await optimize('p -> w', { train, dev: validation });
    expect(ours.stages[1]!.state!.predictors['answer']!.demos.length).toBeGreaterThan(0);
    expect(ours.stages[2]!.state!.predictors['answer']!.demos).toEqual([]);
    for (const { prompt } of ours.trainer.jobs[0]!.set.rows) {
      expect(prompt.kind === 'chat' ? prompt.messages.map(({ role }) => role) : []).toEqual(['system', 'user']);
    }
  });

  it('F11: a second round asks the teacher anew, at its own temperature', async () => {
    await dspy.ask('rounds', { train: train.slice(0, 2) });
    // The teacher LM that was asked for is never used, and both rounds send the same request.
    expect(fake.callsFor('teacher')).toEqual([]);
    expect(new Set(fake.callsFor('base').map(({ temperature }) => temperature))).toEqual(new Set([0.1]));
    const hints = fake
      .callsFor('base')
      .filter(({ prompt }) => prompt.includes('train 0\n') && !prompt.includes('hint for'));
    expect(new Set(hints.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(hints.length).toBe(2);

    const ours = await optimize('w', {
      train: train.slice(0, 4),
      dev: validation,
      w: { rounds: 2, roundTemperature: 0.9 },
      script: (asked, { round }) => (round === 0 ? 'not in the format' : script(asked)),
    });
    const retried = ours.lm.asked.filter(({ rollout }) => rollout.round === 1);
    expect(retried.length).toBeGreaterThan(0);
    expect(retried.every(({ rollout }) => rollout.temperature === 0.9)).toBe(true);
  });

  it('F12: the program is never changed', async () => {
    const theirs = await dspy.ask<Finetuned>('finetune', { train });
    expect(theirs.before).toEqual(['base', 'base']);
    expect(theirs.after).toEqual(['tuned-1', 'tuned-1']); // the caller's own object

    const program = new Two();
    const before = JSON.stringify(program.state());
    const { stages } = await optimize('p -> w', { train, dev: validation, program });
    expect(stages[2]!.state!.predictors['answer']!.model).not.toBe('base');
    expect(JSON.stringify(program.state())).toBe(before);
  });

  it('F13: a tuned program loads back and answers on its tuned model', async (test) => {
    skipWhereOlder(test, 'api_base in saved states');
    const theirs = await dspy.ask<Readonly<Record<string, unknown>>>('reload');
    expect(theirs['before']).toBe(fake.baseURL);
    expect(theirs).toMatchObject({ model: 'openai/tuned-1', apiBase: null });
    expect(theirs['provider']).not.toBe('_Trainer');

    const state = await tunedState();
    const program = new Two();
    program.load(state);
    configure({ baseURL: fake.baseURL, model: 'base' });
    fake.reset();
    expect(await program.call({ question: 'test 1' })).toEqual({ answer: 'a test 1' });
    expect(fake.calls.map(({ model }) => model)).toEqual(['tuned-1', 'tuned-1']);
  });

  it('F13: what we export loads in DSPy, with the LM set as the export says', async () => {
    const state = await tunedState();
    const { predictors } = await new SdkProgram(new Two(), exact).describe();
    const exported = toDspyJson(
      state,
      { name: 'two', language: 'python', predictors, sources: {} },
      { temperature: 0.1, maxTokens: 64 },
    );
    const loaded = await dspy.ask<{ demos: Record<string, { fields: unknown }[]>; answer: string }>('load_state', {
      state: exported,
      model: 'tuned-1',
      question: 'test 2',
    });
    expect(loaded.answer).toBe('a test 2');
    expect(loaded.demos['answer']!.map(({ fields }) => fields)).toEqual([
      { question: 'q', hint: 'h', answer: 'said before' },
    ]);
  });

  it('F15: what was paid for is never paid for again', async (test) => {
    skipWhereOlder(test, 'BetterTogether');
    const job = () => dspy.ask<Together>('together', { strategy: 'w', train, validation, p });
    expect((await job()).jobs).toHaveLength(1);
    const once = fake.counters.answered;
    expect((await job()).jobs).toHaveLength(1); // trained again: oracle.py counts the jobs of each run anew
    expect(fake.counters.answered).toBe(2 * once);

    const kept = { memory: new Map(), lmMemo: new Map<string, string>(), trainer: new FakeTrainer() };
    const first = await optimize('p -> w', { train, dev: validation, ...kept });
    const again = await optimize('p -> w', { train, dev: validation, ...kept });
    expect(first.lm.paid.length).toBeGreaterThan(0);
    expect(again.lm.paid).toEqual([]);
    expect(kept.trainer.jobs).toHaveLength(1);
    expect(again.stages).toEqual(first.stages);
  });

  it('F16: every step is given its rows', async (test) => {
    skipWhereOlder(test, 'BetterTogether');
    expect(await dspy.ask('keyword_arguments', { train })).toEqual([[]]);

    const { journal } = await optimize('p -> w', { train, dev: validation });
    expect(journal.of('step.started').map(({ kind, examples }) => [kind, examples])).toEqual([
      ['p', 12],
      ['w', 12],
    ]);
  });
});

/** A program with a demo, on a tuned model. */
async function tunedState(): Promise<ProgramState> {
  const description = await new SdkProgram(new Two(), exact).describe();
  const demo = { fields: { question: 'q', hint: 'h', answer: 'said before' }, augmented: true };
  return withDemos(initialState(description, 'tuned-1'), ['answer'], { answer: [demo] });
}
