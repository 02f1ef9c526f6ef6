/** Base URLs that are written without `/v1`. */
import { afterEach, describe, expect, test } from 'vitest';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import type { FakeEndpointOptions } from '../../fakes/fakeEndpoint.ts';
import type { JsonValue } from '../../../src/base/json.ts';
import { connect } from '../../../src/lm/connection.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';
import { addVersion } from '../../../src/lm/versionedBase.ts';

const never = new AbortController().signal;
let closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
});

async function start(path: string, intercept?: FakeEndpointOptions['intercept'], apiKey?: string) {
  const fake = await startFakeEndpoint({ ...(intercept && { intercept }), ...(apiKey !== undefined && { apiKey }) });
  const baseURL = fake.baseURL.replace('/v1', path);
  const connection = connect(defineEndpoint({ name: 'lab', baseURL, apiKeyEnv: 'LAB_KEY' }), {
    resolveKey: () => 'sk-lab-key',
  });
  closing.push(
    () => fake.close(),
    () => connection.close(),
  );
  return { fake, connection, baseURL };
}

function memoryMemo() {
  const kept = new Map<string, JsonValue>();
  return {
    get: (key: string) => Promise.resolve(kept.get(key)),
    put: (key: string, value: JsonValue) => Promise.resolve(void kept.set(key, value)),
  };
}

/** A server that has nothing outside of `/v1`. */
const underVersionAlone =
  (status: number, body: string): FakeEndpointOptions['intercept'] =>
  (request, response) => {
    if (request.url!.startsWith('/v1/')) return false;
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    return true;
  };

describe('a base URL without a version', () => {
  test.each([
    ['vLLM', 404, '{"detail":"Not Found"}'],
    ['Ollama', 404, '404 page not found'],
    ['LM Studio', 200, '{"error":"Unexpected endpoint or method. (GET /models)"}'],
    ['a page for people', 200, '<html>Welcome</html>'],
  ])('is tried with /v1, with the same key, and said (%s)', async (_, status, body) => {
    const { connection, baseURL } = await start('', underVersionAlone(status, body), 'sk-lab-key');
    const identity = connection.endpoint.identity;
    const said = await addVersion(connection, memoryMemo(), never);
    expect(said).toContain(`answers under ${baseURL}/v1, and not under ${baseURL}`);
    expect(said).toContain('Set endpoints.lab.baseURL');
    expect(connection.endpoint.baseURL).toBe(`${baseURL}/v1`);
    expect(connection.endpoint.identity).toBe(identity);
  });

  test('is found although the memo cannot be written', async () => {
    const { connection, baseURL } = await start('', underVersionAlone(404, '{"detail":"Not Found"}'));
    const full = { ...memoryMemo(), put: () => Promise.reject(new Error('the disk is full')) };
    expect(await addVersion(connection, full, never)).toContain(`answers under ${baseURL}/v1`);
    expect(await connection.openai.get('/models')).toMatchObject({ object: 'list' });
  });

  test('is looked at once, and the next process goes there at once', async () => {
    const memo = memoryMemo();
    const first = await start('', underVersionAlone(404, '{}'));
    await addVersion(first.connection, memo, never);
    const asked = first.fake.counters.requests;
    const again = connect(defineEndpoint({ name: 'lab', baseURL: first.baseURL }));
    closing.push(() => again.close());
    expect(await addVersion(again, memo, never)).toContain('/v1');
    expect(first.fake.counters.requests).toBe(asked);
  });

  test('is left as it is where it answers, where it wants another key, and where nothing answers', async () => {
    const answers = await start('', (request) => {
      request.url = `/v1${request.url ?? ''}`;
      return false;
    });
    const refuses = await start('', underVersionAlone(401, '{"error":{"message":"no key"}}'));
    const gone = await start('');
    await gone.fake.close();
    for (const { connection, baseURL } of [answers, refuses, gone]) {
      expect(await addVersion(connection, memoryMemo(), never)).toBeNull();
      expect(connection.endpoint.baseURL).toBe(baseURL);
    }
  });

  test.each(['/v1', '/v1beta/openai', '/api/v3'])('with one is not looked at: %s', async (path) => {
    const { fake, connection } = await start(path);
    expect(await addVersion(connection, memoryMemo(), never)).toBeNull();
    expect(fake.counters.requests).toBe(0);
  });
});
