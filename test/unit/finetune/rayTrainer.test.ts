import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { startFakeRay, type FakeRay } from '../../fakes/fakeRay.ts';
import type { TrainingRow } from '../../../src/data/trace.ts';
import { trainerSources } from '../../../src/home/home.ts';
import { EndpointRefused, EndpointUnavailable, UnknownJob } from '../../../src/engine/errors.ts';
import { createRayTrainer, type RayTrainerOptions } from '../../../src/finetune/ray/rayTrainer.ts';
import type { AdapterJob } from '../../../src/finetune/serving/servedTrainer.ts';
import { connect } from '../../../src/lm/connection.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';

const never = new AbortController().signal;
const hash = 'feedbeef'.repeat(8);
const id = `bt-${hash.slice(0, 32)}`;
const rows: readonly TrainingRow[] = [
  { predictor: 'p', prompt: { kind: 'chat', messages: [{ role: 'user', content: 'Q' }] }, completion: 'A', end: null },
];
const job: AdapterJob = {
  hash,
  parent: 'base',
  parentFolder: null,
  set: { method: 'supervised', rows },
  hyperParameters: {
    epochs: 2,
    learningRate: 4e-4,
    schedule: 'linear',
    batchSize: 4,
    lora: { rank: 8, alpha: 16, targets: 'all-linear' },
    seed: 7,
  },
};
const retry = { firstSeconds: 0.001, longestSeconds: 0.01, patienceSeconds: 0.3, firstContactSeconds: 0.2 };

let fake: FakeRay;
let folder: string;
let closing: (() => Promise<void>)[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bt-ray-'));
  fake = await startFakeRay();
  closing = [() => fake.close()];
});
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  rmSync(folder, { recursive: true, force: true });
});

function trainer(more: Partial<RayTrainerOptions> = {}, baseURL = fake.baseURL) {
  const settings = { name: 'lab.fineTune', baseURL, apiKeyEnv: 'RAY_KEY' };
  const connection = connect(defineEndpoint(settings), { resolveKey: () => 'secret' });
  closing.push(() => connection.close());
  return createRayTrainer({
    connection,
    sources: trainerSources(),
    model: 'org/base',
    workers: 2,
    cpusPerWorker: 4,
    gpusPerWorker: 1,
    dtype: 'auto',
    storage: '/shared/adapters',
    sharedFolder: null,
    python: 'python',
    runtimeEnv: { env_vars: { HF_HUB_OFFLINE: '0' } },
    textAsChat: false,
    pollSeconds: 0.01,
    stallSeconds: 60,
    retry,
    ...more,
  });
}

describe('a job', () => {
  test.each([
    [
      { method: 'dpo', rows: [{ ...rows[0]!, rejected: 'no' }], beta: 0.3 },
      { method: 'dpo', beta: 0.3 },
    ],
    [
      { method: 'grpo', rows: [{ ...rows[0]!, advantage: -0.5 }], clip: { low: 0.2, high: 0.28 } },
      { method: 'grpo', clip: [0.2, 0.28] },
    ],
  ] as const)('learns from other sets than answers to imitate: $0.method', async (set, keys) => {
    expect(trainer().methods).toContain(set.method);
    await trainer().submit({ ...job, set }, never);
    const [[, files]] = [...fake.packages] as [[string, Record<string, string>]];
    const sent = JSON.parse(files['job.json']!) as { readonly job: object };
    expect(sent.job).toMatchObject(keys);
    expect(files['rows.jsonl']).toBe(trainer().rowsFile(set));
  });

  test('is submitted with its rows, our trainer and everything that decides it', async () => {
    expect(await trainer().submit(job, never)).toBe(id);
    const [sent] = fake.jobs;
    const [[name, files]] = [...fake.packages] as [[string, Record<string, string>]];
    expect(sent!.body).toEqual({
      entrypoint: 'python -m bettertogether_trainer.ray_job job.json',
      submission_id: id,
      runtime_env: { env_vars: { HF_HUB_OFFLINE: '0' }, working_dir: `gcs://${name}` },
      metadata: { bettertogether: hash },
    });
    expect(JSON.parse(files['job.json']!)).toEqual({
      ...{ model: 'org/base', workers: 2, cpusPerWorker: 4, gpusPerWorker: 1, dtype: 'auto' },
      ...{ storage: '/shared/adapters', name: id },
      job: {
        ...{ type: 'train', job: id, rows: 'rows.jsonl', out: `/shared/adapters/${id}`, parent: null, epochs: 2 },
        ...{
          learning_rate: 4e-4,
          schedule: 'linear',
          batch_size: 4,
          rank: 8,
          alpha: 16,
          targets: 'all-linear',
          seed: 7,
        },
      },
    });
    expect(files['rows.jsonl']).toBe(trainer().rowsFile({ method: 'supervised', rows }));
    expect(files['bettertogether_trainer/ray_job.py']).toContain('TorchTrainer');
    expect([...fake.keys]).toEqual(['Bearer secret']);
  });

  test('sends rows over shared storage where that is at hand', async () => {
    await trainer({ sharedFolder: folder }).submit(job, never);
    const [files] = [...fake.packages.values()];
    expect(files).not.toHaveProperty(['rows.jsonl']);
    const file = `rows/${hash.slice(0, 32)}.jsonl`;
    expect(JSON.parse(files!['job.json']!)).toHaveProperty('job.rows', `/shared/adapters/${file}`);
    expect(readFileSync(join(folder, file), 'utf8')).toBe(trainer().rowsFile({ method: 'supervised', rows }));
  });

  test('is submitted once, however often it is sent; equal files are uploaded once', async () => {
    await trainer().submit(job, never);
    expect(await trainer().submit(job, never)).toBe(id);
    expect(await trainer().find(hash, never)).toBe(id);
    expect(await trainer().find('0'.repeat(64), never)).toBeNull();
    expect([fake.jobs.length, fake.uploads]).toEqual([1, 1]);
  });

  test('whose creation got no answer is not created again', async () => {
    fake.loseNextAnswer();
    expect(await trainer().submit(job, never)).toBe(id);
    expect(fake.jobs.length).toBe(1);
  });

  test.each(['FAILED', 'STOPPED'])('that was %s is followed by another under the next id', async (status) => {
    await trainer().submit(job, never);
    fake.jobs[0]!.status = status;
    expect(await trainer().find(hash, never)).toBeNull();
    expect(await trainer().submit(job, never)).toBe(`${id}-2`);
    expect(await trainer().submit(job, never)).toBe(`${id}-2`);
    expect(fake.jobs.map((one) => one.id)).toEqual([id, `${id}-2`]);
  });

  test('is followed to its end: loss, tokens and adapter', async () => {
    const one = trainer();
    await one.submit(job, never);
    const sent = fake.jobs[0]!;
    expect(await one.poll(id, null, never)).toEqual({ state: 'queued', events: [] });
    sent.status = 'RUNNING';
    sent.logs = [
      '2026-11-23 15:44:17,111\tINFO job_manager.py:581 -- Runtime env is setting up.',
      'bettertogether: {"type": "message", "message": "Waiting for 2 workers."}',
      '\u001b[36m(TrainController pid=20528)\u001b[0m Requesting resources',
      'bettertogether: {"type": "progress", "step": 1, "steps": 6, "epoch": 1, "loss": 3.901911973953247}',
      'bettertogether: {"type": "progr',
    ].join('\n');
    const first = await one.poll(id, null, never);
    expect(first.state).toBe('running');
    expect(first.events.map(({ message }) => message)).toEqual(['Waiting for 2 workers.', 'step 1 of 6, loss 3.902']);
    expect(first.events[1]).toMatchObject({ step: 1, steps: 6, epoch: 1, loss: 3.901911973953247 });
    const sha256 = 'ab'.repeat(32);
    sent.logs += `ess", "step": 2}\nbettertogether: {"type": "done", "adapter": "/shared/adapters/${id}/peft", "sha256": "${sha256}", "trained_tokens": 864, "loss": 2.5, "workers": 2}\n`;
    sent.status = 'SUCCEEDED';
    const last = await one.poll(id, first.events.at(-1)!.id, never);
    expect(last).toMatchObject({
      state: 'succeeded',
      trainedTokens: 864,
      adapter: { folder: `/shared/adapters/${id}/peft`, sha256 },
    });
    expect(last.events.map(({ message }) => message)).toEqual(['step 2', 'done, loss 2.5']);
  });

  test.each([
    [
      'by our own trainer',
      'bettertogether: {"type": "failed", "error": "TrainerError: rows: line 3"}\n',
      'x',
      'TrainerError: rows: line 3',
    ],
    [
      'by Ray',
      '',
      "Job entrypoint command failed with exit code 1, last available logs (truncated to 20,000 chars):\nTraceback\nModuleNotFoundError: No module named 'ray'\n",
      "JOB_ENTRYPOINT_COMMAND_ERROR: Job entrypoint command failed with exit code 1 ModuleNotFoundError: No module named 'ray'",
    ],
  ])('that failed says why, as told %s', async (_, logs, message, error) => {
    const one = trainer();
    await one.submit(job, never);
    Object.assign(fake.jobs[0]!, { status: 'FAILED', logs, message, errorType: 'JOB_ENTRYPOINT_COMMAND_ERROR' });
    expect(await one.poll(id, null, never)).toMatchObject({ state: 'failed', error });
  });

  test('that ended well without an adapter has failed', async () => {
    const one = trainer();
    await one.submit(job, never);
    Object.assign(fake.jobs[0]!, { status: 'SUCCEEDED', logs: 'nothing' });
    expect(await one.poll(id, null, never)).toMatchObject({ state: 'failed' });
  });

  test('can be stopped', async () => {
    const one = trainer();
    await one.submit(job, never);
    await one.cancel(id);
    expect(fake.stopped).toEqual([id]);
    expect((await one.poll(id, null, never)).state).toBe('cancelled');
    await one.cancel('bt-unknown');
  });

  test('that the cluster does not know is told from a cluster that is none', async () => {
    await expect(trainer().poll('bt-unknown', null, never)).rejects.toThrow(UnknownJob);
    const other = await startFakeEndpoint();
    closing.push(() => other.close());
    const failed = trainer({}, `http://127.0.0.1:${other.port}`).submit(job, never);
    await expect(failed).rejects.toThrow(EndpointRefused);
    await expect(failed).rejects.toThrow(/has no Jobs API.*ray-head:8265/);
  });

  test('a cluster that is away is named, and the key is not', async () => {
    const one = trainer();
    await fake.close();
    const failed = one.submit(job, never);
    await expect(failed).rejects.toThrow(EndpointUnavailable);
    await expect(failed).rejects.toThrow(/Ray cluster of "lab\.fineTune".*endpoints\.lab\.fineTune\.baseURL/);
    await expect(failed).rejects.not.toThrow(/secret/);
  });
});

test('identity is that of what decides the weights', () => {
  const ids = [{}, { model: 'x' }, { dtype: 'float32' as const }, { workers: 3 }, { storage: '/other' }].map(
    (more) => trainer(more).id,
  );
  expect(new Set(ids).size).toBe(ids.length);
  expect(trainer({ pollSeconds: 7, cpusPerWorker: 9 }).id).toBe(ids[0]);
});
