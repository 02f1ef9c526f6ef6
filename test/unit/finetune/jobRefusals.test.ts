/** Jobs that a service does not start, in the words of services: what is asked again, and what ends the step, saying why. */
import { APIError } from 'openai';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CallRejected, EndpointRefused, EndpointUnavailable } from '../../../src/engine/errors.ts';
import type { TrainingJob } from '../../../src/engine/interfaces.ts';
import { createOpenAiTrainer } from '../../../src/finetune/openai/openaiTrainer.ts';
import { connect, type Connection } from '../../../src/lm/connection.ts';
import { defineEndpoint, trainerName } from '../../../src/lm/endpoint.ts';
import { classify } from '../../../src/lm/failures.ts';
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
/** What an upload of rows is answered; `null`: it is taken. */
let page: string | null;
/** Of each attempt; behind the last one jobs are taken. */
let refusals: readonly Refusal[];
let asked: number;
let uploads: number;

beforeEach(async () => {
  asked = 0;
  uploads = 0;
  page = null;
  fake = await startFakeEndpoint({
    intercept: ({ method, url }, response) => {
      if (method === 'POST' && url === '/v1/files' && page !== null) {
        uploads++;
        response.writeHead(413, { 'content-type': 'text/html' }).end(page);
        return true;
      }
      if (method !== 'POST' || url !== '/v1/fine_tuning/jobs') return false;
      const refusal = refusals[asked++];
      if (refusal === undefined) return false;
      sendError(response, refusal.status, refusal.message, refusal.code ?? 'invalid_request_error');
      return true;
    },
    fineTuning: { listing: false },
  });
  connection = connect(defineEndpoint({ name: trainerName('lab'), baseURL: fake.baseURL }));
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

test('a limit of what answers is one of calls', () => {
  const said = new APIError(429, { message: 'Too many requests' }, undefined, new Headers());
  const endpoint = connect(defineEndpoint({ name: 'lab', baseURL: fake.baseURL }));
  expect(classify(said, endpoint, 'its models')).toMatchObject({
    advice: expect.stringContaining('concurrency') as string,
  });
  expect(classify(said, connection, 'its jobs')).toMatchObject({
    advice: expect.stringContaining('other jobs of the account') as string,
  });
});

test('a name that is taken ends the step at once, and says what to do', async () => {
  refusals = Array.from({ length: 1000 }, () => ({ status: 409, message: 'A job with this name already exists' }));
  const failed = submit();
  await expect(failed).rejects.toThrow(CallRejected);
  await expect(failed).rejects.toThrow(/already exists\. Delete what has that name/);
  expect(asked).toBe(1);
});

test('other conflicts pass', () => {
  const said = (message: string) => new APIError(409, { message }, undefined, new Headers());
  expect(classify(said('Another request is in progress.'), connection, 'a job')).toMatchObject({ kind: 'retry' });
  expect(classify(said('The name is already taken.'), connection, 'a job')).toMatchObject({ kind: 'final' });
});

test('rows that are too many for a proxy end the step at once, without its page', async () => {
  page = '<html><head><title>413 Request Entity Too Large</title></head><body><hr>nginx</body></html>';
  const failed = submit();
  await expect(failed).rejects.toThrow(CallRejected);
  await expect(failed).rejects.toThrow(/does not take the upload of training rows: .*Too Large.* fewer rows/);
  await expect(failed).rejects.not.toThrow(/<|nginx/);
  expect(uploads).toBe(1);
});
