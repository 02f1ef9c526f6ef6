import { getEventListeners } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Agent } from '../../../src/lm/undici.ts';
import { askWhole } from '../../../src/lm/wholeAnswer.ts';

let server: Server;
let agent: Agent;
beforeEach(() => {
  agent = new Agent({ maxResponseSize: 1000, connections: 1 });
});
afterEach(async () => {
  await agent.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1?a=b`;
}

const post = { method: 'POST', headers: { 'x-own': 'y' }, body: 'hello' };

it('sends what it is given, and reads the answer to its end', async () => {
  const seen: unknown[] = [];
  const url = await serve((request, response) => {
    seen.push(request.method, request.url, request.headers['x-own']);
    request.on('data', (bytes: Buffer) => seen.push(String(bytes)));
    response.writeEarlyHints({ link: '</x>' });
    response.writeHead(429, { 'retry-after': '3' });
    response.write('one ');
    setTimeout(() => response.end('two'), 20);
  });
  const { status, headers, body } = await askWhole(agent, url, post);
  expect([status, headers['retry-after'], String(body)]).toEqual([429, '3', 'one two']);
  expect(seen).toEqual(['POST', '/v1?a=b', 'y', 'hello']);
});

it('ends with the reason of its signal, before it is sent, while it waits for a connection, and while it is answered', async () => {
  let begun = () => {};
  const first = new Promise<void>((resolve) => (begun = resolve));
  let requests = 0;
  const url = await serve((_request, response) => {
    requests++;
    response.write('half');
    begun();
  });
  const [early, waiting, answered] = [new AbortController(), new AbortController(), new AbortController()];
  early.abort(new Error('early'));
  await expect(askWhole(agent, url, { ...post, signal: early.signal })).rejects.toThrow('early');
  const running = askWhole(agent, url, { ...post, signal: answered.signal });
  await first;
  const queued = askWhole(agent, url, { ...post, signal: waiting.signal });
  waiting.abort(new Error('waiting'));
  await expect(queued).rejects.toThrow('waiting');
  answered.abort(new Error('answered'));
  await expect(running).rejects.toThrow('answered');
  expect(requests).toBe(1);
  expect([waiting, answered].flatMap(({ signal }) => getEventListeners(signal, 'abort'))).toEqual([]);
});

it('fails where the answer breaks off, and where it is larger than may be', async () => {
  let whole = false;
  const url = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': '5000' });
    if (whole) response.end('x'.repeat(5000));
    else response.write('x', () => response.destroy());
  });
  await expect(askWhole(agent, url, post)).rejects.toThrow(/closed|terminated/);
  whole = true;
  await expect(askWhole(agent, url, post)).rejects.toMatchObject({ code: 'UND_ERR_RES_EXCEEDED_MAX_SIZE' });
});
