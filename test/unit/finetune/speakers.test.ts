import { afterEach, describe, expect, test } from 'vitest';
import { startFakeSpeaker, type FakeSpeaker, type SpeakerName, type SpeakerOptions } from '../../fakes/fakeSpeaker.ts';
import type { TrainingRow } from '../../../src/data/trace.ts';
import type { TrainingSet } from '../../../src/data/trainingSet.ts';
import { CallRejected, JobNotSent } from '../../../src/engine/errors.ts';
import type { HyperParameters, TrainingJob } from '../../../src/engine/interfaces.ts';
import { leastRowsOf, profileOf } from '../../../src/finetune/base/hyperParameters.ts';
import { createOpenAiTrainer, type OpenAiTrainerOptions } from '../../../src/finetune/openai/openaiTrainer.ts';
import { connect } from '../../../src/lm/connection.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';

const never = new AbortController().signal;
const hash = 'ab'.repeat(32);
const hyperParameters: HyperParameters = {
  epochs: 5,
  learningRate: 1e-5,
  schedule: 'constant',
  batchSize: 8,
  lora: { rank: 32, alpha: 64, targets: ['q_proj', 'k_proj'] },
  seed: 3,
};
const rows: readonly TrainingRow[] = [
  {
    predictor: 'p',
    prompt: { kind: 'chat', messages: [{ role: 'user', content: 'Q' }] },
    completion: 'A',
    end: null,
  },
];
const job: TrainingJob = { hash, parent: 'base', set: { method: 'supervised', rows }, hyperParameters };
const quick = { firstSeconds: 0.001, longestSeconds: 0.01, patienceSeconds: 0.2, firstContactSeconds: 0.2 };

let closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
});

async function speak(
  name: SpeakerName,
  options: SpeakerOptions = {},
  more: Partial<OpenAiTrainerOptions> = {},
): Promise<{ fake: FakeSpeaker; trainer: ReturnType<typeof createOpenAiTrainer>; warnings: string[] }> {
  const fake = await startFakeSpeaker(name, options);
  const connection = connect(defineEndpoint({ name: 'lab', baseURL: fake.baseURL }));
  closing.push(
    () => fake.close(),
    () => connection.close(),
  );
  const warnings: string[] = [];
  const profile = name === 'openai' || name === 'azure' ? 'openai' : 'nebius';
  const trainer = createOpenAiTrainer({
    connection,
    profile,
    rows: { layout: 'joined', textAsChat: false },
    pollSeconds: 0.01,
    onWarning: (message) => warnings.push(message),
    retry: quick,
    ...more,
  });
  return { fake, trainer, warnings };
}

const common = {
  model: 'base',
  training_file: 'file-1',
  suffix: `bt-${hash.slice(0, 16)}`,
  metadata: { bettertogether: hash },
  seed: 3,
};

describe('what is sent', () => {
  test.each(['openai', 'azure'] as const)('%s takes the method form without LoRA', async (name) => {
    const { fake, trainer, warnings } = await speak(name);
    expect(await trainer.submit(job, never)).toBe('ftjob-1');
    const method = { type: 'supervised', supervised: { hyperparameters: { n_epochs: 5, batch_size: 8 } } };
    expect(fake.created).toEqual([{ ...common, method }]);
    expect(warnings).toEqual([expect.stringContaining('learningRate, schedule, lora')]);
    const upload = fake.requests[0]!;
    expect(upload).toMatchObject({ method: 'POST', path: '/files' });
    expect(upload.text).toMatch(/name="purpose"\r\n\r\nfine-tune\r\n/);
    expect(upload.text).toContain(`filename="bettertogether-${hash}.jsonl"`);
    expect(upload.text).toContain('{"messages":[{"role":"user","content":"Q"},{"role":"assistant","content":"A"}]}\n');
  });

  test('a job of preferences goes to openai by its method, and is never sent in the form that knows none', async () => {
    const set: TrainingSet = { method: 'dpo', rows: rows.map((row) => ({ ...row, rejected: 'B' })), beta: 0.2 };
    const { fake, trainer } = await speak('openai');
    await trainer.submit({ ...job, set }, never);
    const method = { type: 'dpo', dpo: { hyperparameters: { n_epochs: 5, batch_size: 8, beta: 0.2 } } };
    expect(fake.created).toEqual([{ ...common, method }]);
    expect(fake.requests[0]!.text).toContain(
      '{"input":{"messages":[{"role":"user","content":"Q"}]},"preferred_output":[{"role":"assistant","content":"A"}],' +
        '"non_preferred_output":[{"role":"assistant","content":"B"}]}\n',
    );
    const older = await speak('older', {}, { extra: { metadata: null } });
    await expect(older.trainer.submit({ ...job, set }, never)).rejects.toThrow(/method: Extra inputs/);
    expect(older.fake.created).toEqual([]);
    expect([older.trainer.methods, trainer.methods]).toEqual([['supervised'], ['supervised', 'dpo']]);
    expect((await speak('openai', {}, { form: 'hyperparameters' })).trainer.methods).toEqual(['supervised']);
  });

  test('nebius takes LoRA and learning rate too', async () => {
    const { fake, trainer } = await speak('nebius');
    await trainer.submit(job, never);
    const hyperparameters = { n_epochs: 5, batch_size: 8, learning_rate: 1e-5, lora: true, lora_r: 32, lora_alpha: 64 };
    expect(fake.created).toEqual([{ ...common, method: { type: 'supervised', supervised: { hyperparameters } } }]);
  });

  test('an older self-hosted server gets the older form, once it has refused the other', async () => {
    const { fake, trainer } = await speak('older', {}, { extra: { metadata: null } });
    await trainer.submit(job, never);
    const { model, training_file, suffix, seed } = common;
    const kept = { model, training_file, suffix, seed };
    const hyperparameters = { n_epochs: 5, batch_size: 8, learning_rate: 1e-5, lora: true, lora_r: 32, lora_alpha: 64 };
    expect(fake.created).toEqual([{ ...kept, hyperparameters }]);
    const posts = () =>
      fake.requests.filter(({ method, path }) => method === 'POST' && path === '/fine_tuning/jobs').length;
    expect(posts()).toBe(2);
    await trainer.submit(job, never);
    expect(posts()).toBe(3);
  });

  test('a form that was chosen is kept to', async () => {
    const { fake, trainer } = await speak('openai', {}, { form: 'hyperparameters' });
    await trainer.submit(job, never);
    expect(fake.created).toEqual([{ ...common, hyperparameters: { n_epochs: 5, batch_size: 8 } }]);
    const strict = await speak('older', {}, { form: 'method', extra: { metadata: null } });
    await expect(strict.trainer.submit(job, never)).rejects.toThrow(/method: Extra inputs are not permitted/);
    expect(strict.fake.created).toEqual([]);
  });

  test('extra keys go as they are, and null leaves one of ours out', async () => {
    const extra = { trainingType: 'standard', seed: null };
    const { fake, trainer } = await speak(
      'azure',
      {},
      { extra, hyperParameters: { learning_rate_multiplier: 0.5, batch_size: null } },
    );
    await trainer.submit(job, never);
    const { model, training_file, suffix, metadata } = common;
    const kept = { model, training_file, suffix, metadata };
    const method = {
      type: 'supervised',
      supervised: { hyperparameters: { n_epochs: 5, learning_rate_multiplier: 0.5 } },
    };
    expect(fake.created).toEqual([{ ...kept, method, trainingType: 'standard' }]);
  });

  test('and what else is sent is another job', async () => {
    const ids = [
      (await speak('openai')).trainer.id,
      (await speak('openai', {}, { extra: { trainingType: 'standard' } })).trainer.id,
      (await speak('openai', {}, { hyperParameters: { learning_rate_multiplier: 2 } })).trainer.id,
    ].map((id) => id.replace(/127\.0\.0\.1:\d+/, 'host'));
    expect(new Set(ids).size).toBe(3);
  });
});

describe('files', () => {
  test('that the service looks at first are waited for', async () => {
    const { fake, trainer } = await speak('azure', { fileStatuses: ['pending', 'running', 'processed'] });
    await trainer.submit(job, never);
    expect(fake.requests.map(({ path }) => path)).toEqual([
      '/files',
      '/files/file-1',
      '/files/file-1',
      '/fine_tuning/jobs',
    ]);
  });

  test.each(['pending', 'running', 'uploading'])(
    'that stay "%s" are given up by stallMinutes: no job',
    async (status) => {
      const { fake, trainer } = await speak('azure', { fileStatuses: [status] }, { stallSeconds: 0.05 });
      const failed = trainer.submit(job, never);
      await expect(failed).rejects.toThrow(JobNotSent);
      await expect(failed).rejects.toThrow(
        new RegExp(
          `training service of "lab".*training file file-1 as "${status}" for less than a minute.*stallMinutes`,
        ),
      );
      expect(fake.created).toEqual([]);
    },
  );

  test('that it refuses end the step with its words, and no job', async () => {
    const { fake, trainer } = await speak('azure', {
      fileStatuses: ['pending', 'error'],
      fileDetails: 'line 1: missing "messages"',
    });
    const failed = trainer.submit(job, never);
    await expect(failed).rejects.toThrow(CallRejected);
    await expect(failed).rejects.toThrow(
      /training service of "lab".*does not take the training file: line 1: missing "messages"/,
    );
    expect(fake.created).toEqual([]);
  });
});

describe('what comes back', () => {
  test.each([
    ['openai', 'validating_files', 'queued'],
    ['azure', 'pending', 'queued'],
    ['azure', 'notRunning', 'queued'],
    ['azure', 'pausing', 'running'],
    ['nebius', 'RUNNING', 'running'],
    ['older', 'SUCCESS', 'succeeded'],
    ['older', 'canceled', 'cancelled'],
    ['older', 'FAILED_VALIDATION', 'failed'],
    ['older', 'warming_up_the_oven', 'running'],
  ] as const)('%s: status %s is %s', async (name, status, state) => {
    const { trainer } = await speak(name, { statuses: [status] });
    expect((await trainer.poll('ftjob-1', null, never)).state).toBe(state);
  });

  test.each([
    [
      'as OpenAI says it',
      {
        code: 'invalid_n_examples',
        message: 'Training file has 4 examples, but must have at least 10',
        param: 'training_file',
      },
      /at least 10/,
    ],
    ['as a text', 'CUDA out of memory', /^CUDA out of memory$/],
    ['by its code alone', { code: 'exceeded_quota', message: null }, /^exceeded_quota$/],
    ['in its events alone', null, /^Row 3 is too long$/],
  ])('why a job failed, %s', async (_, error, message) => {
    const events = [{ id: 'e1', created_at: 1, level: 'error', message: 'Row 3 is too long', type: 'message' }];
    const { trainer } = await speak('nebius', { statuses: ['failed'], error, events });
    expect((await trainer.poll('ftjob-1', null, never)).error).toMatch(message);
  });

  test('a job that is refused is told in the words of any server', async () => {
    const { trainer } = await speak('openai', {}, { extra: { flavour: 'lemon' } });
    const failed = trainer.submit(job, never);
    await expect(failed).rejects.toThrow(/Unrecognized request argument supplied: flavour/);
    await expect(failed).rejects.toThrow(CallRejected);
  });

  test('checkpoints, the latest first, of those that are served', async () => {
    const checkpoints = [90, 180, 120].map((step) => ({
      id: `ckpt-${step}`,
      fine_tuned_model_checkpoint: `ft:base:bt:ckpt-step-${step}`,
      step_number: step,
    }));
    const models = ['base', 'ft:base:bt', 'ft:base:bt:ckpt-step-90', 'ft:base:bt:ckpt-step-180'];
    const { trainer } = await speak('openai', { checkpoints, models });
    expect(await trainer.checkpoints!('ftjob-1', never)).toEqual([
      { model: 'ft:base:bt:ckpt-step-180', step: 180 },
      { model: 'ft:base:bt:ckpt-step-90', step: 90 },
    ]);
    expect(await (await speak('older')).trainer.checkpoints!('ftjob-1', never)).toEqual([]);
  });
});

test('hosts are known by their names', () => {
  const profiles = [
    'https://api.openai.com/v1',
    'https://mine.openai.azure.com/openai/v1',
    'https://mine.services.ai.azure.com/openai/v1',
    'https://api.tokenfactory.nebius.com/v1',
    'http://openai.azure.com.evil.example/v1',
  ].map((url) => [profileOf(url, false), leastRowsOf(url)]);
  expect(profiles).toEqual([
    ['openai', 10],
    ['openai', 10],
    ['openai', 10],
    ['nebius', 1],
    ['nebius', 1],
  ]);
});
