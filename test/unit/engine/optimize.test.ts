import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/base/json.ts';
import { Budget } from '../../../src/engine/budget.ts';
import type { ProgramOutcome } from '../../../src/data/trace.ts';
import { Cancelled, EndpointRefused, EndpointUnavailable } from '../../../src/engine/errors.ts';
import type { TraceRecord } from '../../../src/engine/interfaces.ts';
import type { Stage } from '../../../src/engine/optimize.ts';
import { Optimization } from '../../../src/engine/optimize.ts';
import type { OptimizeSettings } from '../../../src/engine/settings.ts';
import { paperStrategies } from '../../../src/data/strategy.ts';
import { UsageMeter } from '../../../src/engine/usage.ts';
import type { Asked, FakeProgramOptions } from './fakes.ts';
import { examples, FakeJournal, FakeLm, FakeProgram, FakeSurroundings, FakeTrainer, twoPredictors } from './fakes.ts';
import { settingsOf as anyOf, type SettingsChange } from './settingsOf.ts';

const prices = { ofAnswer: () => 0.01, ofTraining: () => 1 };
const uncapped = { calls: null, tokens: null, usd: null };

const settingsOf = (strategy: string, change: SettingsChange = {}) =>
  anyOf(strategy, { w: { rounds: 2, roundTemperature: 0.9 }, ...change });

/** Right when it is easy (every third row), when demos are shown (two of three), or when the model is tuned. */
function answer({ call, rollout }: Asked): string {
  const content = call.prompt.kind === 'chat' ? call.prompt.messages[0]!.content : '';
  const lines = content.split('\n');
  const id = Number(lines.at(-1)!.slice(1));
  const easy = id % 3 === 0 || (lines.length > 2 && id % 3 === 1) || call.model !== 'base';
  return easy || rollout.round > 0 ? `a${id}` : 'wrong';
}

interface Bench {
  readonly lm: FakeLm;
  readonly journal: FakeJournal;
  readonly trainer: FakeTrainer;
  readonly program: FakeProgram;
  readonly stages: readonly Stage[];
  readonly error: unknown;
  readonly meter: UsageMeter;
}

async function optimize(
  settings: OptimizeSettings,
  options: {
    readonly answer?: (asked: Asked) => string | Promise<string>;
    readonly program?: FakeProgramOptions;
    readonly memory?: Map<string, JsonValue>;
    readonly lmMemo?: Map<string, string>;
    readonly trainer?: FakeTrainer;
    readonly lostJob?: string;
    readonly concurrency?: number;
    readonly signal?: AbortSignal;
    readonly journal?: FakeJournal;
  } = {},
): Promise<Bench> {
  const journal = options.journal ?? new FakeJournal(options.memory);
  const trainer = options.trainer ?? new FakeTrainer();
  const program = new FakeProgram(options.program);
  const meter = new UsageMeter(prices);
  const lm = new FakeLm(options.answer ?? answer, options.lmMemo, (told) => {
    meter.answered(told);
  });
  let stages: readonly Stage[] = [];
  const optimization = new Optimization(
    {
      program,
      lm,
      trainer,
      journal,
      surroundings: new FakeSurroundings(),
      gate: new Budget(uncapped, { calls: 0, tokens: 0, usd: 0 }),
      prices,
      meter,
      concurrency: options.concurrency ?? 4,
      identity: 'identity',
      ...(options.lostJob === undefined ? {} : { lostJob: options.lostJob }),
    },
    settings,
    { train: examples(24), dev: examples(12, 'd').map((e) => ({ ...e, id: e.id + 100 })), test: examples(9, 't') },
    await program.describe(),
    { signal: options.signal ?? new AbortController().signal, onStage: (now) => (stages = now) },
  );
  let error: unknown;
  try {
    stages = await optimization.run();
  } catch (caught) {
    error = caught;
  }
  return { lm, journal, trainer, program, stages, error, meter };
}

const modelsOf = (stage: Stage | undefined) => Object.values(stage?.state?.predictors ?? {}).map(({ model }) => model);
const demosOf = (stage: Stage | undefined) =>
  Object.values(stage?.state?.predictors ?? {}).flatMap(({ demos }) => demos);

describe('p -> w -> p', () => {
  it('searches prompts on the tuned model after w, from the original prompts', async () => {
    const { lm, stages, error, trainer } = await optimize(settingsOf('p -> w -> p'));
    expect(error).toBeUndefined();
    expect(stages.map(({ prefix }) => prefix)).toEqual(['', 'p', 'p -> w', 'p -> w -> p']);
    const tuned = modelsOf(stages[2])[0]!;
    expect(tuned).toMatch(/^tuned-/);
    expect(modelsOf(stages[2])).toEqual([tuned, tuned]);
    expect(demosOf(stages[1]).length).toBeGreaterThan(0);
    expect(demosOf(stages[2])).toEqual([]);
    expect(trainer.jobs).toHaveLength(1);
    const firstTuned = lm.asked.findIndex(({ call }) => call.model === tuned);
    const later = lm.asked.slice(firstTuned).filter(({ call }) => call.model !== tuned);
    expect(later).toEqual([]);
  });

  it('trains on vanilla prompts and the program’s own answers, of correct traces only', async () => {
    const { journal, trainer } = await optimize(settingsOf('p -> w'), {
      program: { score: ({ example }, said) => (said === `a${example.id}` && example.id < 12 ? 1 : 0) },
    });
    const { rows } = trainer.jobs[0]!.set;
    expect(journal.of('rows.collected')[0]).toMatchObject({ tried: 24, correct: 12, rows: 24 });
    for (const row of rows) {
      const [, demos, question] = row.prompt.kind === 'chat' ? row.prompt.messages[0]!.content.split('|') : [];
      expect(demos).toBe('0');
      expect(row.completion).toBe(`a${question!.slice(1)}`);
    }
  });

  it('keeps the current prompts when it trained on them', async () => {
    const { stages } = await optimize(settingsOf('p -> w', { w: { rounds: 2, prompts: 'current' } }));
    expect(demosOf(stages[2])).toEqual(demosOf(stages[1]));
    expect(modelsOf(stages[2])[0]).toMatch(/^tuned-/);
  });

  it('gives the same result whatever the concurrency', async () => {
    const results = await Promise.all(
      [1, 3, 64].map((concurrency) => optimize(settingsOf('p -> w -> p'), { concurrency })),
    );
    for (const { stages } of results) expect(stages).toEqual(results[0]!.stages);
  });

  it('run again, makes no call and no job', async () => {
    const memory = new Map<string, JsonValue>();
    const trainer = new FakeTrainer();
    const first = await optimize(settingsOf('p -> w -> p'), { memory, trainer });
    expect(first.meter.snapshot().calls).toBe(first.lm.paid.length);
    const again = await optimize(settingsOf('p -> w -> p'), { memory, trainer });
    expect(again.stages).toEqual(first.stages);
    expect(again.lm.asked).toEqual([]);
    expect(again.program.runs).toBe(0);
    expect(trainer.jobs).toHaveLength(1);
    expect(again.meter.snapshot()).toMatchObject({ calls: 0, usd: 0 });
    expect(again.meter.snapshot().cached).toBeGreaterThan(0);
  });

  it('stopped anywhere and resumed, gives the same result and pays for no answer twice', async () => {
    const undisturbed = await optimize(settingsOf('p -> w -> p'));
    const total = undisturbed.lm.paid.length;
    for (const stopAfter of [1, 7, 20, 33, 60, Math.floor(total * 0.6)]) {
      const memory = new Map<string, JsonValue>();
      const lmMemo = new Map<string, string>();
      const trainer = new FakeTrainer();
      let left = stopAfter;
      const stopped = await optimize(settingsOf('p -> w -> p'), {
        memory,
        lmMemo,
        trainer,
        answer: (asked) => {
          if (left-- <= 0) throw new EndpointUnavailable('gone');
          return answer(asked);
        },
      });
      expect(stopped.error).toBeInstanceOf(EndpointUnavailable);
      const resumed = await optimize(settingsOf('p -> w -> p'), { memory, lmMemo, trainer });
      expect(resumed.stages).toEqual(undisturbed.stages);
      expect(trainer.jobs).toHaveLength(1);
      const paid = [...stopped.lm.paid, ...resumed.lm.paid].map((asked) => JSON.stringify(asked));
      expect(new Set(paid).size).toBe(paid.length);
    }
  });
});

describe('the eight strategies', () => {
  for (const strategy of paperStrategies) {
    it(strategy === '' ? 'vanilla' : strategy, async () => {
      const { stages, error, trainer } = await optimize(settingsOf(strategy));
      expect(error).toBeUndefined();
      expect(stages.at(-1)?.prefix).toBe(strategy);
      expect(stages.every(({ dev, test }) => dev !== null && test !== null)).toBe(true);
      expect(trainer.jobs).toHaveLength(strategy.split(' ').filter((step) => step === 'w').length);
    });
  }

  it('w -> w goes on from the tuned model where the back end can', async () => {
    const { trainer, stages } = await optimize(settingsOf('w -> w'));
    expect(trainer.jobs.map(({ parent }) => parent)).toEqual(['base', modelsOf(stages[1])[0]]);
  });

  it('w -> w starts from the base again where it cannot, and says so', async () => {
    const trainer = new FakeTrainer();
    trainer.continues = false;
    const { journal } = await optimize(settingsOf('w -> w'), { trainer });
    expect(trainer.jobs.map(({ parent }) => parent)).toEqual(['base', 'base']);
    expect(journal.of('warning')[0]?.message).toContain('trains base again');
  });
});

describe('what can go wrong', () => {
  it('nothing correct: no job, a reason, and later steps have no score either', async () => {
    const { stages, trainer, error } = await optimize(settingsOf('w -> p'), { program: { score: () => 0 } });
    expect(error).toBeUndefined();
    expect(trainer.jobs).toEqual([]);
    expect(stages.slice(1)).toMatchObject([
      { prefix: 'w', state: null, dev: null, reason: expect.stringContaining('0 of 24') as string },
      { prefix: 'w -> p', state: null, dev: null, reason: expect.stringContaining('nothing to train on') as string },
    ]);
  });

  it('an error in some rows scores 0 there and ends nothing', async () => {
    const fail = { kind: 'program' as const, message: 'division by zero' };
    const { stages, error } = await optimize(settingsOf('p'), {
      program: { fail: ({ example }) => (example.id % 4 === 0 ? fail : undefined) },
    });
    expect(error).toBeUndefined();
    expect(stages[0]?.dev).toMatchObject({ failed: 3, n: 12 });
  });

  it('the same error in every row fails the run with it', async () => {
    const fail = { kind: 'metric' as const, message: 'no field gold', file: 'm.ts', line: 3 };
    const { error } = await optimize(settingsOf('p'), { program: { fail: () => fail } });
    expect(String(error)).toContain('no field gold (m.ts:3)');
  });

  it('an endpoint that gave up is never a score of 0: the run stops at once and every later wait with it', async () => {
    let asked = 0;
    const { error, stages } = await optimize(settingsOf('p'), {
      answer: () => {
        asked++;
        throw new EndpointUnavailable('connection refused');
      },
    });
    expect(error).toBeInstanceOf(EndpointUnavailable);
    expect(stages[0]?.dev ?? null).toBeNull();
    expect(asked).toBeLessThanOrEqual(4);
  });

  it('a cancelled run ends with Cancelled', async () => {
    const abort = new AbortController();
    const { error } = await optimize(settingsOf('p'), {
      signal: abort.signal,
      answer: async (asked) => {
        abort.abort();
        await Promise.resolve();
        return answer(asked);
      },
    });
    expect((error as Error).name).toBe('Cancelled');
  });

  it('a failed job ends the run with the service’s words', async () => {
    const trainer = new FakeTrainer();
    trainer.outcome = 'failed';
    const { error, journal } = await optimize(settingsOf('w'), { trainer });
    expect(String(error)).toContain('out of memory');
    expect(journal.of('job.failed')).toHaveLength(1);
  });

  it('frozen predictors keep prompts, weights and stay out of the rows', async () => {
    const [a, b] = twoPredictors.predictors;
    const description = { ...twoPredictors, predictors: [{ ...a!, frozen: true }, b!] };
    const { stages, trainer } = await optimize(settingsOf('p -> w'), { program: { description } });
    const state = stages.at(-1)!.state!;
    expect(state.predictors['a.predict']).toEqual(stages[0]!.state!.predictors['a.predict']);
    expect(state.predictors['b.predict']?.model).toMatch(/^tuned/);
    expect(new Set(trainer.jobs[0]!.set.rows.map(({ predictor }) => predictor))).toEqual(new Set(['b.predict']));
  });

  it('says so when a replay asks something else', async () => {
    const memory = new Map<string, JsonValue>();
    let clock = 0;
    const program: FakeProgramOptions = { score: () => 0 };
    const flaky = { ...twoPredictors };
    const failing = {
      ...program,
      description: flaky,
      fail: () => undefined,
    };
    const unsettled = async () => {
      const bench = await optimize(settingsOf(''), { memory, program: failing, answer: () => `t${clock++}` });
      for (const [key, value] of memory) {
        const { outcome } = value as unknown as { outcome?: ProgramOutcome };
        if (outcome === undefined) continue;
        const trace = outcome.trace.map((call) => ({
          ...call,
          lm: call.lm.map((record) => ({ ...record, key: `other-${record.key}` })),
        }));
        memory.set(key, { outcome: { ...outcome, trace }, settled: false } as unknown as JsonValue);
      }
      return bench;
    };
    await unsettled();
    const { journal } = await unsettled();
    const [first] = journal.of('example');
    expect(journal.of('warning').map(({ message }) => message)).toEqual([expect.stringContaining('not deterministic')]);
    // People count rows from 1, as the messages about data files do.
    expect(journal.of('warning')[0]!.message).toContain(`on row ${first!.example + 1} in`);
  });
});

describe('a remembered program run', () => {
  const damaged: [string, JsonValue][] = [
    ['without a trace', { outcome: { prediction: null, score: 1 }, settled: true }],
    [
      'with a score that is no number',
      { outcome: { prediction: null, score: 'high', trace: [], seconds: 0 }, settled: true },
    ],
    ['that is no object', 'outcome'],
  ];
  it.each(damaged)('%s counts as none: the row is run again and remembered anew', async (_, value) => {
    const memory = new Map<string, JsonValue>();
    const first = await optimize(settingsOf(''), { memory });
    const intact = new Map(memory);
    for (const key of memory.keys()) memory.set(key, value);
    const again = await optimize(settingsOf(''), { memory });
    expect(again.error).toBeUndefined();
    expect(again.program.runs).toBe(first.program.runs);
    expect(again.stages.at(-1)!.dev).toEqual(first.stages.at(-1)!.dev);
    expect([...memory.keys()]).toEqual([...intact.keys()]);
    const third = await optimize(settingsOf(''), { memory });
    expect(third.program.runs).toBe(0);
  });

  it('comes back whole, with what its metric asked', async () => {
    const memory = new Map<string, JsonValue>();
    const program = { judge: true } as const;
    await optimize(settingsOf(''), { memory, program });
    const kept = new FakeJournal(memory);
    const records: TraceRecord[] = [];
    Object.assign(kept, { trace: (record: TraceRecord) => void records.push(record) });
    await optimize(settingsOf(''), { memory, program, journal: kept });
    const remembered = [...memory.values()].map((value) => (value as unknown as { outcome: ProgramOutcome }).outcome);
    expect(records.length).toBeGreaterThan(0);
    expect(records.every(({ outcome }) => outcome.untraced?.length === 1)).toBe(true);
    for (const { outcome } of records) expect(remembered).toContainEqual(outcome);
  });
});

describe('what a state gains', () => {
  it('is written down row by row against the baseline, on dev and test, whichever ended first', async () => {
    const { journal } = await optimize(settingsOf('p -> w'));
    const evaluated = journal.of('evaluated');
    const of = (prefix: string, split: string) =>
      evaluated.find((one) => one.prefix === prefix && one.split === split)!;
    expect(of('', 'dev').gain).toBeUndefined();
    for (const split of ['dev', 'test']) {
      const [before, after] = [of('', split), of('p -> w', split)];
      const { gain } = after;
      expect(gain).toMatchObject({ n: after.score.n });
      expect(gain!.points).toBeCloseTo(after.score.score - before.score.score, 1);
      expect(gain!.low).toBeLessThan(gain!.points);
    }
  });
});

describe('a metric that asks an LM', () => {
  it('counts among the calls of a run, paid for and recalled alike', async () => {
    const memory = new Map<string, JsonValue>();
    const program = { judge: true } as const;
    const first = await optimize(settingsOf(''), { memory, program });
    const rows = first.journal.of('example').length;
    expect(first.lm.paid).toHaveLength(rows * 3);
    expect(first.meter.snapshot().calls).toBe(rows * 3);
    const again = await optimize(settingsOf(''), { memory, program });
    expect(again.lm.asked).toHaveLength(0);
    expect(again.meter.snapshot()).toMatchObject({ calls: 0, cached: rows * 3 });
    const evaluated = again.journal.of('evaluated').map(({ usage }) => usage.cached);
    expect(evaluated.reduce((sum, cached) => sum + cached, 0)).toBe(rows * 3);
  });

  it('has paid where the program itself was answered from the memo', async () => {
    const lmMemo = new Map<string, string>();
    await optimize(settingsOf(''), { lmMemo });
    const { journal } = await optimize(settingsOf(''), { lmMemo, program: { judge: true } });
    expect(journal.of('example').every(({ cached }) => !cached)).toBe(true);
  });
});

describe('jobs', () => {
  it('one that was sent before a crash is adopted, not sent again', async () => {
    const memory = new Map<string, JsonValue>();
    const trainer = new FakeTrainer();
    await optimize(settingsOf('w'), { memory, trainer });
    for (const [key, value] of memory) {
      if ((value as { phase?: string }).phase === 'done') memory.set(key, { phase: 'intended' });
    }
    const { journal, error } = await optimize(settingsOf('w'), { memory, trainer });
    expect(error).toBeUndefined();
    expect(trainer.jobs).toHaveLength(1);
    expect(journal.of('job.submitted')).toMatchObject([{ adopted: true, job: 'job-1' }]);
  });

  it('a service that cannot list is asked of the user', async () => {
    const memory = new Map<string, JsonValue>();
    const trainer = new FakeTrainer();
    await optimize(settingsOf('w'), { memory, trainer });
    const lose = () => {
      for (const [key, value] of memory) {
        if ('phase' in (value as object)) memory.set(key, { phase: 'intended' });
      }
    };
    lose();
    trainer.canList = false;
    const asked = await optimize(settingsOf('w'), { memory, trainer });
    expect(String(asked.error)).toContain('--job');
    expect(trainer.jobs).toHaveLength(1);
    lose();
    // A mistyped id is refused, and the question stays open: nothing is sent by the session after it.
    const mistyped = await optimize(settingsOf('w'), { memory, trainer, lostJob: 'job-9' });
    expect(String(mistyped.error)).toContain('does not know the training job "job-9"');
    const again = await optimize(settingsOf('w'), { memory, trainer });
    expect(String(again.error)).toContain('--job');
    expect(trainer.jobs).toHaveLength(1);
    const told = await optimize(settingsOf('w'), { memory, trainer, lostJob: 'job-1' });
    expect(told.error).toBeUndefined();
    expect(trainer.jobs).toHaveLength(1);
  });

  it('one that the service does not know any more is sent again', async () => {
    const memory = new Map<string, JsonValue>();
    const trainer = new FakeTrainer();
    await optimize(settingsOf('w'), { memory, trainer });
    for (const [key, value] of memory) {
      if ('phase' in (value as object)) memory.set(key, { phase: 'submitted', job: 'job-77' });
    }
    const { error } = await optimize(settingsOf('w'), { memory, trainer });
    expect(error).toBeUndefined();
    expect(trainer.jobs).toHaveLength(2);
  });

  it('one that was refused was not sent: nobody is asked about it later', async () => {
    const memory = new Map<string, JsonValue>();
    const trainer = new FakeTrainer();
    trainer.canList = false;
    trainer.refuse = true;
    const refused = await optimize(settingsOf('w'), { memory, trainer });
    expect(refused.error).toBeInstanceOf(EndpointRefused);
    trainer.refuse = false;
    const { error } = await optimize(settingsOf('w'), { memory, trainer });
    expect(error).toBeUndefined();
  });

  it('is cancelled with the run when that was asked for, otherwise named', async () => {
    for (const jobs of ['cancel', 'leave'] as const) {
      const abort = new AbortController();
      const trainer = new FakeTrainer();
      trainer.outcome = 'running';
      trainer.onPoll = () => {
        abort.abort(new Cancelled(undefined, { jobs }));
      };
      const { journal, error } = await optimize(settingsOf('w'), { trainer, signal: abort.signal });
      expect(error).toBeInstanceOf(Cancelled);
      expect(trainer.cancelled).toEqual(jobs === 'cancel' ? ['job-1'] : []);
      expect(journal.of('warning').some(({ message }) => message.includes('job-1'))).toBe(true);
    }
  });

  it('a tuned model that is gone is trained again', async () => {
    const memory = new Map<string, JsonValue>();
    const trainer = new FakeTrainer();
    await optimize(settingsOf('w'), { memory, trainer });
    trainer.served.clear();
    await optimize(settingsOf('w'), { memory, trainer });
    expect(trainer.jobs).toHaveLength(2);
  });
});

describe('candidates with the same state', () => {
  it('do not fall with the one that runs their rows and is stopped early', async () => {
    for (let seed = 0; seed < 150; seed++) {
      // One row in the whole training set is correct, so several candidates have the very same demos.
      const right = (id: number) => (id * 7919 + seed * 104729) % 24 < 2;
      const p = { candidates: 6, maxBootstrappedDemos: 1, maxLabeledDemos: 0, train: 8, validation: 6 };
      const { error } = await optimize(settingsOf('p', { seed, p }), {
        concurrency: 1 + (seed % 5),
        program: { score: ({ example }) => (right(example.id) ? 1 : 0) },
      });
      expect(error, `seed ${seed}`).toBeUndefined();
    }
  }, 60_000);
});

describe('what cannot be recorded', () => {
  it('ends the run at once instead of paying for the other rows', async () => {
    class FullDisk extends FakeJournal {
      override async remember(): Promise<void> {
        throw new Error('the disk is full');
      }
    }
    const { error, lm } = await optimize(settingsOf('p'), { journal: new FullDisk(), concurrency: 2 });
    expect(String(error)).toContain('the disk is full');
    expect(lm.paid.length).toBeLessThanOrEqual(8);
  });

  it('nothing is written any more once the run has ended', async () => {
    const journal = new FakeJournal();
    let left = 30;
    await optimize(settingsOf('p'), {
      journal,
      answer: async (asked) => {
        await new Promise((resolve) => setImmediate(resolve));
        if (left-- <= 0) throw new EndpointUnavailable('gone');
        return answer(asked);
      },
    });
    const written = journal.events.length;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(journal.events.length).toBe(written);
  });
});

describe('a search in which rows failed for a passing reason', () => {
  it('is not remembered: the next run searches again', async () => {
    const memory = new Map<string, JsonValue>();
    const down = { kind: 'program' as const, message: 'retriever is down' };
    const flaky: FakeProgramOptions = { fail: ({ example }) => (example.id % 5 === 0 ? down : undefined) };
    await optimize(settingsOf('p'), { memory, program: flaky });
    const { program } = await optimize(settingsOf('p'), { memory });
    expect(program.runs).toBeGreaterThan(0);
  });
});

describe('early stopping', () => {
  it('chooses the candidate that full scoring would choose', async () => {
    const { journal } = await optimize(settingsOf('p', { p: { candidates: 8 } }), {
      concurrency: 2,
    });
    const finished = journal.of('candidate.finished');
    const chosen = journal.of('step.finished')[0]!.candidate;
    const scores = finished.flatMap(({ candidate, score }) =>
      score === null ? [] : [{ candidate, score: score.score }],
    );
    const best = scores.sort((x, y) => y.score - x.score || x.candidate - y.candidate)[0]!;
    expect(chosen).toBe(best.candidate);
    for (const { candidate, score, scored, of } of finished) {
      if (score === null) expect(scored, `candidate ${candidate}`).toBeLessThan(of);
    }
  });
});
