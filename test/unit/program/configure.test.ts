import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ChainOfThought, configure, Module, Predict } from 'bettertogether';
import { UsageError } from '../../../src/base/errors.ts';
import { chat } from './run.ts';

interface Seen {
  readonly path: string;
  readonly key: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

const seen: Seen[] = [];
let reply = '';
let server: Server;
let baseURL = '';

beforeAll(async () => {
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      seen.push({
        path: request.url ?? '',
        key: request.headers.authorization ?? '',
        headers: request.headers,
        body: JSON.parse(text) as Record<string, unknown>,
      });
      const choice = { index: 0, finish_reason: 'stop', text: reply, message: { role: 'assistant', content: reply } };
      response.writeHead(reply === '' ? 400 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(reply === '' ? { error: { message: 'no such model' } } : { choices: [choice] }));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
afterAll(() => void server.close());

class Program extends Module {
  ask = new Predict('q -> a', { temperature: 0.7 });
  think = new ChainOfThought('q -> a');
  async forward({ q }: { q: string }) {
    return this.ask({ q });
  }
}

describe('a program on its own', () => {
  it('says what to do while there is no LM', async () => {
    vi.resetModules();
    const fresh = await import('../../../src/program/sdk.ts');
    const predict = new fresh.Predict('q -> a');
    await expect(predict({ q: 'q' })).rejects.toThrow(/Call configure\(/);
  });

  it('asks the configured endpoint with the paper’s sampling and no key but the one given', async () => {
    vi.stubEnv('OPENAI_API_KEY', 'secret-of-another-service');
    vi.stubEnv('OPENAI_ORG_ID', 'organisation-elsewhere');
    vi.stubEnv('OPENAI_PROJECT_ID', 'project-elsewhere');
    configure({ baseURL, model: 'base' });
    reply = chat({ a: 'x' });
    expect(await new Program().call({ q: 'q' })).toEqual({ a: 'x' });
    const { path, key, body, headers } = seen.at(-1)!;
    expect(path).toBe('/v1/chat/completions');
    expect(key).toBe('');
    expect(JSON.stringify(headers)).not.toMatch(/elsewhere|another/);
    expect(body).toMatchObject({ model: 'base', temperature: 0.7, top_p: 0.97, max_tokens: 1024 });
    configure({ baseURL, model: 'base', apiKey: 'mine' });
    await new Program().call({ q: 'q' });
    expect(seen.at(-1)!.key).toBe('Bearer mine');
    vi.unstubAllEnvs();
  });

  it('sends further headers, and the key where they say so alone', async () => {
    reply = chat({ a: 'A' });
    configure({ baseURL, model: 'base', apiKey: 'mine', headers: { 'X-Title': 'qa', 'api-key': '{key}' } });
    await new Program().call({ q: 'x' });
    expect(seen.at(-1)!.headers).toMatchObject({ 'x-title': 'qa', 'api-key': 'mine' });
    expect(seen.at(-1)!.key).toBe('');
  });

  it('asks OpenAI itself for max_completion_tokens, as a run does', async () => {
    const asked: { readonly url: string; readonly body: unknown }[] = [];
    vi.stubGlobal('fetch', (url: string, { body }: { readonly body: string }) => {
      asked.push({ url, body: JSON.parse(body) });
      return Promise.resolve(Response.json({ choices: [{ message: { content: chat({ a: 'x' }) } }] }));
    });
    configure({ baseURL: 'https://api.openai.com/v1', model: 'gpt', apiKey: 'mine' });
    await new Program().call({ q: 'q' });
    vi.unstubAllGlobals();
    expect(asked).toMatchObject([{ url: 'https://api.openai.com/v1/chat/completions', body: { model: 'gpt' } }]);
    expect(asked[0]!.body).toMatchObject({ max_completion_tokens: 1024 });
    expect(asked[0]!.body).not.toHaveProperty('max_tokens');
  });

  it('opens the turn, constrains and completes text where it is told that the service can', async () => {
    const predict = new Predict("q -> l: 'x' | 'y'");
    reply = ' x';
    const capabilities = { continueFinal: true, structuredChoice: true, completions: true };
    configure({ baseURL, model: 'base', adapter: 'plain', capabilities });
    expect(await predict({ q: 'q' })).toEqual({ l: 'x' });
    expect(seen.at(-1)!.body).toMatchObject({
      messages: [{ role: 'system' }, { role: 'user', content: 'Q: q' }, { role: 'assistant', content: 'L:' }],
      continue_final_message: true,
      add_generation_prompt: false,
      structured_outputs: { choice: [' x', ' y'] },
      stop: ['\n'],
    });
    configure({ baseURL, model: 'base', adapter: 'text', capabilities });
    expect(await predict({ q: 'q' })).toEqual({ l: 'x' });
    expect(seen.at(-1)).toMatchObject({
      path: '/v1/completions',
      body: { prompt: expect.stringMatching(/L:$/) as string },
    });
    configure({ baseURL, model: 'base', adapter: 'plain' });
    await predict({ q: 'q' });
    expect(seen.at(-1)!.body).not.toHaveProperty('continue_final_message');
    expect(seen.at(-1)!.body).not.toHaveProperty('structured_outputs');
  });

  it('tells which service failed', async () => {
    configure({ baseURL, model: 'base' });
    reply = '';
    await expect(new Program().call({ q: 'q' })).rejects.toThrow(`The LM at ${baseURL} (see configure) did not answer`);
  });

  it('refuses what is no URL and no adapter', () => {
    expect(() => configure({ baseURL: 'gpu-box', model: 'm' })).toThrow(UsageError);
    expect(() => configure({ baseURL, model: 'm', adapter: 'xml' as 'chat' })).toThrow(/Unknown adapter 'xml'/);
  });
});

describe('a service with ways of its own is asked as in a run', () => {
  type Given = Record<string, unknown>;
  /** @param answer status and body for each request, by what was asked and how often. */
  const serve = (answer: (body: Given, url: string, nth: number) => Response) => {
    const asked: { readonly url: string; readonly body: Given; readonly headers: Headers }[] = [];
    vi.stubGlobal('fetch', (url: string, init: { readonly body: string; readonly headers: Headers }) => {
      const body = JSON.parse(init.body) as Given;
      asked.push({ url, body, headers: init.headers });
      return Promise.resolve(answer(body, url, asked.length));
    });
    return asked;
  };
  const fine = (text = chat({ a: 'x' })) => Response.json({ choices: [{ message: { content: text } }] });
  const refusal = (status: number, message: string) => Response.json({ error: { message } }, { status });
  const lab = { baseURL: 'http://lab.example/v1', model: 'base' };
  afterEach(() => vi.unstubAllGlobals());

  it('what it refuses is left out from then on', async () => {
    const asked = serve((body) => {
      if ('top_p' in body) return refusal(400, "Unsupported parameter: 'top_p' is not supported with this model.");
      if ('max_tokens' in body) return refusal(400, "Use 'max_completion_tokens' instead of max_tokens.");
      return fine();
    });
    configure(lab);
    expect(await new Program().call({ q: 'q' })).toEqual({ a: 'x' });
    expect(asked).toHaveLength(3);
    expect(asked[2]!.body).toMatchObject({ temperature: 0.7, max_completion_tokens: 1024 });
    await new Program().call({ q: 'r' });
    expect(asked).toHaveLength(4);
  });

  it('an error keeps that of the package, with its status', async () => {
    serve(() => refusal(401, 'wrong key'));
    configure(lab);
    const failed: unknown = await new Program().call({ q: 'q' }).catch((error: unknown) => error);
    expect(failed).toMatchObject({
      message: expect.stringContaining('401 wrong key') as string,
      cause: { status: 401 },
    });
  });

  it('a stream is asked for where nothing else is given', async () => {
    const asked = serve((body) =>
      body['stream'] === true
        ? new Response(
            `data: ${JSON.stringify({ choices: [{ delta: { content: chat({ a: 'x' }) } }] })}\n\ndata: [DONE]\n`,
          )
        : refusal(400, 'This model only supports stream mode'),
    );
    configure(lab);
    expect(await new Program().call({ q: 'q' })).toEqual({ a: 'x' });
    expect(asked.at(-1)!.body['stream']).toBe(true);
  });

  it('errors of any shape are read: FastAPI’s for one', async () => {
    const detail = [{ type: 'extra_forbidden', loc: ['body', 'top_p'], msg: 'Extra inputs are not permitted' }];
    serve((body) => ('top_p' in body ? Response.json({ detail }, { status: 422 }) : fine()));
    configure(lab);
    expect(await new Program().call({ q: 'q' })).toEqual({ a: 'x' });
  });

  it('an answer ends at a stop sequence that it does not take', async () => {
    serve((body) =>
      'stop' in body ? refusal(400, "Unsupported parameter: 'stop' is not supported") : fine('x\nQ: y'),
    );
    configure({ ...lab, adapter: 'plain' });
    expect(await new Predict('q -> l')({ q: 'q' })).toEqual({ l: 'x' });
  });

  it.each([
    [() => Response.json({ error: { message: 'No endpoints found' } }), 'did not answer: No endpoints found'],
    [
      () => Response.json({ choices: [{ message: { content: '' }, finish_reason: 'length' }] }),
      'did not answer: it answered without text (finish_reason length)',
    ],
    [() => refusal(402, 'Insufficient credits'), 'did not answer: 402 Insufficient credits'],
    [
      () => new Response(null, { status: 307, headers: { location: 'https://elsewhere.example/v1/chat/completions' } }),
      'did not answer: it redirects to https://elsewhere.example/v1/chat/completions',
    ],
  ])('says what came instead of an answer', async (answer, says) => {
    const asked = serve(answer);
    configure(lab);
    await expect(new Program().call({ q: 'q' })).rejects.toThrow(says);
    expect(asked).toHaveLength(1);
  });

  it('follows a slash that it adds', async () => {
    const slashed = `${lab.baseURL}/chat/completions/`;
    serve((_, url) => (url === slashed ? fine() : new Response(null, { status: 307, headers: { location: slashed } })));
    configure(lab);
    expect(await new Program().call({ q: 'q' })).toEqual({ a: 'x' });
  });

  it('is found under /v1 where its 200 says that there is nothing', async () => {
    serve((_, url) =>
      url.includes('/v1/') ? fine() : Response.json({ error: 'Unexpected endpoint or method. (POST /x)' }),
    );
    configure({ ...lab, baseURL: 'http://lab.example' });
    expect(await new Program().call({ q: 'q' })).toEqual({ a: 'x' });
  });

  it('gets the key without what is around it', async () => {
    const asked = serve(() => fine());
    configure({ ...lab, apiKey: '"sk-mine"\n' });
    await new Program().call({ q: 'q' });
    expect(asked[0]!.headers.get('authorization')).toBe('Bearer sk-mine');
  });

  it.each(['http://lab.example', 'http://lab.example/', 'http://lab.example/chat/completions'])(
    'is found under /v1 of %s',
    async (baseURL) => {
      const asked = serve((_, url) => (url.includes('/v1/') ? fine() : refusal(404, 'Not Found')));
      configure({ ...lab, baseURL });
      await new Program().call({ q: 'q' });
      await new Program().call({ q: 'r' });
      const paths = ['/chat/completions', '/v1/chat/completions', '/v1/chat/completions'];
      expect(asked.map(({ url }) => new URL(url).pathname)).toEqual(paths);
    },
  );
});

describe('load and state', () => {
  const tuned = (instructions: string): object => ({
    instructions,
    demos: [{ fields: { q: 'dq', a: 'da' }, augmented: true }],
    model: 'tuned',
  });
  const state = { predictors: { ask: tuned('Ask.'), 'think.predict': tuned('Think.') } };

  it('make a program answer in the state that was exported', async () => {
    configure({ baseURL, model: 'base' });
    reply = chat({ a: 'x' });
    const program = new Program();
    expect(program.state().predictors['ask']).toEqual({
      instructions: 'Given the fields `q`, produce the fields `a`.',
      demos: [],
      model: '',
    });
    program.load(state);
    expect(program.state()).toEqual(state);
    await program.call({ q: 'q' });
    expect(seen.at(-1)!.body).toMatchObject({ model: 'tuned' });
    expect(JSON.stringify(seen.at(-1)!.body)).toContain('Ask.');
    expect(JSON.stringify(seen.at(-1)!.body)).toContain('dq');
    const again = new Program();
    again.load({ program: 'x', state });
    expect(again.state()).toEqual(state);
  });

  it('refuse what is no state and the state of another program, and change nothing', () => {
    const program = new Program();
    const before = program.state();
    expect(() => program.load({ predictors: { ask: 1 } })).toThrow(/not a program state[^]*predictors\.ask/);
    expect(() => program.load({})).toThrow(/not a program state[^]*at predictors/);
    const saved = { ask: { demos: [] }, metadata: { dependency_versions: {} } };
    expect(() => program.load(saved)).toThrow(/a state for DSPy.*export <run> --format json/);
    expect(() => program.load({ predictors: { ask: tuned('x') } })).toThrow(/of another program/);
    const later = 'a later version of BetterTogether wrote it in form 2, and this version reads form 1';
    for (const wrapped of [{ v: 2, ...state }, { v: 2, state }, { state: { v: 2, ...state } }]) {
      expect(() => program.load(wrapped)).toThrow(later);
    }
    expect(program.state()).toEqual(before);
    const predict = new Predict('q -> a');
    predict.load({ predictors: { self: tuned('x') } });
    expect(predict.state()).toEqual({ predictors: { self: tuned('x') } });
  });
});
