/** The embedded server is for one user of this machine, and not for the web pages that are looked at on it. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { homeAt } from '../../../src/home/home.ts';
import { readToken } from '../../../src/home/token.ts';
import { startServer, type EmbeddedServer } from '../../../src/embedded/server.ts';

// What the server lets in does not depend on the model behind it.
vi.mock('../../../src/embedded/llama/engine.ts', () => ({
  Engine: { load: () => Promise.resolve({ dispose: () => Promise.resolve() }) },
}));

let server: EmbeddedServer;
let folder: string;
let token: string;
const said: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bettertogether-loopback-'));
  // As an earlier version left it.
  mkdirSync(join(folder, 'files'), { mode: 0o755 });
  writeFileSync(join(folder, 'files', 'file-0'), 'rows', { mode: 0o644 });
  const model = { name: 'base', path: join(folder, 'base.gguf'), hash: 'h' } as never;
  server = await startServer({ home: homeAt(folder), model, onLog: (line) => said.push(line) });
  token = readToken(homeAt(folder).token);
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

/** Who asks has the key, but for what `headers` say. */
function ask(headers: Record<string, string>, method = 'GET', path = '/v1/models'): Promise<Answer> {
  const all = { authorization: `Bearer ${token}`, ...headers };
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: server.port, path, method, headers: all, setHost: false };
    const sent = request(options, (response) => {
      let body = '';
      response.on('data', (bytes: Buffer) => (body += bytes.toString('utf8')));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('the embedded server', () => {
  it('answers its own machine under its own names', async () => {
    for (const host of ['127.0.0.1', 'localhost', '[::1]']) {
      const { status, body } = await ask({ host: `${host}:${server.port}` });
      expect([status, JSON.parse(body)]).toMatchObject([200, { object: 'list' }]);
    }
  });

  it.each([
    'evil.example',
    'evil.example:80',
    'localhost.evil.example',
    '127.0.0.1.nip.io',
    '192.168.0.1',
    '0.0.0.0',
    'localhost@evil.example',
    '',
  ])('refuses a host name that was bent to this machine: "%s"', async (host) => {
    const { status, body } = await ask({ host });
    expect([403, 400]).toContain(status);
    expect(body).not.toContain('"object":"list"');
  });

  it.each([
    'https://evil.example',
    'null',
    'http://localhost.evil.example',
    'http://127.0.0.1.evil.example',
    'file://',
  ])('refuses pages of another origin: %s', async (origin) => {
    const host = `127.0.0.1:${server.port}`;
    expect((await ask({ host, origin })).status).toBe(403);
    expect((await ask({ host, origin }, 'OPTIONS')).status).toBe(403);
  });

  it('lets no page read its answers: no CORS header, whatever the origin', async () => {
    const { headers } = await ask({ host: `127.0.0.1:${server.port}`, origin: `http://localhost:${server.port}` });
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  const requests = [
    ['GET', '/health'],
    ['GET', '/v1/models'],
    ['POST', '/v1/chat/completions'],
    ['POST', '/v1/completions'],
    ['POST', '/v1/files'],
    ['GET', '/v1/files'],
    ['GET', '/v1/files/file-0/content'],
    ['DELETE', '/v1/files/file-0'],
    ['POST', '/v1/load_lora_adapter'],
    ['POST', '/v1/unload_lora_adapter'],
    ['POST', '/v1/fine_tuning/jobs'],
    ['GET', '/v1/fine_tuning/jobs'],
    ['POST', '/v1/fine_tuning/jobs/ftjob-0/cancel'],
    ['GET', '/nowhere'],
    ['OPTIONS', '/v1/models'],
  ] as const;

  it.each(requests)('asks everybody for its key: %s %s', async (method, path) => {
    const host = `127.0.0.1:${server.port}`;
    const wrong = [
      '',
      'Bearer',
      'Bearer ',
      `Basic ${token}`,
      token,
      `Bearer ${token.slice(0, -1)}`,
      `Bearer ${token}x`,
    ];
    for (const authorization of wrong) {
      const { status, headers, body } = await ask({ host, authorization }, method, path);
      expect([authorization, status]).toEqual([authorization, 401]);
      expect(headers['www-authenticate']).toBe('Bearer');
      const { error } = JSON.parse(body) as { error: Record<string, unknown> };
      expect(error).toMatchObject({ type: 'invalid_request_error', code: 'invalid_api_key' });
      expect(error['message']).toContain(join(folder, 'token'));
      expect(body).not.toContain(token.slice(0, 32));
    }
  });

  it('takes the scheme in any case, as HTTP has it', async () => {
    const host = `127.0.0.1:${server.port}`;
    expect((await ask({ host, authorization: `bearer ${token}` })).status).toBe(200);
  });

  it('keeps its key for later servers of the same home, and in no other place', async () => {
    const model = { name: 'base', path: join(folder, 'base.gguf'), hash: 'h' } as never;
    const second = await startServer({ home: homeAt(folder), model });
    expect(readToken(homeAt(folder).token)).toBe(token);
    await second.close();
    const holding = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => readFileSync(file, 'latin1').includes(token));
    expect(holding).toEqual([homeAt(folder).token]);
    expect(said.join('\n')).not.toContain(token);
  });

  it.skipIf(process.platform === 'win32')('takes its home back from others, and keeps its files so', () => {
    const open = ['', 'token', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })].filter(
      (name) => (statSync(join(folder, name)).mode & 0o077) !== 0,
    );
    expect(open).toEqual([]);
  });

  it('listens on loopback alone', async () => {
    const addresses = Object.values(networkInterfaces()).flatMap((all) =>
      (all ?? []).filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address),
    );
    expect(server.baseURL).toBe(`http://127.0.0.1:${server.port}/v1`);
    for (const host of addresses) {
      const reached = await new Promise<boolean>((resolve) => {
        const socket = connectSocket({ host, port: server.port, timeout: 2000 });
        socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
        socket.on('timeout', () => resolve(false));
      });
      expect([host, reached]).toEqual([host, false]);
    }
  });
});
