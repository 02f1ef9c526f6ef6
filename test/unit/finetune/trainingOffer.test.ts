/** What servers answer when they are asked for their fine-tuning jobs, and what that says of them. */
import { afterEach, describe, expect, test } from 'vitest';
import { askTrainingOffer, cannotTrain } from '../../../src/finetune/openai/trainingOffer.ts';
import { connect } from '../../../src/lm/connection.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const never = new AbortController().signal;
const retry = { firstSeconds: 0.001, longestSeconds: 0.01, patienceSeconds: 0.2, firstContactSeconds: 0.1 };
let closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
});

/** A server that gives this answer to whatever it is asked for, and what it was asked. */
async function serverOf({ status, body, headers = {} }: Answer) {
  const asked: string[] = [];
  const fake = await startFakeEndpoint({
    intercept: (request, response) => {
      asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
      response.writeHead(status, headers).end(body);
      return true;
    },
  });
  const connection = connect(defineEndpoint({ name: 'lab.fineTune', baseURL: fake.baseURL }), { timeoutSeconds: 5 });
  closing.push(
    () => fake.close(),
    () => connection.close(),
  );
  return { connection, asked };
}

const none: readonly (readonly [string, Answer, string])[] = [
  ['Ollama', { status: 404, body: '404 page not found' }, '404 page not found'],
  ['vLLM', { status: 404, body: '{"detail":"Not Found"}' }, '404 Not Found'],
  [
    'llama.cpp',
    { status: 404, body: '{"error":{"code":404,"message":"File Not Found","type":"not_found_error"}}' },
    '404 File Not Found',
  ],
  ['a server with no words', { status: 404, body: '' }, '404'],
  ['lmdeploy', { status: 405, body: '{"detail":"Method Not Allowed"}', headers: { allow: 'GET' } }, '405 Method'],
  ['a gateway', { status: 501, body: '{"message":"Not Implemented"}' }, '501 Not Implemented'],
  [
    'one that took it away',
    { status: 410, body: '{"error":"fine-tuning was retired"}' },
    '410 fine-tuning was retired',
  ],
  [
    'LM Studio, with 200',
    { status: 200, body: '{"error":"Unexpected endpoint or method. (GET /v1/fine_tuning/jobs)"}' },
    'Unexpected endpoint or method',
  ],
  ['one that shows its start page', { status: 200, body: '<!doctype html><title>UI</title>' }, 'something else'],
];

const trains: readonly (readonly [string, Answer])[] = [
  ['OpenAI', { status: 200, body: '{"object":"list","data":[],"has_more":false}' }],
  ['Mistral', { status: 200, body: '{"object":"list","data":[],"total":0}' }],
  ['a bare list', { status: 200, body: '[]' }],
  ['a list under another name', { status: 200, body: '{"jobs":[]}' }],
  ['one that makes jobs and lists none', { status: 405, body: '{}', headers: { allow: 'OPTIONS, POST' } }],
];

const unknown: readonly (readonly [string, Answer])[] = [
  ['a key that may not list', { status: 403, body: '{"error":{"message":"Listing jobs is not allowed."}}' }],
  ['LiteLLM without a provider', { status: 400, body: '{"error":{"message":"custom_llm_provider is required"}}' }],
  ['a key that is not accepted', { status: 401, body: '{"error":{"message":"Incorrect API key"}}' }],
  ['a server that is broken', { status: 500, body: 'Internal Server Error' }],
  ['a server that is overloaded', { status: 429, body: '{"error":{"message":"slow down"}}' }],
];

describe('a service that does not train', () => {
  test.each(none)('%s', async (_, answer, words) => {
    const { connection, asked } = await serverOf(answer);
    const offer = await askTrainingOffer(connection, never, retry);
    expect(offer).toEqual({ kind: 'none', said: expect.stringContaining(words) as string });
    expect(asked).toEqual(['GET /v1/fine_tuning/jobs?limit=1']);
  });

  test('is told with its own words, the setting and the strategy that needs no training', () => {
    const said = cannotTrain({ name: 'lab.fineTune', baseURL: 'http://lab/v1' }, '404 page not found');
    expect(said).toContain('"lab.fineTune" (http://lab/v1) cannot train');
    expect(said).toContain('(404 page not found)');
    expect(said).toContain('--strategy p,');
    expect(said).toContain('endpoints.lab.fineTune');
  });
});

test.each(trains)('%s trains', async (_, answer) => {
  const { connection } = await serverOf(answer);
  expect(await askTrainingOffer(connection, never, retry)).toEqual({ kind: 'trains' });
});

test.each(unknown)('%s has not said: the job will show', async (_, answer) => {
  const { connection } = await serverOf(answer);
  expect(await askTrainingOffer(connection, never, retry)).toEqual({ kind: 'unknown' });
});
