/** Jobs that a service does not start, in the words of services: what is asked again, and what ends the step, saying why. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EndpointRefused, EndpointUnavailable } from '../../../src/engine/errors.ts';
import type { TrainingJob } from '../../../src/engine/interfaces.ts';
import { createOpenAiTrainer } from '../../../src/finetune/openai/openaiTrainer.ts';
import { connect, type Connection } from '../../../src/lm/connection.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';
import { startFakeEndpoint, type FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { sendError } from '../../fakes/fakeHttp.ts';

const never = new AbortController().signal;
const retry = { firstSeconds: 0.001, longestSeconds: 0.01, patienceSeconds: 0.2, firstContactSeconds: 0.2 };
const job: TrainingJob = {
  hash: 'ab'.repeat(32),
  parent: 'base',
  set: {
    method: 'supervised',
    rows: [
      {
        predictor: 'p',
        prompt: { kind: 'chat', messages: [{ role: 'user', content: 'Q' }] },
        completion: 'A',
        end: null,
      },
    ],
  },
  hyperParameters: {
    epochs: 1,
    learningRate: 1e-5,
    schedule: 'constant',
    batchSize: 8,
    lora: { rank: 8, alpha: 16, targets: 'all-linear' },
    seed: 3,
  },
};

interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly code?: string;
}

let fake: FakeEndpoint;
let connection: Connection;
/** Of each attempt; behind the last one jobs are taken. */
let refusals: readonly Refusal[];
let asked: number;

beforeEach(async () => {
  asked = 0;
  fake = await startFakeEndpoint({
    intercept: ({ method, url }, response) => {
      if (method !== 'POST' || url !== '/v1/fine_tuning/jobs') return false;
      const refusal = refusals[asked++];
      if (refusal === undefined) return false;
      sendError(response, refusal.status, refusal.message, refusal.code ?? 'invalid_request_error');
      return true;
    },
    fineTuning: { listing: false },
  });
  connection = connect(defineEndpoint({ name: 'lab', baseURL: fake.baseURL }));
});
afterEach(async () => {
  await connection.close();
  await fake.close();
});

const submit = () =>
  createOpenAiTrainer({
    ...{ connection, retry, profile: 'openai', rows: { layout: 'joined', textAsChat: false } },
    pollSeconds: 0.01,
    onWarning: () => undefined,
  }).submit(job, never);

test.each([
  [400, 'File file-1 is not ready. Please wait until the file is processed.'],
  [400, "The file 'file-1' is still being processed"],
  [400, 'Error: the specified training file is not in a succeeded state.'],
  [422, 'File file-1 is not ready.'],
])('asked for again, without a look at the list of jobs: %i %s', async (status, message) => {
  refusals = [1, 2].map(() => ({ status, message }));
  await expect(submit()).resolves.toBe('ftjob-1');
  expect(fake.counters.jobsCreated).toBe(1);
});

test.each([
  'File file-1 has not been processed successfully: line 3 is invalid.',
  'The training file is not in a succeeded state, its status is failed.',
])('not asked for again where something is wrong with the rows: %s', async (message) => {
  refusals = [{ status: 400, message }];
  await expect(submit()).rejects.toThrow(message);
  expect(fake.counters.jobsCreated).toBe(0);
});

test.each<readonly [Refusal, RegExp]>([
  [{ status: 403, message: 'Not for you.', code: 'training_not_available' }, /does not serve this account/],
  [{ status: 403, message: 'Fine-tuning is no longer available for new users.' }, /does not serve this account/],
  [
    { status: 400, message: 'Fine tuning is not available in this region.' },
    /does not serve this account, or not from/,
  ],
  [{ status: 429, message: 'exceeded quota', code: 'exceeded_quota' }, /no credit left/],
  [{ status: 400, message: 'It would exceed your hard limit.', code: 'exceeded_quota' }, /no credit left/],
])('ends the step: %j', async (refusal, says) => {
  refusals = [refusal];
  const failed = submit();
  await expect(failed).rejects.toThrow(EndpointRefused);
  await expect(failed).rejects.toThrow(says);
});

test('at a limit of jobs nothing is said of calls in flight', async () => {
  const message = 'Your organization has reached the maximum of 8 fine-tuning requests per day for the model.';
  refusals = Array.from({ length: 1000 }, () => ({ status: 429, message, code: 'daily_rate_limit_exceeded' }));
  const failed = submit();
  await expect(failed).rejects.toThrow(EndpointUnavailable);
  await expect(failed).rejects.toThrow(/8 fine-tuning requests per day.*when other jobs of the account have ended/);
  await expect(failed).rejects.not.toThrow(/concurrency/);
});
