import { afterEach, describe, expect, test } from 'vitest';
import { startFakeEndpoint, type FakeCall, type FakeEndpointOptions } from '../../fakes/fakeEndpoint.ts';
import { EndpointRefused, EndpointUnavailable } from '../../../src/engine/errors.ts';
import { learnRefusals, probeCapabilities, unmetered } from '../../../src/lm/capabilities.ts';
import { connect } from '../../../src/lm/connection.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';
import { passingRefusals } from '../../../src/lm/refusals.ts';

const never = new AbortController().signal;
const quick = { firstSeconds: 0.001, longestSeconds: 0.01, patienceSeconds: 5, firstContactSeconds: 0.3 };
let closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
});

async function probe(options: FakeEndpointOptions, model = 'base') {
  const fake = await startFakeEndpoint(options);
  const connection = connect(defineEndpoint({ name: 'lab', baseURL: fake.baseURL }), { timeoutSeconds: 1 });
  closing.push(
    () => fake.close(),
    () => connection.close(),
  );
  return { fake, connection, found: () => probeCapabilities(connection, model, never, quick) };
}

const all = { completions: true, continueFinal: true, structuredChoice: true, jsonSchema: true };
const none = { completions: false, continueFinal: false, structuredChoice: false, jsonSchema: false };
const words = () => 'Hello there!';

describe('capabilities', () => {
  test.each([all, { ...all, completions: false }])(
    'as advertised, without a single completion: %j',
    async (advertised) => {
      for (const advertise of [advertised, { capabilities: advertised }]) {
        const { found, fake } = await probe({ advertise });
        expect(await found()).toEqual(advertised);
        expect(fake.counters.completions).toBe(0);
      }
    },
  );

  test('of vLLM are known, but for /v1/completions', async () => {
    expect(await (await probe({ ownedBy: 'vllm', answer: words })).found()).toEqual(all);
    const { found } = await probe({ ownedBy: 'vllm', completions: false, answer: words });
    expect(await found()).toEqual({ ...all, completions: false });
  });

  test('of an unknown endpoint are what requests show', async () => {
    expect(await (await probe({ answer: words })).found()).toEqual({ ...none, completions: true });
    const guided = (call: FakeCall) => {
      const format = call.body['response_format'] as { json_schema: { schema: { required: string[] } } } | undefined;
      return call.choices?.[0] ?? (format ? JSON.stringify({ [format.json_schema.schema.required[0]!]: true }) : 'Hi');
    };
    expect(await (await probe({ answer: guided })).found()).toEqual({ ...all, continueFinal: false });
  });

  test.each([
    ['vLLM behind LiteLLM', 'Cannot set both `continue_final_message` and `add_generation_prompt` to True.'],
    ['llama-server', 'Cannot set both add_generation_prompt and continue_final_message to true.'],
    ['ours behind LiteLLM', 'continue_final_message asks for an assistant message at the end.'],
  ])('of %s include opened turns: it knows their keys', async (_, message) => {
    const answer = ({ body }: FakeCall) =>
      body['continue_final_message'] === true && body['add_generation_prompt'] === true
        ? { text: null, status: 400, raw: { error: { message, type: 'invalid_request_error', code: 400 } } }
        : 'Hello there!';
    const { found, fake } = await probe({ ownedBy: 'openai', answer });
    expect(await found()).toEqual({ ...none, completions: true, continueFinal: true });
    // Once to see whether it knows them, once to see what it answers.
    expect(fake.calls.filter(({ body }) => 'continue_final_message' in body)).toHaveLength(2);
  });

  test('are found where no answer may be shorter than 16 tokens, and learning what is refused is answered', async () => {
    const message = "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got less.";
    const answer = ({ path, body, choices }: FakeCall) =>
      path === 'chat/completions' && Number(body['max_tokens']) < 16
        ? { text: null, status: 400, raw: { error: { message, code: 'integer_below_min_value' } } }
        : (choices?.[0] ?? 'Hi');
    const { found, connection } = await probe({ answer });
    expect(await found()).toMatchObject({ structuredChoice: true });
    await expect(learnRefusals(connection, 'base', never, quick, unmetered, passingRefusals())).resolves.toBeTypeOf(
      'number',
    );
  });

  test.each([
    ['thinks before it answers', ({ body }: FakeCall) => Number(body['max_tokens']) > 500, true],
    ['never ends', () => false, false],
  ])('include a JSON schema where a model %s', async (_, ends, jsonSchema) => {
    const answer = (call: FakeCall) => {
      const finish = ends(call) ? 'stop' : 'length';
      const content = ends(call) ? '{"zyxtrim":true}' : '';
      return 'response_format' in call.body
        ? { text: null, raw: { choices: [{ message: { role: 'assistant', content }, finish_reason: finish }] } }
        : 'Hi';
    };
    const { found, fake } = await probe({ answer });
    expect(await found()).toMatchObject({ jsonSchema });
    expect(fake.calls.filter(({ body }) => 'response_format' in body)).toHaveLength(2);
  });

  test('are found where a model that thinks says by an error that it was cut off, and so is what is refused', async () => {
    const message = 'Could not finish the message because max_tokens or model output limit was reached.';
    const answer = ({ path, body }: FakeCall) =>
      path === 'chat/completions' && Number(body['max_tokens']) < 500
        ? { text: null, status: 400, raw: { error: { message, type: 'invalid_request_error' } } }
        : '{"zyxtrim":true}';
    const { fake, found, connection } = await probe({ answer });
    expect(await found()).toMatchObject({ jsonSchema: true });
    const before = fake.calls.length;
    await learnRefusals(connection, 'base', never, quick, unmetered, passingRefusals());
    expect(fake.calls.slice(before).map(({ body }) => body['max_tokens'])).toEqual([16, 1024]);
  });

  test('include opened turns where the server first complains of a part that it does not take', async () => {
    const answer = ({ body }: FakeCall) => {
      const message =
        'temperature' in body
          ? "Unsupported parameter: 'temperature' is not supported with this model."
          : 'Cannot set both add_generation_prompt and continue_final_message to true.';
      return 'temperature' in body || body['add_generation_prompt'] === true
        ? { text: null, status: 400, raw: { error: { message, type: 'invalid_request_error', code: 400 } } }
        : 'Hello there!';
    };
    expect(await (await probe({ ownedBy: 'openai', answer })).found()).toMatchObject({ continueFinal: true });
  });

  test('of llama-server include that it repeats what it goes on from', async () => {
    const message = 'Cannot set both add_generation_prompt and continue_final_message to true.';
    const answer = ({ body, opened }: FakeCall) =>
      body['add_generation_prompt'] === true
        ? { text: null, status: 400, raw: { error: { message, type: 'invalid_request_error', code: 400 } } }
        : `${opened}Hello`;
    const { found } = await probe({ ownedBy: 'llamacpp', answer });
    expect(await found()).toEqual({ ...none, completions: true, continueFinal: true, repeatsOpened: true });
  });

  test('leave opened turns out where their keys are refused as unknown', async () => {
    const message = 'Unrecognized request arguments supplied: add_generation_prompt, continue_final_message';
    const answer = ({ body }: FakeCall) =>
      'continue_final_message' in body ? { text: null, status: 400, raw: { error: { message } } } : 'Hello there!';
    expect(await (await probe({ answer })).found()).toEqual({ ...none, completions: true });
  });

  test.each([403, 401])('are found out with a key that may ask the models but not list them: %i', async (status) => {
    const intercept: FakeEndpointOptions['intercept'] = (request, response) => {
      if (!request.url!.includes('/models')) return false;
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { message: 'Missing scopes: api.model.read' } }));
      return true;
    };
    expect(await (await probe({ intercept, answer: words })).found()).toEqual({ ...none, completions: true });
  });

  test('are found out where the list of models never comes', async () => {
    const intercept: FakeEndpointOptions['intercept'] = (request) => request.url!.includes('/models');
    expect(await (await probe({ intercept, answer: words })).found()).toEqual({ ...none, completions: true });
  });

  test('that cannot be found out count as missing', async () => {
    const { found } = await probe({ completions: false, answer: () => ({ text: '', status: 500 }) });
    expect(await found()).toEqual(none);
  });

  test('are asked for again while the endpoint is overloaded or still starting', async () => {
    const { fake, found } = await probe({ ownedBy: 'vllm', answer: words });
    fake.fault({ path: 'models', kind: 'status', status: 503 }, { kind: 'status', status: 429 }, { kind: 'reset' });
    expect(await found()).toEqual(all);
  });

  test('are not guessed for an endpoint that is not there, or that refuses the key', async () => {
    const { fake, connection } = await probe({ advertise: all });
    await fake.close();
    await expect(probeCapabilities(connection, 'base', never, quick)).rejects.toThrow(EndpointUnavailable);
    await expect((await probe({ apiKey: 'x' })).found()).rejects.toThrow(EndpointRefused);
  });
});
