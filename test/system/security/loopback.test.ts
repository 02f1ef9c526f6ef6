/** The embedded server is for this machine, and not for the web pages that are looked at on it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { homeAt } from '../../../src/home/home.ts';
import { startServer, type EmbeddedServer } from '../../../src/embedded/server.ts';

// What the server lets in does not depend on the model behind it.
vi.mock('../../../src/embedded/llama/engine.ts', () => ({
  Engine: { load: () => Promise.resolve({ dispose: () => Promise.resolve() }) },
}));

let server: EmbeddedServer;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bettertogether-loopback-'));
  const model = { name: 'base', path: join(folder, 'base.gguf'), hash: 'h' } as never;
  server = await startServer({ home: homeAt(folder), model });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

function ask(
  headers: Record<string, string>,
  method = 'GET',
): Promise<{ status: number; headers: object; body: string }> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: server.port, path: '/v1/models', method, headers, setHost: false };
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
