import { describe, expect, it } from 'vitest';
import type { Example, ProgramState } from '../../../src/data/program.ts';
import { bootstrapFewShot, firstCorrect, onlyNeeded, TeacherTraces } from '../../../src/engine/demos/bootstrap.ts';
import { demosOfTrace, labeledFewShot, withoutOwnDemo, withRowDemos } from '../../../src/engine/demos/demos.ts';
import type { DemosByPredictor } from '../../../src/engine/demos/demos.ts';
import { Pool } from '../../../src/engine/pool.ts';
import { candidatePlans } from '../../../src/engine/optimizers/fewShot/candidates.ts';
import { PythonRandom } from '../../../src/engine/pythonRandom.ts';
import { ReadingTally, RunMemory } from '../../../src/engine/runMemory.ts';
import { Runner } from '../../../src/engine/runner.ts';
import { FailureTally } from '../../../src/engine/scope.ts';
import { initialState, withDemos } from '../../../src/engine/state.ts';
import { UsageMeter } from '../../../src/engine/usage.ts';
import goldens from '../../goldens/optimizers.json' with { type: 'json' };
import { examples, FakeJournal, FakeLm, FakeProgram, twoPredictors } from './fakes.ts';

const names = ['a.predict', 'b.predict'];
const schedules = goldens.optimizers_q0_q9;
const prices = { ofAnswer: () => null, ofTraining: () => null };

/** Demos as the goldens print them: the question, and whether the demo was bootstrapped. */
function printed(demos: DemosByPredictor) {
  return Object.fromEntries(
    Object.entries(demos).map(([name, list]) => [
      name,
      list.map(({ demo }) => [demo.fields['question'], demo.augmented]),
    ]),
  );
}

function bench(score: (example: Example) => number) {
  const lm = new FakeLm(({ call }) => `to ${call.prompt.kind === 'chat' ? call.prompt.messages[0]!.content : ''}`);
  const program = new FakeProgram({ score: ({ example }) => score(example) });
  const scope = {
    prefix: 'p',
    meter: new UsageMeter(prices),
    failures: new FailureTally([0, 1]),
    readings: new ReadingTally(),
    signal: new AbortController().signal,
  };
  const journal = new FakeJournal();
  const runner = new Runner({
    program,
    lm,
    journal,
    memory: new RunMemory(journal, null),
    pool: new Pool(4),
    meter: new UsageMeter(prices),
    baseModel: 'base',
    identity: 'test',
    metricRange: [0, 1],
    abort: () => undefined,
  });
  const options = { predictors: names, rounds: 1, roundTemperature: 1, threshold: 1, teacher: null };
  return { traces: new TeacherTraces(runner, scope, options), program, lm };
}

async function bootstrap(
  limits: { maxBootstrapped: number; maxLabeled: number; trainset?: readonly Example[]; teacher?: ProgramState },
  score: (example: Example) => number = () => 1,
) {
  const { traces } = bench(score);
  const result = await bootstrapFewShot({
    traces,
    teacher: limits.teacher ?? initialState(twoPredictors, 'base'),
    teacherCompiled: limits.teacher !== undefined,
    predictors: names,
    trainset: limits.trainset ?? examples(10),
    asker: { candidate: 0, turn: 0 },
    maxBootstrapped: limits.maxBootstrapped,
    maxLabeled: limits.maxLabeled,
  });
  return printed(result.demos);
}

describe('demo schedules equal DSPy 3.4.1', () => {
  it('LabeledFewShot', () => {
    expect(printed(labeledFewShot(names, examples(10), 3))).toEqual(schedules.labeled_k3_n10_two_predictors);
  });

  it('BootstrapFewShot, whatever the limits', async () => {
    expect(await bootstrap({ maxBootstrapped: 2, maxLabeled: 6 })).toEqual(schedules.bootstrap_mb2_ml6);
    expect(await bootstrap({ maxBootstrapped: 4, maxLabeled: 16 })).toEqual(schedules.bootstrap_mb4_ml16);
    expect(await bootstrap({ maxBootstrapped: 3, maxLabeled: 3 })).toEqual(schedules.bootstrap_mb3_ml3);
    expect(await bootstrap({ maxBootstrapped: 0, maxLabeled: 4 })).toEqual(schedules.bootstrap_mb0_ml4);
  });

  it('BootstrapFewShot keeps only correct traces', async () => {
    const odd = await bootstrap({ maxBootstrapped: 2, maxLabeled: 4 }, ({ id }) => id % 2);
    expect(odd).toEqual(schedules.bootstrap_metric_odd_mb2_ml4);
  });

  it('BootstrapFewShotWithRandomSearch, seed by seed', async () => {
    const plans = candidatePlans({
      candidates: 6,
      maxBootstrappedDemos: 3,
      maxLabeledDemos: 4,
      rounds: 1,
      roundTemperature: 1,
      train: 10,
      validation: 10,
      teacher: null,
    });
    expect(plans.map(({ seed }) => String(seed)).sort()).toEqual(
      Object.keys(schedules.random_search_mb3_ml4_n6).sort(),
    );
    const golden = schedules.random_search_mb3_ml4_n6 as Record<string, Record<string, unknown[]>>;
    for (const { seed, source, size } of plans) {
      const rows = seed < 0 ? examples(10) : new PythonRandom(seed).shuffle(examples(10));
      if (source === 'zeroShot') expect(golden[seed]).toEqual({ 'a.predict': [], 'b.predict': [] });
      else if (source === 'labels') expect(printed(labeledFewShot(names, rows, 4))).toEqual(golden[seed]);
      else expect(await bootstrap({ maxBootstrapped: size, maxLabeled: 4, trainset: rows })).toEqual(golden[seed]);
    }
  });

  it('draws DSPy’s numbers of demos, and none where none are allowed', () => {
    const rows = { train: 1, validation: 1 };
    const settings = { candidates: 16, maxLabeledDemos: 0, rounds: 1, roundTemperature: 1, ...rows, teacher: null };
    const sizes = (most: number) =>
      candidatePlans({ ...settings, maxBootstrappedDemos: most })
        .filter(({ seed }) => seed >= 0)
        .map(({ size }) => size);
    expect(sizes(4)).toEqual([4, 2, 1, 2, 2, 3, 1, 3, 2, 4, 1, 4, 4, 3, 1, 2]);
    expect(sizes(3)).toEqual([2, 1, 1, 1, 1, 3, 3, 2, 1, 2, 3, 2, 2, 2, 1, 1]);
    expect(candidatePlans({ ...settings, maxBootstrappedDemos: 0 }).map(({ source }) => source)).toEqual(['zeroShot']);
  });
});

describe('the teacher', () => {
  it('never sees the labelled demo of the row it answers', () => {
    const start = initialState(twoPredictors, 'base');
    const [q0, q1] = examples(2) as [Example, Example];
    const teacher = withRowDemos(start, names, labeledFewShot(names, [q0, q1], 2));
    const questions = (state: ProgramState) => state.predictors['a.predict']!.demos.map((d) => d.fields['question']);
    expect(questions(withoutOwnDemo(teacher, names, q0))).toEqual(['q1']);
    expect(questions(withoutOwnDemo(teacher, names, examples(5)[4]!))).toHaveLength(2);
  });

  it('that came out of an earlier search teaches with its own demos', async () => {
    const demo = { fields: { question: 'old', answer: 'demo' }, augmented: true };
    const teacher = withDemos(initialState(twoPredictors, 'base'), names, { 'a.predict': [demo], 'b.predict': [demo] });
    const { traces, lm } = bench(() => 1);
    await bootstrapFewShot({
      traces,
      teacher,
      teacherCompiled: true,
      predictors: names,
      trainset: examples(3),
      maxBootstrapped: 1,
      maxLabeled: 3,
      asker: { candidate: 0, turn: 0 },
    });
    const prompts = lm.asked.map(({ call }) => (call.prompt.kind === 'chat' ? call.prompt.messages[0]!.content : ''));
    expect(prompts.length).toBeGreaterThan(0);
    expect(prompts.every((prompt) => prompt.includes('old=demo'))).toBe(true);
  });

  it('with one prompt for all candidates answers each row once', async () => {
    const { traces, program } = bench(() => 1);
    const teacher = initialState(twoPredictors, 'base');
    const rest = { traces, teacher, teacherCompiled: false, predictors: names, maxBootstrapped: 3, maxLabeled: 0 };
    await Promise.all(
      [0, 1, 2, 3].map((candidate) =>
        bootstrapFewShot({ ...rest, trainset: examples(3), asker: { candidate, turn: candidate } }),
      ),
    );
    expect(program.runs).toBe(3);
  });
});

describe('demos of a trace', () => {
  const call = (predictor: string, answer: string | null) => ({
    predictor,
    inputs: { question: 'q' },
    outputs: answer === null ? null : { answer },
    lm: [],
    path: [],
    start: 0,
    seconds: 0,
  });

  it('are one a predictor, the same ones each time, never from a failed call', () => {
    const trace = [call('a', '1'), call('a', '2'), call('a', '3'), call('b', null), call('other', 'x')];
    const demos = demosOfTrace(trace, ['a', 'b']);
    expect(Object.keys(demos)).toEqual(['a']);
    expect(demosOfTrace(trace, ['a', 'b'])).toEqual(demos);
  });

  it('take the last call about half of the time', () => {
    const last = Array.from({ length: 200 }, (_, i) => {
      const demos = demosOfTrace([call('a', `x${i}`), call('a', `y${i}`), call('a', `z${i}`)], ['a']);
      return demos['a']?.fields['answer'] === `z${i}`;
    }).filter(Boolean).length;
    expect(last).toBeGreaterThan(70);
    expect(last).toBeLessThan(130);
  });
});

describe('bootstrapping concurrently', () => {
  it('keeps the rows a serial loop would keep, in any order of arrival', async () => {
    for (let seed = 0; seed < 60; seed++) {
      const random = new PythonRandom(seed);
      const rows = examples(30);
      const correct = rows.map(() => random.random() < 0.3);
      const needed = random.randint(1, 6);
      const delays = rows.map(() => random.randint(0, 6));
      const attempt = async ({ id }: Example) => {
        for (let turn = 0; turn < delays[id]!; turn++) await Promise.resolve();
        return { demos: correct[id] ? {} : null, runs: 1 };
      };
      const serial = rows.filter(({ id }) => correct[id]).slice(0, needed);
      const quick = await firstCorrect(rows, needed, attempt);
      expect(quick.rows.map(({ example }) => example.id)).toEqual(serial.map(({ id }) => id));
      const sparing = await firstCorrect(rows, needed, attempt, onlyNeeded);
      const tried = serial.length === needed ? serial.at(-1)!.id + 1 : rows.length;
      expect(sparing).toEqual({ rows: quick.rows, runs: tried, speculative: 0 });
    }
  });

  it('has at most ceil(still needed / success rate seen) attempts under way', async () => {
    let underWay = 0;
    let finished = 0;
    let succeeded = 0;
    await firstCorrect(examples(40), 4, async ({ id }) => {
      underWay++;
      expect(underWay).toBeLessThanOrEqual(Math.ceil((4 - succeeded) / ((succeeded + 1) / (finished + 1))));
      await new Promise((resolve) => setImmediate(resolve));
      underWay--;
      finished++;
      const ok = id % 5 === 4;
      if (ok) succeeded++;
      return { demos: ok ? {} : null, runs: 1 };
    });
    expect(succeeded).toBeGreaterThanOrEqual(4);
  });

  it('passes on what gives no result', async () => {
    const failing = firstCorrect(examples(3), 1, () => Promise.reject(new Error('endpoint down')));
    await expect(failing).rejects.toThrow('endpoint down');
  });
});
