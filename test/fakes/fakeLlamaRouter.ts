/** llama-server with a list of models, as far as adapters are concerned. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readBody, send } from './fakeHttp.ts';

export interface FakeLlamaRouter {
  readonly baseURL: string;
  /** Models that it knows, each with the `lora` of its section. */
  readonly listed: ReadonlyMap<string, string | null>;
  /** Method and path of each request. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** @param preset the file that it reads when it is started and when it is told to; `null`: it serves one model. */
export async function startFakeLlamaRouter(preset: string | null): Promise<FakeLlamaRouter> {
  const listed = new Map<string, string | null>();
  const asked: string[] = [];
  const read = () => {
    listed.clear();
    let section = '';
    for (const line of preset === null ? ['[base]'] : readFileSync(preset, 'utf8').split('\n')) {
      section = /^\[(.+)\]/.exec(line)?.[1] ?? section;
      const lora = /^lora = (.*)$/.exec(line)?.[1] ?? listed.get(section) ?? null;
      if (section !== '' && section !== '*') listed.set(section, lora);
    }
  };
  read();
  const complete = (model: string): readonly [number, object] => {
    const lora = listed.get(model);
    if (lora === undefined) return [400, error(400, `model '${model}' not found`, 'invalid_request_error')];
    if (lora !== null && !existsSync(lora))
      return [500, error(500, `model name=${model} failed to load`, 'server_error')];
    return [200, { object: 'text_completion', model, choices: [{ text: 'a', index: 0, finish_reason: 'length' }] }];
  };
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://fake');
    asked.push(`${request.method} ${url.pathname}${url.search}`);
    const text = (await readBody(request)).toString('utf8');
    if (url.pathname === '/v1/completions') {
      send(response, ...complete((JSON.parse(text) as { model: string }).model));
      return;
    }
    if (url.searchParams.has('reload') && preset !== null) read();
    send(response, 200, { data: [...listed.keys()].map((id) => ({ id, owned_by: 'llamacpp' })), object: 'list' });
  };
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    ...{ listed, asked, baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const error = (code: number, message: string, type: string): object => ({ error: { code, message, type } });
