import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { connect as connectTo, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { homeAt } from '../../../src/home/home.ts';
import type { Home } from '../../../src/home/home.ts';
import { ownToken } from '../../../src/home/token.ts';
import { PlainClient } from '../../../src/finetune/base/plainRequest.ts';
import { headersWith } from '../../../src/data/requestHeaders.ts';
import { connect } from '../../../src/lm/connection.ts';
import type { Connection, ConnectionOptions } from '../../../src/lm/connection.ts';
import { defineEndpoint, trainerName } from '../../../src/lm/endpoint.ts';
import { classify } from '../../../src/lm/failures.ts';

let home: Home;
let closing: (() => Promise<void>)[];
beforeEach(() => {
  home = homeAt(mkdtempSync(join(tmpdir(), 'bt-connection-')));
  closing = [];
});
afterEach(async () => {
  for (const close of closing.toReversed()) await close();
  rmSync(home.root, { recursive: true });
});

/** A server that writes down what it is asked. */
async function listener(
  port = 0,
  answer: (request: IncomingMessage) => string = () => '{}',
  type = 'application/json',
) {
  const seen: { readonly path: string; readonly authorization: string | undefined }[] = [];
  let respond: (request: IncomingMessage, response: ServerResponse) => void = (request, response) =>
    response.setHeader('content-type', type).end(answer(request));
  const server = createServer((request, response) => {
    seen.push({ path: request.url ?? '', authorization: request.headers.authorization });
    respond(request, response);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  closing.push(close);
  const { port: own } = server.address() as AddressInfo;
  const reply = (other: typeof respond) => {
    respond = other;
  };
  return { seen, port: own, baseURL: `http://127.0.0.1:${own}/v1`, close, reply };
}

function lab(baseURL: string, options: ConnectionOptions = {}): Connection {
  const connection = connect(defineEndpoint({ name: 'lab', baseURL }), options);
  closing.push(() => connection.close());
  return connection;
}

function embedded(baseURL: string): Connection {
  const settings = { name: 'embedded', baseURL, modelFile: 'h', tokenFile: home.token };
  const connection = connect(defineEndpoint(settings));
  closing.push(() => connection.close());
  return connection;
}

const never = new AbortController().signal;

describe('the key of the embedded endpoint', () => {
  it('is sent with every request, of the client and beside it, and is in no error', async () => {
    const token = ownToken(home);
    const server = await listener(0, () => JSON.stringify({ error: { message: `I know ${token}` } }));
    const connection = embedded(server.baseURL);
    await connection.openai.get('/models');
    await connection.fetch(`${server.baseURL}/load_lora_adapter`, { method: 'POST', body: '{}' });
    const form = new FormData();
    form.set('file', new File(['{}'], 'rows.jsonl'));
    await connection.fetch(`${server.baseURL}/files`, { method: 'POST', body: form });
    expect(server.seen.map(({ authorization }) => authorization)).toEqual([1, 2, 3].map(() => `Bearer ${token}`));
    const failure = classify(new SyntaxError(`Unexpected "${token}"`), connection, 'x');
    expect(failure).toMatchObject({ what: 'broken answer: Unexpected "***"' });
  });

  it('is not asked for elsewhere than on this machine, at first or later', async () => {
    ownToken(home);
    expect(() => embedded('https://lab.example/v1')).toThrow('not for https://lab.example/v1');
    const server = await listener();
    const connection = embedded(server.baseURL);
    expect(() => connection.moveTo('http://192.168.0.7:8000/v1')).toThrow('not for http://192.168.0.7:8000/v1');
    await expect(connection.openai.get('/models')).rejects.toThrow();
    await expect(connection.fetch('http://127.0.0.1:9/v1/files')).rejects.toThrow('is not of the endpoint');
    expect(server.seen).toEqual([]);
  });

  it('is named where it cannot be read', () => {
    expect(() => embedded('http://127.0.0.1:1/v1')).toThrow(home.token);
    expect(readdirSync(home.root)).toEqual([]);
  });

  it('goes to nobody who listens where the endpoint was, and to where it is again', async () => {
    ownToken(home);
    const first = await listener();
    const connection = embedded(first.baseURL);
    await connection.openai.get('/models');
    await first.close();
    connection.moveTo(null);
    const thief = await listener(first.port);
    const failed = await connection.openai.get('/models').catch((error: unknown) => error);
    expect(classify(failed, connection, 'x')).toMatchObject({ kind: 'retry', unreachable: true, mayBePaid: false });
    await expect(connection.fetch(`${first.baseURL}/files`)).rejects.toThrow('started again');
    expect(thief.seen).toEqual([]);
    rmSync(home.token);
    const token = ownToken(home);
    const second = await listener();
    connection.moveTo(second.baseURL);
    await connection.openai.get('/models');
    expect(second.seen).toEqual([{ path: '/v1/models', authorization: `Bearer ${token}` }]);
    expect(thief.seen).toEqual([]);
  });

  it('goes on with a request of its own kind where the endpoint is now', async () => {
    ownToken(home);
    const first = await listener();
    const connection = embedded(first.baseURL);
    const client = new PlainClient(connection, 'Endpoint', { firstSeconds: 0.01 });
    connection.moveTo(null);
    const request = { method: 'GET', url: `${first.baseURL}/files`, what: 'files', take: () => false } as const;
    const asking = client.ask(request, never);
    const second = await listener();
    connection.moveTo(second.baseURL);
    expect((await asking).status).toBe(200);
    expect([first.seen.length, second.seen.map(({ path }) => path)]).toEqual([0, ['/v1/files']]);
  });
});

describe('a key of the environment', () => {
  it.each(['sk-a\nb', 'sk-“quoted”', 'sk-\u200bhidden', 'sk-\u0000'])(
    'that no header can hold is told, and not repeated: %j',
    (key) => {
      const endpoint = defineEndpoint({ name: 'lab', baseURL: 'http://box/v1', apiKeyEnv: 'LAB_KEY' });
      const connecting = () => connect(endpoint, { resolveKey: () => key });
      expect(connecting).toThrow(/LAB_KEY \(endpoints\.lab\.apiKeyEnv in bettertogether\.json\) holds no key/);
      expect(connecting).not.toThrow(key.slice(3));
    },
  );
});

describe('a proxy of the environment', () => {
  const endpoint = defineEndpoint({ name: 'far', baseURL: 'http://lab.example/v1' });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it.each(['garbage value', 'ftp://host', 'user:very-private@:1'])(
    'that is no address is told with its variable, and not repeated: %s',
    (value) => {
      vi.stubEnv('http_proxy', value);
      expect(() => connect(endpoint)).toThrow(/variable http_proxy is not the address of a proxy/);
      expect(() => connect(endpoint)).not.toThrow(value);
    },
  );

  /** A proxy that lets everything through to one port, or answers with a status. */
  async function proxy(to: number | { readonly status: number }): Promise<string> {
    const server = createServer();
    const sockets = new Set<Duplex>();
    server.on('connect', (_request, socket: Duplex) => {
      sockets.add(socket);
      if (typeof to !== 'number') {
        socket.end(`HTTP/1.1 ${to.status} No\r\nContent-Length: 0\r\n\r\n`);
        return;
      }
      const through = connectTo(to, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        socket.pipe(through).pipe(socket);
      });
      sockets.add(through);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('is gone through', async () => {
    const server = await listener(0, () => '{"ok":true}');
    vi.stubEnv('http_proxy', await proxy(server.port));
    const far = connect(endpoint);
    closing.push(() => far.close());
    expect(await far.openai.get('/models')).toEqual({ ok: true });
    expect(server.seen.map(({ path }) => path)).toEqual(['/v1/models']);
  });

  it.each([
    [407, 'final', /"far".*the proxy answered 407 .*user name and password.*HTTPS_PROXY/],
    [403, 'final', /the proxy answered 403 .*NO_PROXY/],
    [502, 'retry', /the proxy answered 502/],
  ])('that answers %i by itself is told as such', async (status, kind, words) => {
    vi.stubEnv('http_proxy', await proxy({ status }));
    const far = connect(endpoint);
    closing.push(() => far.close());
    const failed: unknown = await far.openai.get('/models').catch((error: unknown) => error);
    const failure = classify(failed, far, 'the list of models');
    expect(failure.kind).toBe(kind);
    expect(failure.kind === 'final' ? failure.error.message : failure.kind === 'retry' && failure.what).toMatch(words);
  });

  it('may be written without http://', async () => {
    vi.stubEnv('http_proxy', 'host:3128');
    await connect(endpoint).close();
  });
});

describe('further headers', () => {
  async function headersOf(headers: Record<string, string>, apiKeyEnv: string | null) {
    const server = await listener();
    let sent: IncomingHttpHeaders = {};
    server.reply((request, response) => {
      sent = request.headers;
      response.end('{}');
    });
    const endpoint = defineEndpoint({ name: 'lab', baseURL: server.baseURL, apiKeyEnv, headers });
    const connection = connect(endpoint, { resolveKey: () => 'sk-1' });
    closing.push(() => connection.close());
    await connection.openai.post('/chat/completions', { body: {} });
    return sent;
  }

  it('are sent beside the key', async () => {
    expect(await headersOf({ 'X-Title': 'qa' }, 'K')).toMatchObject({ 'x-title': 'qa', authorization: 'Bearer sk-1' });
  });

  it('hold the whole of what the variable holds', () => {
    expect(headersWith({ Authorization: '{key}' }, 'Bearer abc')).toEqual({ authorization: 'Bearer abc' });
    expect(headersWith({}, 'Bearer abc')).toEqual({ authorization: 'Bearer abc' });
  });

  it('hold the key where they say so, and then it stands there alone', async () => {
    const sent = await headersOf({ 'api-key': '{key}', 'X-Title': 'qa' }, 'K');
    expect(sent).toMatchObject({ 'api-key': 'sk-1', 'x-title': 'qa' });
    expect(sent).not.toHaveProperty('authorization');
    expect(await headersOf({ Authorization: 'Token {key}' }, 'K')).toMatchObject({ authorization: 'Token sk-1' });
  });

  it('make another endpoint of what answers are remembered by, but for those with the key', () => {
    const identityWith = (headers: Record<string, string>) =>
      defineEndpoint({ name: 'lab', baseURL: 'http://box/v1', headers }).identity;
    expect(identityWith({ 'api-key': '{key}' })).toBe(identityWith({}));
    expect(identityWith({ 'X-Provider': 'a' })).not.toBe(identityWith({}));
    expect(identityWith({ 'X-Provider': 'a' })).not.toBe(identityWith({ 'X-Provider': 'b' }));
  });
});

describe('an answer', () => {
  async function asked(type: string, text: string): Promise<unknown> {
    const { baseURL } = await listener(0, () => text, type);
    return lab(baseURL).openai.get('/models');
  }

  it.each(['text/plain;charset=UTF-8', 'application/octet-stream', 'application/json; charset=utf-8'])(
    'that is JSON is read as such where it is named %s',
    async (type) => {
      expect(await asked(type, '{"data":[{"id":"base"}]}')).toEqual({ data: [{ id: 'base' }] });
    },
  );

  it('whose type is said twice is read', async () => {
    const server = await listener();
    server.reply((_request, response) =>
      response
        .writeHead(200, ['content-type', 'application/json', 'content-type', 'application/json'])
        .end('{"data":[]}'),
    );
    expect(await lab(server.baseURL).openai.get('/models')).toEqual({ data: [] });
  });

  it('that is a page for people stays text', async () => {
    expect(await asked('text/html', '<html></html>')).toBe('<html></html>');
  });

  const packings: readonly (readonly [encoding: string, pack: (text: string) => Uint8Array])[] = [
    ['gzip', (text) => gzipSync(text)],
    ['x-gzip', (text) => gzipSync(text)],
    ['deflate', (text) => deflateSync(text)],
    ['deflate', (text) => deflateRawSync(text)],
    ['br', (text) => brotliCompressSync(text)],
    ['gzip', (text) => Buffer.from(text)],
    ['deflate', (text) => Buffer.from(text)],
    ['zstd', (text) => Buffer.from(text)],
  ];

  it.each(packings)('that comes as %s is read, also where it is not packed after all', async (encoding, pack) => {
    const { baseURL } = await packing(encoding, pack('{"data":[{"id":"base"}]}'));
    expect(await lab(baseURL).openai.get('/models')).toEqual({ data: [{ id: 'base' }] });
  });

  it('that unpacks to more than may be read is not read', async () => {
    const { baseURL } = await packing('gzip', gzipSync('x'.repeat(100_000)));
    const connection = lab(baseURL, { responseBytes: 50_000 });
    const failed = await connection.openai.get('/models').catch((error: unknown) => error);
    expect(classify(failed, connection, 'the models')).toMatchObject({
      kind: 'final',
      error: { message: expect.stringMatching(/is larger than/) as string },
    });
  });

  it('that is packed as nothing that can be unpacked is refused by what it is packed as, and may be paid', async () => {
    const { baseURL } = await packing('lzma', Buffer.from('5d000080ffff', 'hex'));
    const connection = lab(baseURL);
    const failed = await connection.openai.get('/models').catch((error: unknown) => error);
    const says =
      'refused: it packs its answers as "lzma", which was not asked for and cannot be unpacked here. Turn that off there,';
    expect(classify(failed, connection, 'the models')).toMatchObject({
      ...{ kind: 'final', mayBePaid: true },
      error: { message: expect.stringContaining(says) as string },
    });
  });

  async function packing(encoding: string, body: Uint8Array) {
    const server = await listener();
    server.reply((_request, response) => response.setHeader('content-encoding', encoding).end(body));
    return server;
  }
});

describe('a redirect', () => {
  async function redirected(to: (path: string) => string) {
    const server = await listener();
    server.reply((request, response) => {
      const path = request.url ?? '';
      if (path.endsWith('/')) response.end('{"data":[]}');
      else response.writeHead(307, { location: to(path) }).end();
    });
    return { server, connection: lab(server.baseURL) };
  }

  it('to the same address with a slash at its end is followed, with what was asked', async () => {
    const { server, connection } = await redirected((path) => `${path}/`);
    expect(await connection.openai.post('/chat/completions', { body: { model: 'base' } })).toEqual({ data: [] });
    expect(server.seen.map(({ path }) => path)).toEqual(['/v1/chat/completions', '/v1/chat/completions/']);
  });

  it('to anywhere else is told, as an address that can be set', async () => {
    const { server, connection } = await redirected(() => '/api/v1/chat/completions/');
    const failed = await connection.openai.post('/chat/completions', { body: {} }).catch((error: unknown) => error);
    expect(server.seen).toHaveLength(1);
    expect(classify(failed, connection, 'model "base"')).toMatchObject({
      kind: 'final',
      error: {
        message: expect.stringContaining(
          `redirects to http://127.0.0.1:${server.port}/api/v1/chat/completions/`,
        ) as string,
      },
    });
  });
});

it('a server without TLS behind https is told as that, at once', async () => {
  const { port } = await listener();
  const connection = lab(`https://127.0.0.1:${port}/v1`);
  const failed = await connection.openai.get('/models').catch((error: unknown) => error);
  expect(classify(failed, connection, 'the models')).toMatchObject({
    kind: 'final',
    error: { message: expect.stringMatching(/speaks no TLS\. Write endpoints\.lab\.baseURL with http:/) as string },
  });
});

it('a rate limit of a training service names no setting that it does not have', async () => {
  const body = JSON.stringify({ error: { message: 'max 3 active jobs' } });
  const server = await listener();
  server.reply((_request, response) => response.writeHead(429, { 'content-type': 'application/json' }).end(body));
  const connection = connect(defineEndpoint({ name: trainerName('lab'), baseURL: server.baseURL }));
  closing.push(() => connection.close());
  const failed = await connection.openai.post('/fine_tuning/jobs', { body: {} }).catch((error: unknown) => error);
  const failure = classify(failed, connection, 'a job');
  expect(failure).toMatchObject({
    kind: 'retry',
    throttled: true,
    advice: expect.stringContaining('other jobs') as string,
  });
  expect(JSON.stringify(failure)).not.toContain('concurrency');
});
