/** How training jobs may end badly or better than usual, and what the run makes of it. */
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/base/json.ts';
import { Budget } from '../../../src/engine/budget.ts';
import type { SpendLedger } from '../../../src/engine/budget.ts';
import {
  CallRejected,
  CannotList,
  EndpointRefused,
  EndpointUnavailable,
  JobNotSent,
  UnknownJob,
} from '../../../src/engine/errors.ts';
import type { Checkpoint, TrainingJob } from '../../../src/engine/interfaces.ts';
import { Optimization } from '../../../src/engine/optimize.ts';
import type { Stage } from '../../../src/engine/optimize.ts';
import { makePlan } from '../../../src/engine/plan.ts';
import { FailureTally } from '../../../src/engine/scope.ts';
import { ReadingTally } from '../../../src/engine/runMemory.ts';
import { train } from '../../../src/engine/training.ts';
import { UsageMeter } from '../../../src/engine/usage.ts';
import { examples, FakeJournal, FakeLm, FakeProgram, FakeSurroundings, FakeTrainer } from './fakes.ts';
import type { Asked } from './fakes.ts';
import { settingsOf, weightSettings } from './settingsOf.ts';

const prices = { ofAnswer: () => 0.01, ofTraining: () => 1 };

/** How many of three rows a model gets right; the base one. */
let skill: Readonly<Record<string, number>> = {};
function answer({ call }: Asked): string {
  const content = call.prompt.kind === 'chat' ? call.prompt.messages[0]!.content : '';
  const id = Number(content.split('\n').at(-1)!.slice(1));
  return id % 3 < (skill[call.model] ?? (call.model === 'base' ? 1 : 2)) ? `a${id}` : 'wrong';
}

interface Given {
  readonly trainer: FakeTrainer;
  readonly memory?: Map<string, JsonValue>;
  readonly checkpoints?: number;
  readonly rows?: number;
  readonly journal?: FakeJournal;
  /** Default: no cap. */
  readonly tokens?: number;
  /** Jobs that sessions of the run have charged. */
  readonly charged?: Set<string>;
}

/** Charges a job once over all sessions that know of the same ones. */
const ledgerOf = (charged: Set<string>): SpendLedger => ({
  hold: () => Promise.resolve(),
  settle: () => undefined,
  charge: (job) => !charged.has(job) && charged.add(job).has(job),
});

async function optimize({ trainer, memory, checkpoints, rows = 24, tokens, charged, ...given }: Given) {
  const { journal = new FakeJournal(memory) } = given;
  const program = new FakeProgram();
  const lm = new FakeLm(answer);
  const ledger = ledgerOf(charged ?? new Set());
  const gate = new Budget({ calls: null, tokens: tokens ?? null, usd: null }, { calls: 0, tokens: 0, usd: 0 }, ledger);
  const parts = {
    program,
    lm,
    trainer,
    journal,
    surroundings: new FakeSurroundings(),
    gate,
    prices,
    meter: new UsageMeter(prices),
    concurrency: 4,
    identity: 'i',
  };
  const dev = examples(12, 'd').map((example) => ({ ...example, id: example.id + 100 }));
  const run = new Optimization(
    parts,
    settingsOf('w', checkpoints === undefined ? {} : { w: { checkpoints } }),
    { train: examples(rows), dev, test: null },
    await program.describe(),
    {
      signal: new AbortController().signal,
      onStage: () => undefined,
    },
  );
  let stages: readonly Stage[] = [];
  let error: unknown;
  try {
    stages = await run.run();
  } catch (caught) {
    error = caught;
  }
  return { journal, lm, stages, error, gate, last: stages.at(-1) };
}

const modelOf = (stage: Stage | undefined) => Object.values(stage?.state?.predictors ?? {})[0]?.model;

describe('a training set', () => {
  it('that is too small for the service is not sent: the step has no result, with the reason', async () => {
    const trainer = Object.assign(new FakeTrainer(), { leastRows: 10 });
    const { last, journal, error } = await optimize({ trainer, rows: 6 });
    expect(error).toBeUndefined();
    expect(trainer.jobs).toEqual([]);
    const reason =
      'too few rows to train on: 2 of 6 training examples had a correct trace, which makes 4 rows; the training service takes 10 or more';
    expect(last).toMatchObject({ state: null, dev: null, reason });
    expect(journal.of('step.skipped')).toMatchObject([{ prefix: 'w', reason }]);
    expect((await optimize({ trainer })).last?.dev?.score).toBeGreaterThan(60);
  });

  it('is kept as sent', async () => {
    const trainer = Object.assign(new FakeTrainer(), { rowsFile: () => 'as sent\n' });
    const { journal } = await optimize({ trainer });
    expect([...journal.rowFiles]).toEqual([['w.jsonl', 'as sent\n']]);
  });

  it('that the service refuses ends the run with its words; resume sends it again', async () => {
    const memory = new Map<string, JsonValue>();
    const trainer = new FakeTrainer();
    const submit = trainer.submit.bind(trainer);
    trainer.submit = () => Promise.reject(new CallRejected('line 3: no assistant turn'));
    const refused = await optimize({ trainer, memory });
    expect(String(refused.error)).toContain('line 3: no assistant turn');
    expect(refused.journal.of('job.failed')).toMatchObject([{ job: null, error: 'line 3: no assistant turn' }]);
    trainer.submit = submit;
    // Nothing can be lost of what was refused: a service that cannot list is not asked.
    trainer.canList = false;
    expect((await optimize({ trainer, memory })).error).toBeUndefined();
    expect(trainer.jobs).toHaveLength(1);
  });
});

describe('a job', () => {
  it.each(['failed', 'cancelled'] as const)(
    'that %s elsewhere ends the run and shows it; resume sends another',
    async (outcome) => {
      const memory = new Map<string, JsonValue>();
      const trainer = new FakeTrainer();
      trainer.outcome = outcome;
      const { error, journal } = await optimize({ trainer, memory });
      expect(String(error)).toMatch(/Step "w": the training job job-1 did not give a model/);
      expect(journal.of('job.failed')).toMatchObject([{ job: 'job-1' }]);
      const poll = trainer.poll.bind(trainer);
      trainer.poll = (id, after, signal) => {
        trainer.outcome = id === 'job-1' ? outcome : 'succeeded';
        return poll(id, after, signal);
      };
      const resumed = await optimize({ trainer, memory });
      expect(resumed.error).toBeUndefined();
      expect(trainer.jobs).toHaveLength(2);
    },
  );

  it('that hangs pauses the run and says so; resume goes on with the same one', async () => {
    const memory = new Map<string, JsonValue>();
    const trainer = Object.assign(new FakeTrainer(), { pollSeconds: 0.01, stallSeconds: 0.05 });
    trainer.outcome = 'running';
    const { error, journal } = await optimize({ trainer, memory });
    expect(error).toBeInstanceOf(EndpointUnavailable);
    expect(String(error)).toMatch(/Training job job-1 is "running" and has shown nothing new.*stallMinutes/);
    expect(journal.of('warning').at(-1)?.message).toContain('resume adopts it');
    trainer.outcome = 'succeeded';
    const resumed = await optimize({ trainer, memory });
    expect(resumed.error).toBeUndefined();
    expect(resumed.journal.of('job.submitted')).toMatchObject([{ job: 'job-1', adopted: true }]);
    expect(trainer.jobs).toHaveLength(1);
  });

  it('whose rows were never taken was not sent: resume sends it, also where a service cannot list', async () => {
    const memory = new Map<string, JsonValue>();
    const trainer = new FakeTrainer();
    trainer.canList = false;
    const send = trainer.submit.bind(trainer);
    trainer.submit = () => Promise.reject(new JobNotSent('the file is "pending"'));
    expect((await optimize({ trainer, memory })).error).toBeInstanceOf(EndpointUnavailable);
    trainer.submit = send;
    const resumed = await optimize({ trainer, memory });
    expect(resumed.error).toBeUndefined();
    expect(trainer.jobs).toHaveLength(1);
  });

  it('whose model is gone is said to be trained again, before it is', async () => {
    const memory = new Map<string, JsonValue>();
    const trainer = new FakeTrainer();
    await optimize({ trainer, memory });
    trainer.served.clear();
    const { journal } = await optimize({ trainer, memory });
    const told = journal.events.filter(({ type }) => type === 'warning' || type === 'job.intended');
    expect(told).toMatchObject([
      {
        type: 'warning',
        message: expect.stringMatching(/^Step "w": "tuned-.*", which training job job-1 gave, .*trained again/),
      },
      { type: 'job.intended' },
    ]);
    expect(trainer.jobs).toHaveLength(2);
  });

  it('whose model is there only later is waited for', async () => {
    const trainer = new FakeTrainer();
    const serves = trainer.serves.bind(trainer);
    let asked = 0;
    trainer.serves = (model, signal) => (++asked < 3 ? Promise.resolve(false) : serves(model, signal));
    const { journal, error } = await optimize({ trainer });
    expect(error).toBeUndefined();
    const told = journal.events.filter(({ type }) => type === 'warning');
    expect(told).toMatchObject([{ message: expect.stringMatching(/job-1 has ended.*does not answer yet/) }]);
    expect(trainer.jobs).toHaveLength(1);
  });

  it('whose model does not come is no other job after a resume', async () => {
    const memory = new Map<string, JsonValue>();
    const trainer = Object.assign(new FakeTrainer(), { stallSeconds: 0.01, pollSeconds: 0.01 });
    const serves = trainer.serves.bind(trainer);
    trainer.serves = () => Promise.resolve(false);
    const stopped = await optimize({ trainer, memory });
    expect(stopped.error).toBeInstanceOf(EndpointUnavailable);
    expect(stopped.error).toMatchObject({
      message: expect.stringMatching(/ended, and its model "tuned-.*" has not answered/),
    });
    trainer.serves = serves;
    expect((await optimize({ trainer, memory })).error).toBeUndefined();
    expect(trainer.jobs).toHaveLength(1);
  });

  it('whose model nobody can be asked about is not sent again: the run pauses', async () => {
    const memory = new Map<string, JsonValue>();
    const trainer = new FakeTrainer();
    await optimize({ trainer, memory });
    trainer.serves = () => Promise.reject(new EndpointUnavailable('gave no answer'));
    expect((await optimize({ trainer, memory })).error).toBeInstanceOf(EndpointUnavailable);
    expect(trainer.jobs).toHaveLength(1);
  });

  it('that shows something new now and then does not hang', async () => {
    const trainer = Object.assign(new FakeTrainer(), { pollSeconds: 0.05, stallSeconds: 1 });
    trainer.outcome = 'running';
    const poll = trainer.poll.bind(trainer);
    let polls = 0;
    trainer.poll = async (id, _after, signal) => {
      if (++polls === 40) trainer.outcome = 'succeeded';
      const status = await poll(id, 'e1', signal);
      return { ...status, events: polls % 3 === 0 ? [{ id: `e${polls}`, time: 0, message: 'on' }] : [] };
    };
    expect((await optimize({ trainer })).error).toBeUndefined();
  });
});

describe('a job that its service has just taken', () => {
  const unknownAtFirst = (looks: number) => {
    const trainer = new FakeTrainer();
    const poll = trainer.poll.bind(trainer);
    let asked = 0;
    trainer.poll = async (...given) => {
      if (++asked <= looks) throw new UnknownJob('no such job');
      return await poll(...given);
    };
    return trainer;
  };

  it('may be unknown there for a while: it is waited for, and not sent again', async () => {
    const trainer = unknownAtFirst(5);
    expect((await optimize({ trainer })).error).toBeUndefined();
    expect(trainer.jobs).toHaveLength(1);
  });

  it('ends the run where it stays unknown', async () => {
    const trainer = unknownAtFirst(Infinity);
    expect((await optimize({ trainer })).error).toBeInstanceOf(UnknownJob);
    expect(trainer.jobs).toHaveLength(1);
  });
});

describe('a cap of tokens', () => {
  const worstOf = ({ set, hyperParameters }: TrainingJob) =>
    hyperParameters.epochs * set.rows.reduce((sum, row) => sum + Buffer.byteLength(JSON.stringify(row)), 0);
  async function worst() {
    const trainer = new FakeTrainer();
    await optimize({ trainer });
    return worstOf(trainer.jobs[0]!);
  }

  it('holds a job at a token for every byte of every epoch, and charges what was trained on', async () => {
    const most = await worst();
    expect(most).toBeGreaterThan(1000);
    const small = new FakeTrainer();
    const { error } = await optimize({ trainer: small, tokens: most - 1 });
    expect(error).toMatchObject({
      cap: 'tokens',
      message: `0 of ${most - 1} tokens are spent, and the next training job may take ${most} more.`,
    });
    expect(small.jobs).toEqual([]);
    const enough = await optimize({ trainer: new FakeTrainer(), tokens: most });
    expect(enough.error).toBeUndefined();
    expect(enough.gate.spent.tokens).toBe(100);
  });

  it('charges a job at its worst where its service does not tell its tokens', async () => {
    const trainer = new FakeTrainer();
    const poll = trainer.poll.bind(trainer);
    trainer.poll = async (...given) => {
      const { state, events, model } = await poll(...given);
      return { state, events, ...(model === undefined ? {} : { model }) };
    };
    const most = await worst();
    expect((await optimize({ trainer, tokens: most })).gate.spent.tokens).toBe(most);
  });

  it('is charged nothing for a job that the memo knows', async () => {
    const memory = new Map<string, JsonValue>();
    const trainer = new FakeTrainer();
    await optimize({ trainer, memory });
    const again = await optimize({ trainer, memory, tokens: 1 });
    expect(again.error).toBeUndefined();
    expect(again.gate.spent.tokens).toBe(0);
    expect(trainer.jobs).toHaveLength(1);
  });

  it('is charged for a job that an interrupted run sent, which is adopted though it does not fit', async () => {
    const memory = new Map<string, JsonValue>();
    const trainer = Object.assign(new FakeTrainer(), { pollSeconds: 0.01, stallSeconds: 0.02 });
    trainer.outcome = 'running';
    expect((await optimize({ trainer, memory })).gate.spent.tokens).toBe(0);
    trainer.outcome = 'succeeded';
    const resumed = await optimize({ trainer, memory, tokens: 1 });
    expect(resumed.error).toBeUndefined();
    expect(resumed.gate.spent.tokens).toBe(100);
  });

  it('is charged once for a job whose run ended between the charge and the end of the job', async () => {
    const given = { memory: new Map<string, JsonValue>(), charged: new Set<string>() };
    const trainer = Object.assign(new FakeTrainer(), { pollSeconds: 0.01, stallSeconds: 0.02 });
    const serves = trainer.serves.bind(trainer);
    trainer.serves = async () => false;
    const first = await optimize({ trainer, ...given });
    expect(first.error).toBeInstanceOf(EndpointUnavailable);
    expect(first.gate.spent.tokens).toBe(100);
    trainer.serves = serves;
    const second = await optimize({ trainer, ...given });
    expect(second.error).toBeUndefined();
    expect(second.gate.spent.tokens).toBe(0);
    expect(trainer.jobs).toHaveLength(1);
  });

  it('holds a pair as what is trained on: both answers, and the prompt before each', async () => {
    const prompt = { kind: 'chat', messages: [{ role: 'user', content: 'q'.repeat(100) }] } as const;
    const row = { predictor: 'p', prompt, completion: 'c'.repeat(50), rejected: 'r'.repeat(60), end: null };
    const gate = new Budget({ calls: null, tokens: 1, usd: null }, { calls: 0, tokens: 0, usd: 0 });
    const { epochs, learningRate, schedule, batchSize, lora } = weightSettings;
    const hyperParameters = { epochs, learningRate, schedule, batchSize, lora, seed: 0 };
    const held = epochs * (Buffer.byteLength(JSON.stringify(row)) + Buffer.byteLength(JSON.stringify(prompt)));
    const parts = {
      trainer: new FakeTrainer(),
      journal: new FakeJournal(),
      meter: new UsageMeter(prices),
      prices,
      gate,
    };
    const request = { parent: 'base', set: { method: 'dpo', beta: 0.1, rows: [row] } as const, hyperParameters };
    const { signal } = new AbortController();
    const tallies = { meter: parts.meter, failures: new FailureTally([0, 1]), readings: new ReadingTally() };
    const scope = { prefix: 'dpo', signal, ...tallies };
    await expect(train(parts, request, scope)).rejects.toThrow(`the next training job may take ${held} more.`);
  });
});

describe('checkpoints', () => {
  function keeping(checkpoints: readonly Checkpoint[]) {
    const asked: string[] = [];
    const list = async (id: string) => {
      asked.push(id);
      return checkpoints;
    };
    return Object.assign(new FakeTrainer(), { checkpoints: list, asked });
  }
  const kept = [
    { model: 'c-90', step: 90 },
    { model: 'c-60', step: 60 },
    { model: 'c-30', step: 30 },
  ];

  it('are tried on dev beside the job’s model, and the best goes on', async () => {
    skill = { 'c-90': 2, 'c-60': 3 };
    const trainer = keeping(kept);
    const { last, journal, lm } = await optimize({ trainer, checkpoints: 2 });
    expect(modelOf(last)).toBe('c-60');
    expect(last?.dev?.score).toBe(100);
    const model = `tuned-${(trainer.jobs[0] as TrainingJob).hash.slice(0, 8)}`;
    expect(journal.of('candidate.started').map(({ candidate, about }) => [candidate, about])).toEqual([
      [0, { step: null }],
      [1, { step: 90 }],
      [2, { step: 60 }],
    ]);
    expect(journal.of('step.finished')).toMatchObject([{ candidate: 2 }]);
    // Two predictors, twelve rows, once each: scoring the step pays nothing again.
    const calls = (name: string) => lm.paid.filter(({ call }) => call.model === name).length;
    expect([model, 'c-90', 'c-60', 'c-30'].map(calls)).toEqual([24, 24, 24, 0]);
  });

  it('have to be better than the last weights, as the paper’s', async () => {
    skill = { 'c-90': 2, 'c-60': 1 };
    const { last, journal } = await optimize({ trainer: keeping(kept), checkpoints: 3 });
    expect(modelOf(last)).toMatch(/^tuned-/);
    expect(journal.of('step.finished')).toMatchObject([{ candidate: 0 }]);
  });

  it('are not tried unless asked for, and listed once', async () => {
    skill = {};
    const memory = new Map<string, JsonValue>();
    const trainer = keeping(kept);
    const { journal } = await optimize({ trainer, memory });
    expect(journal.of('candidate.started')).toEqual([]);
    skill = { 'c-90': 3 };
    const again = await optimize({ trainer, memory, checkpoints: 1 });
    expect(modelOf(again.last)).toBe('c-90');
    expect(trainer.asked).toEqual(['job-1']);
  });

  it.each([
    ['refused', new EndpointRefused('no such list')],
    ['not given', new EndpointUnavailable('gave no answer')],
    ['of another shape', new CannotList('in a shape that cannot be read')],
  ])('that are %s are a warning: the job was paid for, and its model goes on', async (_, failure) => {
    skill = {};
    const memory = new Map<string, JsonValue>();
    const trainer = Object.assign(new FakeTrainer(), { checkpoints: () => Promise.reject(failure) });
    const { last, error, journal } = await optimize({ trainer, memory, checkpoints: 2 });
    expect(error).toBeUndefined();
    expect(modelOf(last)).toMatch(/^tuned-/);
    expect(journal.of('warning').map(({ message }) => message)).toEqual([
      expect.stringMatching(`Step "w": the checkpoints of training job job-1 are not known.*${failure.message}`),
    ]);
    expect((await optimize({ trainer, memory, checkpoints: 2 })).error).toBeUndefined();
    expect(trainer.jobs).toHaveLength(1);
  });

  it('are part of what a step may take at most', () => {
    const sample = { runs: 5, paidCalls: 5, correct: 0.5, predictors: 1, calls: 2, inputTokens: 10, outputTokens: 2 };
    const sizes = { train: 20, dev: 10, test: 0 };
    const plan = (checkpoints: number) =>
      makePlan(settingsOf('w', { w: { checkpoints } }), sizes, sample, { call: () => 0, training: () => 0 });
    expect(plan(2).calls.most - plan(0).calls.most).toBe(2 * 10 * 2);
    expect(plan(2).calls.expected).toBe(plan(0).calls.expected);
  });
});
