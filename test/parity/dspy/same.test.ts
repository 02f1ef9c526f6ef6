/** What we do as DSPy does, compared with DSPy itself on one scripted LM. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { ParseError, Predict, signature } from 'bettertogether';
import type { Demo, Example, ProgramState } from '../../../src/data/program.ts';
import { bootstrapFewShot, TeacherTraces } from '../../../src/engine/demos/bootstrap.ts';
import { labeledFewShot } from '../../../src/engine/demos/demos.ts';
import type { DemosByPredictor } from '../../../src/engine/demos/demos.ts';
import { Pool } from '../../../src/engine/pool.ts';
import type { CandidateFacts } from '../../../src/protocol.ts';
import { candidatePlans } from '../../../src/engine/optimizers/fewShot/candidates.ts';
import { searchPrompts } from '../../../src/engine/optimizers/fewShot/promptSearch.ts';
import { PythonRandom } from '../../../src/engine/pythonRandom.ts';
import { ReadingTally, RunMemory } from '../../../src/engine/runMemory.ts';
import { Runner } from '../../../src/engine/runner.ts';
import { FailureTally } from '../../../src/engine/scope.ts';
import { percent } from '../../../src/engine/score.ts';
import { initialState, stateHash, withDemos } from '../../../src/engine/state.ts';
import { UsageMeter } from '../../../src/engine/usage.ts';
import { statesOf } from '../../../src/run/work/result.ts';
import type { FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { dspyPython } from '../../system/dspyPython.ts';
import { FakeJournal, FakeLm } from '../../unit/engine/fakes.ts';
import {
  expectChatAsDspy,
  expectJsonAsDspy,
  expectPrefixesAsDspy,
  expectValuesAsDspy,
} from '../../unit/program/adapterCase.ts';
import type { AdapterCase } from '../../unit/program/adapterCase.ts';
import { asked, run } from '../../unit/program/run.ts';
import { dspyVersion, isOlder, skipWhereOlder } from './olderDspy.ts';
import { Oracle } from './oracle.ts';
import { exact, examples, messagesOf, odd, optimize, rows, script, SdkProgram, Two } from './ours.ts';
import type { Metric } from './ours.ts';

// A busy machine takes its time to start threads.
vi.setConfig({ testTimeout: 60_000 });

let fake: FakeEndpoint;
let dspy: Oracle;
beforeAll(async () => {
  fake = await startFakeEndpoint({ answer: script, models: ['base', 'tuned-1', 'tuned-2'] });
  dspy = new Oracle(fake.baseURL);
  expect(await dspy.ask('ready')).toBe(dspyVersion);
}, 300_000);
afterAll(async () => {
  dspy.close();
  await fake.close();
});

const predictors = ['hint', 'answer'];
const prices = { ofAnswer: () => null, ofTraining: () => null };
const description = await new SdkProgram(new Two(), exact).describe();
const start = initialState(description, 'base');

function runnerFor(metric: Metric) {
  const journal = new FakeJournal();
  const lm = new FakeLm(({ call }) => script({ model: call.model, messages: messagesOf(call) }));
  const scope = {
    prefix: 'p',
    meter: new UsageMeter(prices),
    failures: new FailureTally([0, 1]),
    readings: new ReadingTally(),
    signal: new AbortController().signal,
  };
  const memory = new RunMemory(journal, null);
  const runner = new Runner({
    program: new SdkProgram(new Two(), metric),
    lm,
    journal,
    memory,
    pool: new Pool(4),
    meter: new UsageMeter(prices),
    baseModel: 'base',
    identity: 'parity',
    metricRange: [0, 1],
    abort: () => undefined,
  });
  return { runner, journal, memory, scope };
}

async function bootstrap(
  maxBootstrapped: number,
  maxLabeled: number,
  trainset: readonly Example[],
  metric: Metric,
): Promise<Demos> {
  const { runner, scope } = runnerFor(metric);
  const traces = new TeacherTraces(runner, scope, {
    predictors,
    rounds: 1,
    roundTemperature: 1,
    threshold: 1,
    teacher: null,
  });
  const limits = { maxBootstrapped, maxLabeled, trainset, asker: { candidate: 0, turn: 0 } };
  const options = { traces, teacher: start, teacherCompiled: false, predictors, ...limits };
  return demosAlone((await bootstrapFewShot(options)).demos);
}

/** As DSPy gives them: by predictor. */
type Demos = Readonly<Record<string, readonly Demo[]>>;

function demosAlone(demos: DemosByPredictor): Demos {
  return Object.fromEntries(Object.entries(demos).map(([name, all]) => [name, all.map(({ demo }) => demo)]));
}

const stateWith = (demos: Demos): ProgramState => withDemos(start, predictors, demos);

describe('demo schedules', () => {
  it.each([
    [3, 12],
    [5, 4],
    [16, 100],
  ])('LabeledFewShot, %i of %i', async (k, n) => {
    const train = rows('train', n);
    const ours = labeledFewShot(predictors, examples(train), k);
    expect(demosAlone(ours)).toEqual(await dspy.ask('labeled', { k, train }));
  });

  it.for([
    [2, 6, 'exact'],
    [4, 16, 'exact'],
    [3, 0, 'exact'],
    [0, 4, 'exact'],
    [3, 3, 'odd'],
  ] as const)(
    'BootstrapFewShot, %i bootstrapped, %i labelled, metric %s',
    async ([maxBootstrapped, maxLabeled, metric], test) => {
      if (maxLabeled > maxBootstrapped) skipWhereOlder(test, 'labelled demos');
      const train = rows('train', 14);
      const theirs = await dspy.ask('bootstrap', { maxBootstrapped, maxLabeled, metric, train });
      const used = metric === 'odd' ? odd : exact;
      expect(await bootstrap(maxBootstrapped, maxLabeled, examples(train), used)).toEqual(theirs);
    },
  );

  it.for([
    { candidates: 6, maxBootstrappedDemos: 3, maxLabeledDemos: 3 },
    { candidates: 4, maxBootstrappedDemos: 4, maxLabeledDemos: 0 },
  ])('BootstrapFewShotWithRandomSearch, candidate by candidate: %o', async (limits, test) => {
    if (limits.maxLabeledDemos > 0) skipWhereOlder(test, 'labelled demos');
    const p = { ...limits, rounds: 1, roundTemperature: 1, train: 20, validation: 12, teacher: null };
    const [train, validation] = [rows('train', 20), rows('validation', 12)];
    const theirs = await dspy.ask<{
      candidates: Record<string, { score: number; demos: Demos }>;
      best: Demos;
    }>('search', { p, train, validation });
    const { runner, journal, memory, scope } = runnerFor(exact);
    const found = await searchPrompts(
      { runner, journal, memory, meter: new UsageMeter(prices), identity: 'parity', endpoints: new Map() },
      {
        start,
        startCompiled: false,
        predictors,
        trainset: examples(train),
        validation: examples(validation),
        settings: p,
        threshold: 1,
        metricRange: [0, 1],
        seed: 0,
      },
      scope,
    );
    const started = journal.of('candidate.started');
    expect(started).toHaveLength(candidatePlans(p).length);
    const seedOf = ({ about }: { readonly about: CandidateFacts }) => Number(about['seed']);
    for (const event of started) {
      const [seed, { state }] = [seedOf(event), event];
      expect(state, `seed ${seed}`).toBe(stateHash(stateWith(theirs.candidates[seed]!.demos)));
    }
    // A candidate that can no longer win is not scored to the end; the others have DSPy's score.
    const finished = journal.of('candidate.finished').filter(({ score }) => score !== null);
    expect(finished.length).toBeGreaterThan(0);
    for (const { candidate, score } of finished) {
      const seed = seedOf(started.find((each) => each.candidate === candidate)!);
      expect(score!.score, `seed ${seed}`).toBe(theirs.candidates[seed]!.score);
    }
    expect(stateHash(found.state)).toBe(stateHash(stateWith(theirs.best)));
  });
});

describe('of 60 random signatures, live', () => {
  let cases: readonly AdapterCase[] = [];
  beforeAll(() => {
    const script = fileURLToPath(new URL('../../goldens/recordAdapterCases.py', import.meta.url));
    const env = { ...process.env, LITELLM_LOCAL_MODEL_COST_MAP: 'True', PYTHONDONTWRITEBYTECODE: '1' };
    const made = spawnSync(dspyPython(), ['-W', 'ignore', script, '60', '20261123'], { env, encoding: 'utf8' });
    expect(made.status, made.stderr).toBe(0);
    cases = JSON.parse(made.stdout) as readonly AdapterCase[];
    expect(cases).toHaveLength(60);
  }, 120_000);

  it('messages in the chat format', () => {
    for (const recorded of cases) expectChatAsDspy(recorded);
  });

  it('messages in the JSON format', (test) => {
    skipWhereOlder(test, 'JSON beyond ASCII');
    for (const recorded of cases) expectJsonAsDspy(recorded);
  });

  it('prefixes', (test) => {
    skipWhereOlder(test, 'the prefix of reasoning');
    for (const recorded of cases) expectPrefixesAsDspy(recorded);
  });

  it('parsed values, and of an older DSPy those that it does not refuse', () => {
    const refusesMore = isOlder('literals that are no texts') || isOlder('optional outputs');
    for (const recorded of cases) {
      const parse = recorded.parse.filter(([, fields]) => !refusesMore || fields !== null);
      expectValuesAsDspy({ ...recorded, parse });
    }
  });
});

describe('an answer that cannot be read', () => {
  const garbage = 'I would rather not say.';
  const unreadable = 'nor as JSON';
  const json: Readonly<Record<string, string>> = {
    'question -> answer: int, tags: list[str]': '```json\n{"answer": "7", "tags": ["a"], "more": 1}\n```',
    'question -> answer: Literal["yes", "no"]': '{"answer": "yes"}',
    'question -> answer: dict[str, int]': '{"answer": {"k": 1}}',
    'question -> answer: bool': unreadable,
  };

  it.for(Object.keys(json))('is asked for again in JSON, with the same two requests: %s', async (text, test) => {
    if (json[text] === unreadable) skipWhereOlder(test, 'a third request');
    const inputs = { question: 'q' };
    const answer = (prompt: string) => (prompt.includes('Respond with a JSON object') ? json[text]! : garbage);
    fake.reset();
    fake.setAnswer(({ prompt }) => answer(prompt));
    const theirs = await dspy
      .ask<{ outputs?: unknown; error?: string }>('predict', { signature: text, inputs })
      .finally(() => {
        fake.setAnswer(script);
      });
    const predict = new Predict(text);
    const ours = await run(
      predict,
      (call) => answer(asked(call)),
      () => predict(inputs).catch((error: unknown) => error),
    );
    expect(ours.calls.map(messagesOf)).toEqual(fake.calls.map(({ messages }) => messages));
    expect(ours.calls).toHaveLength(2);
    if (theirs.outputs === undefined) expect(ours.result).toBeInstanceOf(ParseError);
    else expect(ours.result).toEqual(theirs.outputs);
  });

  it('objects: a zod schema asks for what a pydantic model asks for, and gets it', async () => {
    const inputs = { question: 'Who?' };
    fake.reset();
    fake.setAnswer(() => '[[ ## person ## ]]\n{"name": "Ada", "age": "36"}\n\n[[ ## completed ## ]]');
    const theirs = await dspy
      .ask<{ outputs: unknown }>('predict', { signature: 'question -> person: Person', inputs })
      .finally(() => {
        fake.setAnswer(script);
      });
    const person = z.object({
      name: z.string().meta({ title: 'Name' }),
      age: z.coerce.number().meta({ title: 'Age' }),
    });
    const predict = new Predict(
      signature({ inputs: { question: z.string() }, outputs: { person: person.meta({ title: 'Person' }) } }),
    );
    const ours = await run(
      predict,
      () => '[[ ## person ## ]]\n{"name": "Ada", "age": "36"}\n\n[[ ## completed ## ]]',
      () => predict(inputs),
    );
    expect(ours.result).toEqual(theirs.outputs);
    // The user turn is DSPy's to the letter; the schema in the system turn is zod's own.
    expect(messagesOf(ours.calls[0]!).at(-1)).toEqual(fake.calls[0]!.messages.at(-1));
  });
});

describe('fine-tuning', () => {
  it('rows: the same messages in the same order', async () => {
    const train = rows('train', 18);
    const theirs = await dspy.ask<unknown[]>('finetune_rows', { train });
    // BetterTogether shuffles before the step, BootstrapFinetune on its own does not: ours gets the order that gives
    // this one after its shuffle.
    const order = new PythonRandom(0).shuffle(train.map((_, i) => i));
    const before = train.map((_, place) => train[order.indexOf(place)]!);
    const { trainer } = await optimize('w', { train: before, dev: rows('dev', 3) });
    const ours = trainer.jobs[0]!.set.rows.map(({ prompt, completion }) => [
      ...(prompt.kind === 'chat' ? prompt.messages : []),
      { role: 'assistant', content: completion },
    ]);
    expect(ours).toHaveLength(12); // six correct traces of two calls
    expect(ours).toEqual(theirs);
  });
});

describe('scores', () => {
  it('and their rounding, half to even on the binary value', async () => {
    const random = new PythonRandom(7);
    const values = [
      ...[1, 2, 3, 5, 7, 8, 160, 800].map((n) => Array.from({ length: n }, (_, i) => (i === 0 ? 1 : 0))),
      Array.from({ length: 800 }, (_, i) => (i < 5 ? 1 : 0)), // 0.625 → 0.62
      ...Array.from({ length: 30 }, () =>
        Array.from({ length: random.randint(1, 400) }, () => random.randint(0, 8) / 8),
      ),
    ];
    const theirs = await dspy.ask<number[]>('scores', { values });
    const ours = values.map((each) =>
      percent(
        each.reduce((sum, value) => sum + value, 0),
        each.length,
      ),
    );
    expect(ours).toEqual(theirs);
  });
});

describe('BetterTogether', () => {
  it.for([0, 7, 20240717])(
    'shuffles the training set before each step, on top of the last shuffle: seed %i',
    async (seed, test) => {
      skipWhereOlder(test, 'BetterTogether');
      const [train, validation] = [rows('train', 30), rows('validation', 4)];
      const seen = await dspy.ask<{ train: string[]; validation: string[] }[]>('shuffles', {
        train,
        validation,
        seed,
        strategy: 'p -> w -> p',
      });
      const random = new PythonRandom(seed);
      let order: readonly string[] = train.map(({ question }) => question);
      for (const step of seen) {
        order = random.shuffle(order);
        expect(step.train).toEqual(order);
        expect(step.validation).toEqual(validation.map(({ question }) => question));
      }
    },
  );

  it('gives each step of ours the rows in that order', async (test) => {
    skipWhereOlder(test, 'BetterTogether');
    const train = rows('train', 20);
    const seen = await dspy.ask<{ train: string[] }[]>('shuffles', {
      train,
      validation: rows('v', 2),
      seed: 0,
      strategy: 'w -> p',
    });
    const order: string[] = [];
    const { error, journal } = await optimize('w -> p', {
      train,
      dev: rows('dev', 2),
      p: { candidates: 1, maxBootstrappedDemos: 20, maxLabeledDemos: 0, train: 20 - 6, validation: 6 },
      script: (asked) => {
        const question = /train \d+/.exec(asked.messages.at(-1)!.content)?.[0];
        if (question !== undefined && !order.includes(`${asked.model} ${question}`)) {
          order.push(`${asked.model} ${question}`);
        }
        return script(asked);
      },
    });
    expect(error).toBeUndefined();
    // w collects from all rows in order, on the base model.
    expect(order.slice(0, 20)).toEqual(seen[0]!.train.map((question) => `base ${question}`));
    // p bootstraps on the first rows of the second shuffle (T) and chooses on those after them (V), both on the tuned.
    const tuned = journal.of('job.finished')[0]!.model;
    const later = order.slice(20).map((each) => each.replace(`${tuned} `, ''));
    const [t, v] = [seen[1]!.train.slice(0, 14), seen[1]!.train.slice(14)];
    expect(later.filter((question) => t.includes(question))).toEqual(t);
    expect(later.filter((question) => v.includes(question)).toSorted()).toEqual(v.toSorted());
  });

  it('gives ties to the earlier step', async (test) => {
    skipWhereOlder(test, 'BetterTogether');
    const theirs = await dspy.ask<{ strategy: string; score: number }[]>('ties', { train: rows('train', 4) });
    expect(theirs.map(({ strategy }) => strategy)).toEqual(['', 'p', 'p -> w', 'p -> w -> p']);
    const score = { score: 50, low: 0, high: 100, n: 4, failed: 0 };
    const stages = theirs.map(({ strategy }) => ({ prefix: strategy, state: start, dev: score, test: null }));
    expect(statesOf(stages)!.best.prefix).toBe(theirs[0]!.strategy);
  });

  it('without rows to choose on of its own DSPy takes the first tenth, we a seeded draw of a fifth', async (test) => {
    skipWhereOlder(test, 'BetterTogether');
    const train = rows('train', 30);
    const [step] = await dspy.ask<{ validation: string[] }[]>('shuffles', { train, seed: 0, strategy: 'p' });
    expect(step!.validation).toEqual(train.slice(0, 3).map(({ question }) => question));
    const { holdOutDev } = await import('../../../src/config/holdOut.ts');
    const held = holdOutDev(examples(train), (all) => new PythonRandom(0).shuffle(all)).dev;
    expect(held).toHaveLength(6);
    expect(held.map(({ id }) => id)).not.toEqual([0, 1, 2, 3, 4, 5]);
  });
});
