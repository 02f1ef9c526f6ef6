/** What the engine relies on from every training back end, whatever trains behind it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TrainingRow } from '../../src/data/trace.ts';
import type { PreferenceSet, TrainingSet } from '../../src/data/trainingSet.ts';
import { Budget } from '../../src/engine/budget.ts';
import { Cancelled, UnknownJob } from '../../src/engine/errors.ts';
import type { JobEvent, JobStatus, Trainer, TrainingJob } from '../../src/engine/interfaces.ts';
import { ReadingTally } from '../../src/engine/runMemory.ts';
import { FailureTally } from '../../src/engine/scope.ts';
import { jobHash, train } from '../../src/engine/training.ts';
import { UsageMeter } from '../../src/engine/usage.ts';
import type { RunEvent } from '../../src/protocol.ts';
import { FakeJournal } from '../unit/engine/fakes.ts';

/** A service that trains, as a test leads it. Steps and ends are those of the job that was started last. */
export interface TrainingService {
  /** A trainer of the service, as each process makes one of its own. */
  connect(): Trainer;
  /** How many jobs it was ever made to start. */
  started(): Promise<number>;
  /** The job takes a step; it is shown by one of the next polls. */
  step(step: number): Promise<void>;
  succeed(): Promise<void>;
  /** The job fails, and these are the reasons that the service gives. */
  fail(reason: string): Promise<void>;
  close(): Promise<void>;
}

/** The key that each trainer of a suite has, where its back end takes one, and that none may show. */
export const secret = 'sk-contract-0123456789abcdef';

const never = new AbortController().signal;
const rows = ['Überweisung?', 'flight to Rome'].map(
  (question) =>
    ({
      predictor: 'classify',
      prompt: { kind: 'chat', messages: [{ role: 'user', content: question }] },
      completion: 'banking',
      end: null,
    }) satisfies TrainingRow,
);
const set: TrainingSet = { method: 'supervised', rows };
const preferences = {
  method: 'dpo',
  rows: rows.map((row) => ({ ...row, rejected: 'travelling' })),
  beta: 0.2,
} as const satisfies PreferenceSet;
const clip = { low: 0.2, high: 0.3 };
const rewards = (advantage: number): TrainingSet => ({
  method: 'grpo',
  rows: rows.map((row) => ({ ...row, advantage })),
  clip,
});
const hyperParameters = {
  epochs: 2,
  learningRate: 4e-4,
  schedule: 'linear',
  batchSize: 2,
  lora: { rank: 8, alpha: 16, targets: 'all-linear' },
  seed: 7,
} as const;

/** A job of the base model `base`, or of a tuned one. */
function jobOf(trainer: Trainer, parent = 'base', learned: TrainingSet = set): TrainingJob {
  const request = { parent, set: learned, hyperParameters };
  return { hash: jobHash({ trainer: trainer.id, ...request }), ...request };
}

const hasEnded = ({ state }: Pick<JobStatus, 'state'>): boolean => state !== 'queued' && state !== 'running';

/** Follows a job as a run does: asks for what is new, and adds it to `seen`, until that is enough. */
async function watch(
  trainer: Trainer,
  id: string,
  isEnough: (status: JobStatus) => boolean = hasEnded,
  seen: JobEvent[] = [],
): Promise<JobStatus> {
  for (;;) {
    const status = await trainer.poll(id, seen.at(-1)?.id ?? null, never);
    seen.push(...status.events);
    if (isEnough(status)) return status;
    await sleep(2);
  }
}

/** The model that a training of the engine's own gave. */
async function trainByEngine(trainer: Trainer, journal: FakeJournal, signal = never): Promise<string> {
  const prices = { ofAnswer: () => 0, ofTraining: () => 0 };
  const gate = new Budget({ calls: null, tokens: null, usd: null }, { calls: 0, tokens: 0, usd: 0 });
  const scope = {
    prefix: 'w',
    meter: new UsageMeter(prices),
    failures: new FailureTally([0, 1]),
    readings: new ReadingTally(),
    signal,
  };
  const parts = { trainer, journal, meter: new UsageMeter(prices), gate, prices };
  return (await train(parts, { parent: 'base', set, hyperParameters }, scope)).model;
}

/** @param open a service that has trained nothing yet. */
export function trainerContract(name: string, open: () => Promise<TrainingService>): void {
  describe(`${name}, as a trainer`, () => {
    let service: TrainingService;
    let trainer: Trainer;
    beforeEach(async () => {
      service = await open();
      trainer = service.connect();
    });
    afterEach(() => service.close());

    it('is the same one in every process: its identity, and the rows as it is sent them', () => {
      const other = service.connect();
      expect([other.id, other.continues]).toEqual([trainer.id, trainer.continues]);
      const file = trainer.rowsFile(set);
      expect(service.connect().rowsFile(set)).toBe(file);
      const lines = file.split('\n');
      expect(lines.pop()).toBe('');
      expect(lines.map((line) => JSON.stringify(JSON.parse(line)).includes('banking'))).toEqual([true, true]);
      expect([trainer.pollSeconds >= 0, (trainer.leastRows ?? 1) >= 1]).toEqual([true, true]);
    });

    it('takes what it says it learns from, each set as a job of its own, with all of its rows in the file', async () => {
      const { methods = ['supervised'] } = trainer;
      expect(methods).toContain('supervised');
      expect(service.connect().methods ?? ['supervised']).toEqual(methods);
      const sent = [set, preferences, rewards(-0.75)].filter(({ method }) => methods.includes(method));
      const ids: string[] = [];
      for (const learned of sent) {
        const lines = trainer.rowsFile(learned).trimEnd().split('\n');
        const shown = { supervised: 'banking', dpo: 'travelling', grpo: '-0.75' }[learned.method];
        expect(lines.map((line) => line.includes('banking') && line.includes(shown))).toEqual([true, true]);
        const job = jobOf(trainer, 'base', learned);
        ids.push(await trainer.submit(job, never));
        expect(await service.connect().find(job.hash, never)).toBe(ids.at(-1));
      }
      expect([new Set(ids).size, await service.started()]).toEqual([methods.length, methods.length]);
    });

    it('knows jobs apart by what they learn from, and how', () => {
      const sets: readonly TrainingSet[] = [
        ...[set, preferences, { ...preferences, beta: 0.1 }],
        { ...preferences, rows: rows.map((row) => ({ ...row, rejected: 'other' })) },
        ...[rewards(0.5), rewards(-0.5), { ...rewards(0.5), clip: { low: 0.2, high: 0.28 } } as TrainingSet],
      ];
      const hashes = sets.map((learned) => jobOf(trainer, 'base', learned).hash);
      expect(new Set(hashes).size).toBe(sets.length);
    });

    it('has no job where none was sent, and serves nothing', async () => {
      const { hash } = jobOf(trainer);
      expect(await trainer.find(hash, never)).toBeNull();
      await expect(trainer.poll('job-of-somebody-else', null, never)).rejects.toThrow(UnknownJob);
      expect(await trainer.serves('a-model-of-nobody', never)).toBe(false);
      expect(await service.started()).toBe(0);
    });

    it('finds a job by its hash in another process, while it runs and when it has ended well', async () => {
      const job = jobOf(trainer);
      const id = await trainer.submit(job, never);
      const other = service.connect();
      expect(await other.find(job.hash, never)).toBe(id);
      expect(await other.find('0'.repeat(64), never)).toBeNull();
      await service.succeed();
      await watch(trainer, id);
      expect(await other.find(job.hash, never)).toBe(id);
      expect(await service.started()).toBe(1);
    });

    it('gives a model that answers, by the same name in every process, and says on how many tokens', async () => {
      const id = await trainer.submit(jobOf(trainer), never);
      await service.succeed();
      const ended = await watch(trainer, id);
      expect(ended).toMatchObject({ state: 'succeeded', model: expect.stringMatching(/./) as unknown });
      expect(ended.trainedTokens).toSatisfy((tokens: number) => Number.isInteger(tokens) && tokens > 0);
      const other = service.connect();
      expect((await other.poll(id, null, never)).model).toBe(ended.model);
      expect([await trainer.serves(ended.model!, never), await other.serves(ended.model!, never)]).toEqual([
        true,
        true,
      ]);
      expect(ended.error).toBeUndefined();
    });

    it('goes on from a model that it has trained, where it says so', async () => {
      const first = await trainer.submit(jobOf(trainer), never);
      await service.succeed();
      const { model } = await watch(trainer, first);
      expect(trainer.continues).toBe(true);
      const second = await trainer.submit(jobOf(trainer, model), never);
      expect(second).not.toBe(first);
      expect(await service.started()).toBe(2);
    });

    it('tells each event once, in order and never going back, also when another process takes the watch over', async () => {
      const id = await trainer.submit(jobOf(trainer), never);
      const seen: JobEvent[] = [];
      for (const step of [1, 2, 3]) {
        await service.step(step);
        const shows = () => seen.some((event) => (event.step ?? 0) >= step);
        await watch(step === 2 ? service.connect() : trainer, id, shows, seen);
      }
      await service.succeed();
      await watch(service.connect(), id, hasEnded, seen);
      expect(new Set(seen.map((event) => event.id)).size).toBe(seen.length);
      const steps = seen.flatMap(({ step }) => (step === undefined ? [] : [step]));
      expect(steps).toEqual(steps.toSorted((a, b) => a - b));
      expect(seen.filter(({ steps: of, step = 0 }) => of !== undefined && step > of)).toEqual([]);
      const all = await trainer.poll(id, null, never);
      expect(all.events.map((event) => event.id)).toEqual(seen.map((event) => event.id));
      expect((await trainer.poll(id, seen.at(-1)!.id, never)).events).toEqual([]);
    });

    it('that failed says why in the words of the service, without keys, and names no model', async () => {
      const id = await trainer.submit(jobOf(trainer), never);
      await service.fail(`CUDA out of memory (Authorization: Bearer ${secret})`);
      const ended = await watch(trainer, id);
      expect(ended).toMatchObject({ state: 'failed', error: expect.stringContaining('CUDA out of memory') as unknown });
      expect(ended.model).toBeUndefined();
      expect(JSON.stringify(await trainer.poll(id, null, never))).not.toContain(secret);
    });

    it('that failed without a word still says that it failed', async () => {
      const id = await trainer.submit(jobOf(trainer), never);
      await service.fail('');
      expect((await watch(trainer, id)).error).toMatch(/\w/);
    });

    it('takes a job that failed again, as another one, and leads nobody back to the old one', async () => {
      const job = jobOf(trainer);
      const first = await trainer.submit(job, never);
      await service.fail('out of memory');
      await watch(trainer, first);
      const second = await service.connect().submit(job, never);
      expect(second).not.toBe(first);
      expect([await service.started(), await trainer.find(job.hash, never)]).toEqual([2, second]);
      expect((await trainer.poll(first, null, never)).state).toBe('failed');
    });

    it('cancels a job once and for all, and another process sees it; it is no job to go on with', async () => {
      const job = jobOf(trainer);
      const id = await trainer.submit(job, never);
      await trainer.cancel(id);
      await trainer.cancel(id);
      const other = service.connect();
      expect((await watch(other, id)).state).toBe('cancelled');
      const again = await other.submit(job, never);
      expect([again === id, await service.started()]).toEqual([false, 2]);
    });

    it('leaves a job as it is that has ended when it is cancelled, and minds no job that is not there', async () => {
      const id = await trainer.submit(jobOf(trainer), never);
      await service.succeed();
      const { model } = await watch(trainer, id);
      await trainer.cancel(id);
      await trainer.cancel('job-of-somebody-else');
      expect(await trainer.poll(id, null, never)).toMatchObject({ state: 'succeeded', model });
    });

    it('does nothing once it was asked to stop, and says why in the words of who asked', async () => {
      const reason = new Cancelled('Stopped by `bettertogether cancel`.', { jobs: 'cancel' });
      const signal = AbortSignal.abort(reason);
      await expect(trainer.submit(jobOf(trainer), signal)).rejects.toBe(reason);
      expect(await service.started()).toBe(0);
      const id = await trainer.submit(jobOf(trainer), never);
      await expect(trainer.poll(id, null, signal)).rejects.toBe(reason);
      await expect(trainer.find(jobOf(trainer).hash, signal)).rejects.toBe(reason);
      await expect(trainer.serves('base-ft-1', signal)).rejects.toBe(reason);
    });

    it.each([
      ['at once', () => Promise.resolve()],
      ['as soon as the service has its job', () => expect.poll(() => service.started(), { interval: 1 }).toBe(1)],
    ])('has one job in the end for a run that is stopped %s, and resumed', async (_, moment) => {
      const reason = new Cancelled('Stopped; the job goes on.');
      const memory: FakeJournal['memory'] = new Map();
      const stop = new AbortController();
      const stopped = trainByEngine(trainer, new FakeJournal(memory), stop.signal);
      // It may be rejected while the moment is waited for.
      const rejected = expect(stopped).rejects.toBe(reason);
      await moment();
      stop.abort(reason);
      await rejected;
      const resumed = trainByEngine(service.connect(), new FakeJournal(memory));
      await expect.poll(() => service.started()).toBe(1);
      await service.succeed();
      expect(await resumed).toMatch(/./);
      expect(await service.started()).toBe(1);
    });

    it('ends one job for two runs at once, and for a third whose process died once it had sent it', async () => {
      const memory: FakeJournal['memory'] = new Map();
      const journals = [new FakeJournal(memory), new FakeJournal(memory)] as const;
      const models = journals.map((journal) => trainByEngine(service.connect(), journal));
      await expect.poll(() => service.started()).toBe(1);
      await service.succeed();
      const [one, two] = await Promise.all(models);
      expect([two, await service.started()]).toEqual([one, 1]);
      for (const key of memory.keys()) memory.set(key, { phase: 'intended' });
      const resumed = new FakeJournal(memory);
      expect(await trainByEngine(service.connect(), resumed)).toBe(one);
      expect(resumed.of('job.submitted').map(({ adopted }) => adopted)).toEqual([true]);
      expect([...journals, resumed].flatMap(({ events }) => events.filter(isWarning))).toEqual([]);
      expect(await service.started()).toBe(1);
    });
  });
}

const isWarning = ({ type }: RunEvent): boolean => type === 'warning';
