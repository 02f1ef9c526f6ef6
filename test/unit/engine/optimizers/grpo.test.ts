import { describe, expect, it } from 'vitest';
import { contentHash } from '../../../../src/base/contentHash.ts';
import type { JsonValue } from '../../../../src/base/json.ts';
import type { ProgramState } from '../../../../src/data/program.ts';
import type { RewardedRow } from '../../../../src/data/trainingSet.ts';
import { Budget } from '../../../../src/engine/budget.ts';
import { Cancelled } from '../../../../src/engine/errors.ts';
import type { ProgramRun, RunRequest } from '../../../../src/engine/interfaces.ts';
import { Optimization } from '../../../../src/engine/optimize.ts';
import { grpo } from '../../../../src/engine/optimizers/grpo/optimizer.ts';
import { sum } from '../../../../src/engine/sample.ts';
import { initialState, withDemos } from '../../../../src/engine/state.ts';
import { UsageMeter } from '../../../../src/engine/usage.ts';
import { examples, FakeJournal, FakeLm, FakeProgram, FakeSurroundings, FakeTrainer, twoPredictors } from '../fakes.ts';
import type { Asked, FakeProgramOptions } from '../fakes.ts';
import { settingsOf } from '../settingsOf.ts';

/** How many jobs made a model: 0 for the base. */
function depthOf(trainer: FakeTrainer, model: string): number {
  const job = trainer.jobs.find(({ hash }) => `tuned-${hash.slice(0, 8)}` === model);
  return job === undefined ? 0 : 1 + depthOf(trainer, job.parent);
}

/** Its wrong answers are not in the predictor's format. */
class UnreadableProgram extends FakeProgram {
  override async run(...args: Parameters<FakeProgram['run']>): Promise<ProgramRun> {
    const outcome = await super.run(...args);
    if (outcome.score > 0) return outcome;
    const error = { kind: 'parse', message: 'not in the format' } as const;
    const trace = outcome.trace.map((call) => ({ ...call, outputs: null, error: error.message }));
    return { ...outcome, prediction: null, error, trace };
  }
}

const one = { ...twoPredictors, predictors: twoPredictors.predictors.slice(0, 1) };
const train = examples(12);

class World {
  readonly memory = new Map<string, JsonValue>();
  readonly memo = new Map<string, string>();
  trainer = new FakeTrainer();
  /** Calls that were paid for, over all sessions. */
  paid = 0;
  /** The probability of a right answer after so many jobs. */
  skill: (depth: number) => number = (depth) => 0.25 + 0.08 * depth;
  start: ProgramState = initialState(one, 'base');
  program: FakeProgramOptions = {};
  Program = FakeProgram;
  readonly requests: RunRequest[] = [];

  /** A policy that gets better by what it is trained with. */
  answer({ call, rollout }: Asked): string {
    const content = call.prompt.kind === 'chat' ? call.prompt.messages[0]!.content : '';
    const question = content.split('\n').at(-1)!;
    const share = Number.parseInt(contentHash([question, call.model, rollout]).slice(0, 6), 16) / 0x1000000;
    return share < this.skill(depthOf(this.trainer, call.model)) ? `a${question.slice(1)}` : `wrong ${share}`;
  }

  async run(written: object, { signal = new AbortController().signal, hasTrainer = true } = {}) {
    const prices = { ofAnswer: () => 0, ofTraining: () => 0 };
    const meter = new UsageMeter(prices);
    const journal = new FakeJournal(this.memory);
    const lm = new FakeLm((asked) => this.answer(asked), this.memo);
    const step = grpo.step('grpo', grpo.resolve(written, { embedded: true }), { rows: 12, modelsPerJob: 1 });
    const program = new this.Program({
      description: one,
      score: (request, answer) => {
        this.requests.push(request);
        return answer === request.example.fields['answer'] ? 1 : 0;
      },
      ...this.program,
    });
    const optimization = new Optimization(
      {
        ...{ program, lm, trainer: hasTrainer ? this.trainer : null, journal, meter, prices },
        ...{ surroundings: new FakeSurroundings(), concurrency: 4, identity: 'identity' },
        gate: new Budget({ calls: null, tokens: null, usd: null }, { calls: 0, tokens: 0, usd: 0 }),
      },
      { ...settingsOf(''), strategy: [step], seed: 5 },
      { train, dev: examples(40, 'd'), test: null },
      one,
      { signal, onStage: () => undefined, start: this.start },
    );
    try {
      const [before, stage] = await optimization.run();
      return { before: before!, stage: stage!, journal, lm, model: stage!.state?.predictors['a.predict']!.model };
    } finally {
      this.paid += lm.paid.length;
    }
  }
}

const rowsOf = (trainer: FakeTrainer) => trainer.jobs.map(({ set }) => set.rows as readonly RewardedRow[]);
const small = { updates: 6, examplesPerUpdate: 3, rollouts: 4, evaluateEvery: 2 };

describe('learning from rewards', () => {
  it('makes each update one job that goes on from the one before, and the program better', async () => {
    const world = new World();
    const { before, stage, journal, model } = await world.run(small);
    const { jobs } = world.trainer;
    const models = jobs.map(({ hash }) => `tuned-${hash.slice(0, 8)}`);
    expect(jobs).toHaveLength(6);
    expect(jobs.map(({ parent }) => parent)).toEqual(['base', ...models.slice(0, -1)]);
    for (const { set, hyperParameters } of jobs) {
      expect(set).toMatchObject({ method: 'grpo', clip: { low: 0.2, high: 0.28 } });
      expect(hyperParameters).toMatchObject({ epochs: 1, schedule: 'constant', learningRate: 1e-4, batchSize: 8 });
    }
    expect(new Set(jobs.map(({ hyperParameters }) => hyperParameters.seed)).size).toBe(6);
    expect(stage.dev!.score).toBeGreaterThan(before.dev!.score + 20);
    expect(models).toContain(model);
    const updates = journal.of('policy.updated');
    expect(updates.map(({ update, updates: all }) => [update, all])).toEqual([1, 2, 3, 4, 5, 6].map((at) => [at, 6]));
    expect(updates.map((event) => event.model)).toEqual(models);
    expect(updates.map(({ rows }) => rows)).toEqual(rowsOf(world.trainer).map(({ length }) => length));
    for (const { groups, withoutDifference, calls, unreadable, answerTokens, file } of updates) {
      expect([groups + withoutDifference, calls, unreadable, answerTokens]).toEqual([3, 12, 0, 2]);
      expect(journal.rowFiles.has(file!.replace('rows/', ''))).toBe(true);
    }
    expect(new Set(updates.map(({ file }) => file)).size).toBe(6);
  });

  it('rewards right answers and their prompts as they were asked, demos included', async () => {
    const world = new World();
    const demos = [{ fields: { question: 'q', answer: 'a' }, augmented: true }];
    world.start = withDemos(world.start, ['a.predict'], { 'a.predict': demos });
    await world.run(small);
    for (const rows of rowsOf(world.trainer)) {
      expect(Math.abs(sum(rows.map(({ advantage }) => advantage)))).toBeLessThan(1e-9);
      for (const { prompt, completion, advantage } of rows) {
        const content = prompt.kind === 'chat' ? prompt.messages[0]!.content : '';
        expect(content).toMatch(/^Do a\.predict\.\|1\|q\d+$/);
        expect(advantage > 0).toBe(completion === `a${content.split('|q')[1]!}`);
      }
    }
    expect(world.trainer.jobs.length).toBeGreaterThan(0);
  });

  it('scores rollouts as the program is scored, not as traces that are collected', async () => {
    const world = new World();
    const { journal } = await world.run(small);
    expect(world.requests.filter(({ collecting }) => collecting)).toEqual([]);
    const rollouts = journal.of('example').filter(({ purpose }) => purpose === 'rollout');
    expect(rollouts).toHaveLength(6 * 3 * 4);
    expect(rollouts.every(({ round }) => round > 0)).toBe(true);
  });

  it('ends in the best weights on dev, not in the last', async () => {
    const world = new World();
    world.skill = (depth) => (depth === 2 ? 0.95 : 0.4);
    const { journal, model } = await world.run({ ...small, evaluateEvery: 1 });
    expect(depthOf(world.trainer, model!)).toBe(2);
    expect(journal.of('candidate.started').map(({ about }) => about['update'])).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(journal.of('step.finished')[0]!.candidate).toBe(2);
  });

  it('ends where it began when nothing is better on dev', async () => {
    const world = new World();
    world.skill = (depth) => (depth === 0 ? 0.8 : 0.2);
    const { journal, model } = await world.run(small);
    expect(model).toBe('base');
    expect(journal.of('step.finished')[0]!.candidate).toBe(0);
    expect(world.trainer.jobs).toHaveLength(6);
  });

  it('scores the weights after the last update too, and none twice', async () => {
    const { journal } = await new World().run({ ...small, updates: 5 });
    expect(journal.of('candidate.started').map(({ about }) => about['update'])).toEqual([0, 2, 4, 5]);
  });
});

describe('how far an update went from the policy that sampled', () => {
  const kls = [0, 0.02, 0.04];
  class Measured extends FakeTrainer {
    override readonly steps = kls.length;
    override async poll(...given: Parameters<FakeTrainer['poll']>) {
      const { events, ...status } = await super.poll(...given);
      return { ...status, events: events.map((event) => ({ ...event, metrics: { kl: kls[event.step! - 1]! } })) };
    }
  }

  it('is the mean that the trainer reports over the steps of its job, also when the job is remembered', async () => {
    const world = new World();
    world.trainer = new Measured();
    const { journal } = await world.run(small);
    const told = journal.of('policy.updated').map(({ kl }) => kl);
    expect(told).toHaveLength(6);
    for (const kl of told) expect(kl).toBeCloseTo(0.02, 12);
    const again = await world.run(small);
    expect(again.journal.of('policy.updated').map(({ kl }) => kl)).toEqual(told);
  });

  it('is null where the trainer does not report it, and left out where there was no job', async () => {
    const { journal } = await new World().run(small);
    expect(journal.of('policy.updated').map(({ kl }) => kl)).toEqual(Array(6).fill(null));
    const idle = new World();
    idle.skill = () => 1;
    const [first] = (await idle.run(small)).journal.of('policy.updated');
    expect(first).not.toHaveProperty('kl');
  });
});

describe('an update without a difference', () => {
  it('has no job, and later epochs draw other samples', async () => {
    const world = new World();
    // From the second epoch on some rollouts are right: 12 examples are four updates.
    world.answer = ({ call, rollout }) => {
      const content = call.prompt.kind === 'chat' ? call.prompt.messages[0]!.content : '';
      return rollout.round > 4 && rollout.round % 2 === 0 ? `a${content.split('\n').at(-1)!.slice(1)}` : 'wrong';
    };
    const { journal } = await world.run({ ...small, updates: 5 });
    const updates = journal.of('policy.updated');
    expect(updates.map(({ rows }) => rows)).toEqual([0, 0, 0, 0, 12]);
    expect(updates.map(({ withoutDifference }) => withoutDifference)).toEqual([3, 3, 3, 3, 0]);
    expect(updates[3]).toMatchObject({ reward: 0, model: 'base' });
    expect(updates[3]).not.toHaveProperty('file');
    expect(world.trainer.jobs).toHaveLength(1);
    const rounds = journal.of('example').filter(({ purpose }) => purpose === 'rollout');
    expect(new Set(rounds.map(({ example, round }) => `${example} ${round}`)).size).toBe(rounds.length);
  });

  it('says why there is no result where none has one', async () => {
    const world = new World();
    world.skill = () => 1;
    const { stage } = await world.run(small);
    expect(stage).toMatchObject({ state: null, reason: expect.stringContaining('4 rollouts of each of 18 examples') });
    expect(world.trainer.jobs).toEqual([]);
  });
});

describe('rollouts that fail', () => {
  it('make the readable answers of the others better than the mean, and no row of an unreadable one', async () => {
    const world = new World();
    world.Program = UnreadableProgram;
    const { journal } = await world.run(small);
    for (const { reward, calls, unreadable } of journal.of('policy.updated')) {
      expect(reward).toBeCloseTo((100 * (calls - unreadable)) / calls, 1);
    }
    expect(sum(journal.of('policy.updated').map(({ unreadable }) => unreadable))).toBeGreaterThan(0);
    const rows = rowsOf(world.trainer).flat();
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.every(({ completion, advantage }) => completion.startsWith('a') && advantage > 0)).toBe(true);
  });

  it('end the step with their error where all of the first update fail alike', async () => {
    const world = new World();
    world.program = {
      fail: ({ example }) =>
        train.some(({ inputs }) => inputs === example.inputs)
          ? { kind: 'program', message: 'no tool', file: 'p.py', line: 3 }
          : undefined,
    };
    await expect(world.run(small)).rejects.toThrow(
      /Step "grpo", update 1: all 12 rows failed.*\n.*no tool \(p\.py:3\)/s,
    );
    expect(world.trainer.jobs).toEqual([]);
  });

  it('teach nothing where the code or the machine broke them off: their answers may be right', async () => {
    const world = new World();
    world.skill = () => 1;
    let runs = 0;
    world.program = {
      fail: ({ example }) =>
        train.some(({ inputs }) => inputs === example.inputs) && runs++ % 3 === 1
          ? { kind: 'metric', message: `judge ${runs} is away` }
          : undefined,
    };
    const { stage, journal } = await world.run({ ...small, updates: 3 });
    expect(world.trainer.jobs).toEqual([]);
    expect(stage.reason).toMatch(/^nothing to learn from/);
    expect(journal.of('policy.updated').map(({ reward }) => reward)).toEqual([100, 100, 100]);
  });

  it('end early where nothing changes any more, and say so', async () => {
    const world = new World();
    world.skill = (depth) => (depth === 0 ? 0.5 : 1);
    const { journal, stage } = await world.run({ ...small, updates: 40 });
    const updates = journal.of('policy.updated');
    // Each of 12 examples twice, three an update, after the last that differed.
    expect(updates.length).toBe(updates.findLastIndex(({ rows }) => rows > 0) + 1 + 8);
    expect(journal.of('warning').at(-1)!.message).toMatch(
      /sampled 2 times without a difference .* after update \d+ of 40/,
    );
    expect(stage.dev!.score).toBe(100);
  });

  it('score 0, also where they asked nothing', async () => {
    const world = new World();
    world.skill = () => 1;
    // On every other run of the first row, which is in one of four updates.
    let runs = 0;
    world.program = {
      fail: ({ example }) =>
        example.inputs === train[0]!.inputs && runs++ % 2 === 1 ? { kind: 'parse', message: 'no answer' } : undefined,
    };
    const { journal } = await world.run({ ...small, updates: 4 });
    const updates = journal.of('policy.updated');
    expect(updates.map(({ reward }) => reward).sort((a, b) => a - b)).toEqual([83.33, 100, 100, 100]);
    // The two that asked the LM are a group without a difference: what failed before it has no answer to blame.
    expect(updates.map(({ calls }) => calls).sort((a, b) => a - b)).toEqual([10, 12, 12, 12]);
  });
});

describe('a back end', () => {
  it('that takes no rewards is refused before anything is paid for', async () => {
    const world = new World();
    world.trainer.methods = ['supervised', 'dpo'];
    await expect(world.run(small)).rejects.toThrow('Step "grpo" trains on answers with rewards, which');
    expect(world.paid).toBe(0);
  });

  it('that begins each job from the base model is refused before anything is paid for', async () => {
    const world = new World();
    world.trainer.continues = false;
    await expect(world.run(small)).rejects.toThrow('Step "grpo" goes on from the weights before it');
    expect(world.paid).toBe(0);
  });

  it('has to be there', async () => {
    await expect(new World().run(small, { hasTrainer: false })).rejects.toThrow('no fine-tune endpoint is set up');
  });
});

describe('a run that is interrupted', () => {
  it('goes on to the same weights, with no call and no job twice', async () => {
    const whole = new World();
    const undisturbed = await whole.run(small);
    const world = new World();
    const hashes = () => world.trainer.jobs.map(({ hash }) => hash);
    // While the third job trains, and then while the fifth is asked for.
    for (const at of [3, 5]) {
      const stop = new AbortController();
      world.trainer.onPoll = () => {
        if (world.trainer.jobs.length >= at) stop.abort(new Cancelled('Stopped.'));
      };
      await expect(world.run(small, { signal: stop.signal })).rejects.toThrow('Stopped.');
      expect(hashes()).toHaveLength(at);
    }
    world.trainer.onPoll = () => undefined;
    const resumed = await world.run(small);
    expect(resumed.stage).toEqual(undisturbed.stage);
    expect(hashes()).toEqual(whole.trainer.jobs.map(({ hash }) => hash));
    expect(world.paid).toBe(whole.paid);
    expect(resumed.journal.of('policy.updated')).toEqual(undisturbed.journal.of('policy.updated'));
  });

  it('trains the same jobs also where a rollout that failed would not fail now', async () => {
    const world = new World();
    world.skill = (depth) => 0.5 + 0.02 * depth;
    let isFlaky = true;
    world.program = {
      fail: ({ example }) =>
        isFlaky && train.some(({ inputs }) => inputs === example.inputs) && example.id % 4 === 1
          ? { kind: 'timeout', message: 'took too long' }
          : undefined,
    };
    const first = await world.run(small);
    const jobs = world.trainer.jobs.length;
    isFlaky = false;
    const again = await world.run(small);
    expect(again.stage).toEqual(first.stage);
    expect(world.trainer.jobs).toHaveLength(jobs);
    expect(again.lm.paid).toEqual([]);
  });
});

describe('settings', () => {
  it('have the defaults of mmGRPO and DAPO, and others on this machine', () => {
    expect(grpo.resolve({}, { embedded: false })).toMatchObject({
      ...{ updates: 100, examplesPerUpdate: 4, rollouts: 8, temperature: 1, fill: 'random', batchSize: 8 },
      ...{ clip: { low: 0.2, high: 0.28 }, learningRate: 1e-5, evaluateEvery: 5 },
    });
    expect(grpo.resolve({}, { embedded: true })).toMatchObject({ updates: 20, learningRate: 1e-4 });
    expect(() => grpo.resolve({ rollouts: 1 }, { embedded: true })).toThrow(/rollouts/);
    expect(() => grpo.resolve({ clip: { low: 1 } }, { embedded: true })).toThrow(/low/);
  });

  it('are priced by the loop: rollouts, scores on dev, a job an update', () => {
    const step = grpo.step('grpo', grpo.resolve(small, { embedded: true }), { rows: 12, modelsPerJob: 1 });
    const sample = { runs: 4, paidCalls: 0, correct: 0.5, predictors: 1, calls: 2, inputTokens: 90, outputTokens: 10 };
    const { runs, training, prompts } = step.plan({
      sizes: { train: 12, dev: 40, test: 0 },
      sample,
      prices: { call: () => 0, training: (tokens) => tokens / 1000 },
      prompts: { demos: { expected: 1, most: 2 }, instructions: false },
    });
    expect(runs.map((each) => each.runs)).toEqual([
      { expected: 72, most: 72 },
      { expected: 3 * 40, most: 4 * 40 },
    ]);
    // Of 4 rollouts all are right, or all wrong, in one of eight cases.
    expect(training).toMatchObject({ jobs: 6, rows: { expected: 126, most: 144 } });
    expect(training!.tokens).toEqual({ expected: 126 * 200, most: 144 * 300 });
    expect(training!.usd).toEqual({ expected: 25.2, most: 43.2 });
    expect(prompts.demos).toEqual({ expected: 1, most: 2 });
  });
});
