import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Home } from '../../../src/home/home.ts';
import { homeAt } from '../../../src/home/home.ts';
import { defaults } from '../../../src/embedded/models/hyperParameters.ts';
import type { Job } from '../../../src/embedded/jobs/jobStore.ts';
import { JobStore } from '../../../src/embedded/jobs/jobStore.ts';
import { JobRunner } from '../../../src/embedded/jobs/runner.ts';
import type { TrainingWorker } from '../../../src/embedded/jobs/worker.ts';
import { ServedModels } from '../../../src/embedded/models/servedModels.ts';
import { FakeTrainingWorker } from '../../fakes/fakeTrainingWorker.ts';

let home: Home;
let store: JobStore;
let models: ServedModels;
const runners: JobRunner[] = [];

beforeEach(async () => {
  home = homeAt(await mkdtemp(join(tmpdir(), 'bettertogether-runner-')));
  store = new JobStore(home);
  models = new ServedModels(home, { name: 'base', path: '/model.gguf', hash: 'abc' });
});
afterEach(async () => {
  for (const runner of runners.splice(0)) await runner.close();
  await rm(home.root, { recursive: true, force: true });
});

function makeRunner(worker: TrainingWorker): JobRunner {
  const runner = new JobRunner({
    store,
    models,
    worker: () => Promise.resolve(worker),
    onLog: () => undefined,
    watchMs: 50,
  });
  runners.push(runner);
  return runner;
}

let made = 0;
async function makeJob(more: Partial<Job> = {}): Promise<Job> {
  made++;
  const row = { prompt: [1], completion: [2] };
  return await store.create(
    {
      status: 'queued',
      model: 'base',
      modelHash: 'abc',
      tunedName: `base-ft-${made}`,
      trainingFile: 'file-1',
      suffix: null,
      metadata: {},
      hyperParameters: defaults,
      method: { type: 'supervised' },
      rows: 1,
      created: made,
      finished: null,
      trainedTokens: null,
      error: null,
      kills: 0,
      ...more,
    },
    [row],
  );
}

const status = async (job: Job): Promise<string> => (await store.find(job.id)).status;
const messages = async (job: Job): Promise<string[]> => (await store.events(job.id)).map((event) => event.message);
const done = { end: 'done', trainedTokens: 12, loss: 0.5 } as const;

describe('JobRunner', () => {
  it('runs jobs one after another and serves what they made', async () => {
    const worker = new FakeTrainingWorker();
    const runner = makeRunner(worker);
    const [first, second] = [await makeJob(), await makeJob()];
    await runner.submit(first);
    await runner.submit(second);
    await expect.poll(() => status(first)).toBe('running');
    expect(await status(second)).toBe('queued');
    worker.end(first, done);
    await expect.poll(() => worker.started).toEqual([first.id, second.id]);
    expect(await store.find(first.id)).toMatchObject({ status: 'succeeded', trainedTokens: 12 });
    const model = await models.find(first.tunedName);
    expect(model.meta).toMatchObject({ parent: 'base', rows: 1, loss: 0.5, hyperParameters: defaults });
    expect((await store.events(first.id)).find((event) => event.data !== null)?.data).toEqual({
      step: 1,
      steps: 2,
      epoch: 0.5,
      loss: 1.25,
    });
  });

  it('that closes while a job begins does not train it: the next server does', async () => {
    const worker = new FakeTrainingWorker();
    const runner = makeRunner(worker);
    const job = await makeJob();
    await runner.submit(job);
    await runner.close();
    expect(worker.started).toEqual([]);
    const next = new FakeTrainingWorker();
    await makeRunner(next).look();
    await expect.poll(() => next.started).toEqual([job.id]);
    next.end(job, done);
    await expect.poll(() => status(job)).toBe('succeeded');
  });

  it('fails a job with the words of the trainer and goes on with the next', async () => {
    const worker = new FakeTrainingWorker();
    const runner = makeRunner(worker);
    const [first, second] = [await makeJob(), await makeJob()];
    await runner.submit(first);
    await runner.submit(second);
    await expect.poll(() => worker.started).toHaveLength(1);
    worker.end(first, { end: 'failed', error: 'out of memory' });
    await expect.poll(() => store.find(first.id)).toMatchObject({ status: 'failed', error: 'out of memory' });
    await expect.poll(() => status(second)).toBe('running');
    expect(await models.peek(first.tunedName)).toBeNull();
  });

  it('cancels what runs and what is queued', async () => {
    const worker = new FakeTrainingWorker();
    const runner = makeRunner(worker);
    const [first, second] = [await makeJob(), await makeJob()];
    await runner.submit(first);
    await runner.submit(second);
    await expect.poll(() => worker.started).toHaveLength(1);
    // The watch may have taken the younger one up while the older was being locked.
    const [running, queued] = worker.started[0] === first.id ? [first, second] : [second, first];
    expect((await runner.cancel(queued.id)).status).toBe('cancelled');
    await runner.cancel(running.id);
    await expect.poll(() => status(running)).toBe('cancelled');
    expect(await status(queued)).toBe('cancelled');
    expect(worker.started).toEqual([running.id]);
    expect((await runner.cancel(running.id)).status).toBe('cancelled');
  });

  it('leaves a job to the server that has it, and passes a cancellation on to it', async () => {
    const [worker, otherWorker] = [new FakeTrainingWorker(), new FakeTrainingWorker()];
    const runner = makeRunner(worker);
    const job = await makeJob();
    await runner.submit(job);
    await expect.poll(() => worker.started).toHaveLength(1);
    const other = makeRunner(otherWorker);
    await other.look();
    expect(otherWorker.started).toEqual([]);
    await other.cancel(job.id);
    await expect.poll(() => status(job)).toBe('cancelled');
  });

  it('queues again what a closed server left unfinished', async () => {
    const worker = new FakeTrainingWorker();
    const first = makeRunner(worker);
    const job = await makeJob();
    await first.submit(job);
    await expect.poll(() => worker.started).toHaveLength(1);
    await first.close();
    expect(await status(job)).toBe('running');
    const next = new FakeTrainingWorker();
    const runner = makeRunner(next);
    await runner.look();
    await expect.poll(() => next.started).toEqual([job.id]);
    expect(await messages(job)).toContain('Queued again: the server that had it stopped.');
    next.end(job, done);
    await expect.poll(() => status(job)).toBe('succeeded');
  });

  it('leaves the jobs of another model alone', async () => {
    const worker = new FakeTrainingWorker();
    const runner = makeRunner(worker);
    const job = await makeJob({ modelHash: 'other' });
    await runner.look();
    await runner.look();
    expect(worker.started).toEqual([]);
    expect(await status(job)).toBe('queued');
  });

  it('does not train twice what is served already', async () => {
    const worker = new FakeTrainingWorker();
    const runner = makeRunner(worker);
    const job = await makeJob();
    await runner.submit(job);
    await expect.poll(() => worker.started).toHaveLength(1);
    worker.end(job, done);
    await expect.poll(() => status(job)).toBe('succeeded');
    const twin = await makeJob({ tunedName: job.tunedName });
    await runner.submit(twin);
    await expect.poll(() => store.find(twin.id)).toMatchObject({ status: 'succeeded', trainedTokens: 12 });
    expect(worker.started).toEqual([job.id]);
  });

  it('says why a trainer cannot be had, and tries again for the next job', async () => {
    let asked = 0;
    const worker = new FakeTrainingWorker();
    const runner = new JobRunner({
      store,
      models,
      worker: () => (asked++ === 0 ? Promise.reject(new Error('no Python')) : Promise.resolve(worker)),
      onLog: () => undefined,
    });
    runners.push(runner);
    const [first, second] = [await makeJob(), await makeJob()];
    await runner.submit(first);
    await runner.submit(second);
    await expect.poll(() => worker.started).toEqual([second.id]);
    expect(await store.find(first.id)).toMatchObject({ status: 'failed', error: 'no Python' });
  });

  it('starts the trainer when a job is about to come, once', async () => {
    const worker = new FakeTrainingWorker();
    const runner = makeRunner(worker);
    runner.prepare();
    await expect.poll(() => worker.warmed).toBe(1);
    await runner.close();
    runner.prepare();
    expect(worker.warmed).toBe(1);
  });

  it('takes over an adapter that was trained elsewhere, between two jobs', async () => {
    const worker = new FakeTrainingWorker();
    const runner = makeRunner(worker);
    const job = await makeJob();
    await runner.submit(job);
    await expect.poll(() => worker.started).toHaveLength(1);
    const adopting = runner.adopt('base-ft-abc', '/elsewhere/out');
    expect(worker.converted).toEqual([]);
    worker.end(job, done);
    await adopting;
    expect(worker.converted).toEqual(['/elsewhere/out']);
    const model = await models.find('base-ft-abc');
    expect(model.meta).toMatchObject({ parent: 'base', modelHash: 'abc' });
    expect(model.meta?.hyperParameters).toMatchObject({ lora_r: 8, lora_alpha: 16, lora_targets: ['q_proj'] });
    await expect(runner.adopt('base-ft-abc', '/elsewhere/out')).rejects.toThrow('has already been loaded');
    await models.remove('base-ft-abc');
    expect(await models.peek('base-ft-abc')).toBeNull();
    await expect(models.remove('base-ft-abc')).rejects.toThrow('does not exist');
    await expect(models.remove('base')).rejects.toThrow('base model');
  });

  it('says why an adapter cannot be taken over, and leaves nothing of it', async () => {
    const worker = new FakeTrainingWorker();
    worker.conversion = { end: 'failed', error: 'adapter: trained on another base model' };
    await expect(makeRunner(worker).adopt('base-ft-abc', '/x')).rejects.toThrow('trained on another base model');
    expect(await models.peek('base-ft-abc')).toBeNull();
  });
});

describe('a trainer that is killed', () => {
  const killed = { end: 'killed', signal: 'SIGKILL', words: '' } as const;
  const again = async (worker: FakeTrainingWorker, job: Job, times: number) =>
    expect.poll(() => worker.started).toEqual(Array.from({ length: times }, () => job.id));

  it('is started again within the same job, which says so', async () => {
    const worker = new FakeTrainingWorker();
    const job = await makeJob();
    await makeRunner(worker).submit(job);
    for (const start of [1, 2]) {
      await again(worker, job, start);
      worker.end(job, killed);
    }
    await again(worker, job, 3);
    worker.end(job, done);
    await expect.poll(() => store.find(job.id)).toMatchObject({ status: 'succeeded', kills: 2 });
    const said = (await messages(job)).filter((message) => message.includes('killed'));
    expect(said).toEqual(['trainer was killed; started again (2 of 3)', 'trainer was killed; started again (3 of 3)']);
    expect((await store.ids()).length).toBe(1);
  });

  it('three times ends its job, with the number and the usual reason', async () => {
    const worker = new FakeTrainingWorker();
    const job = await makeJob();
    await makeRunner(worker).submit(job);
    for (const start of [1, 2, 3]) {
      await again(worker, job, start);
      worker.end(job, { ...killed, words: 'the last line' });
    }
    await expect.poll(() => status(job)).toBe('failed');
    expect((await store.find(job.id)).error).toMatch(/killed 3 times \(SIGKILL\)\..*memory.*the last line$/);
    expect(await models.peek(job.tunedName)).toBeNull();
  });

  it('is counted over servers: one that is started again does not begin anew', async () => {
    const worker = new FakeTrainingWorker();
    const first = makeRunner(worker);
    const job = await makeJob();
    await first.submit(job);
    for (const start of [1, 2]) {
      await again(worker, job, start);
      worker.end(job, killed);
    }
    await again(worker, job, 3);
    await first.close();
    expect(await store.find(job.id)).toMatchObject({ status: 'running', kills: 2 });
    const next = new FakeTrainingWorker();
    await makeRunner(next).look();
    await again(next, job, 1);
    next.end(job, { ...killed, signal: 'SIGSEGV' });
    await expect.poll(() => status(job)).toBe('failed');
    // A crash of its own has nothing to do with memory.
    expect((await store.find(job.id)).error).toBe('The trainer was killed 3 times (SIGSEGV).');
  });

  it('while it is cancelled is not started again', async () => {
    const worker = new FakeTrainingWorker();
    const runner = makeRunner(worker);
    const job = await makeJob();
    await runner.submit(job);
    await again(worker, job, 1);
    const put = store.put.bind(store);
    // Between the kill and the next start.
    vi.spyOn(store, 'put').mockImplementation(async (changed) => {
      await put(changed);
      if (changed.kills === 1 && changed.status === 'running') await runner.cancel(job.id);
    });
    worker.end(job, killed);
    await expect.poll(() => status(job)).toBe('cancelled');
    expect(worker.started).toEqual([job.id]);
  });

  it('while it takes over an adapter does so again, three times in all', async () => {
    const worker = new FakeTrainingWorker();
    worker.conversion = killed;
    await expect(makeRunner(worker).adopt('base-ft-abc', '/x')).rejects.toThrow('killed 3 times');
    expect(worker.converted).toEqual(['/x', '/x', '/x']);
  });
});

describe('on a full disk', () => {
  const full = () => Promise.reject(Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }));

  it('a job fails with the message, and the endpoint lives', async () => {
    const unhandled: unknown[] = [];
    const hear = (error: unknown) => void unhandled.push(error);
    process.on('unhandledRejection', hear);
    try {
      const job = await makeJob();
      const addEvent = vi.spyOn(store, 'addEvent').mockImplementation(full);
      await makeRunner(new FakeTrainingWorker()).submit(job);
      await expect.poll(() => status(job)).toBe('failed');
      expect(await store.find(job.id)).toMatchObject({ error: expect.stringContaining('ENOSPC') });
      addEvent.mockRestore();
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', hear);
    }
  });

  it('a job stops training when its events cannot be written', async () => {
    const unhandled: unknown[] = [];
    const hear = (error: unknown) => void unhandled.push(error);
    process.on('unhandledRejection', hear);
    try {
      const job = await makeJob();
      const write = store.addEvent.bind(store);
      vi.spyOn(store, 'addEvent').mockImplementation((id, event) => (event.data === null ? write(id, event) : full()));
      const worker = new FakeTrainingWorker();
      await makeRunner(worker).submit(job);
      // Nobody ends it: it is cancelled.
      await expect.poll(() => status(job)).toBe('failed');
      expect(worker.started).toEqual([job.id]);
      expect(await messages(job)).toContainEqual(expect.stringContaining('ENOSPC'));
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', hear);
    }
  });

  it('a look for jobs that fails is told once and tried again', async () => {
    const said: string[] = [];
    const ids = vi.spyOn(store, 'ids').mockImplementation(full);
    const worker = () => Promise.resolve(new FakeTrainingWorker());
    const runner = new JobRunner({ store, models, worker, onLog: (line) => said.push(line), watchMs: 10 });
    runners.push(runner);
    await expect.poll(() => ids.mock.calls.length).toBeGreaterThan(3);
    expect(said).toEqual([expect.stringContaining('ENOSPC')]);
    ids.mockRestore();
  });
});
