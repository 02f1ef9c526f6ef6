/** vLLM and SGLang as far as adapters are concerned, by what they document and answer. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readBody, send } from './fakeHttp.ts';

export interface FakeLoraOptions {
  /** vLLM without VLLM_ALLOW_RUNTIME_LORA_UPDATING has no such route; some gateways forbid it. */
  readonly runtimeUpdates?: true | 404 | 403;
  /** Folders on the server's disk, with the rank of their adapters. */
  readonly disk?: Readonly<Record<string, number>>;
  readonly maxRank?: number;
  readonly base?: string;
  /** Loads, and then does not answer. */
  readonly mute?: boolean;
}

export interface FakeLoraServer {
  readonly baseURL: string;
  readonly loaded: ReadonlyMap<string, string>;
  /** Method, path and body of each request, completions left out. */
  readonly asked: readonly { readonly path: string; readonly body: unknown }[];
  /** As a restart does. */
  forget(): void;
  configure(options: FakeLoraOptions): void;
  close(): Promise<void>;
}

type Answer = readonly [status: number, body: unknown];

export async function startFakeLoraServer(
  kind: 'vllm' | 'sglang',
  given: FakeLoraOptions = {},
  port = 0,
): Promise<FakeLoraServer> {
  let options = given;
  const loaded = new Map<string, string>();
  const asked: { path: string; body: unknown }[] = [];
  const base = () => options.base ?? 'base';

  const answer = (path: string, body: Record<string, unknown>): Answer => {
    if (path === '/v1/completions') return complete(String(body['model']));
    asked.push({ path, body });
    const root = kind === 'vllm' ? '/v1' : '';
    if (options.runtimeUpdates === 403) return [403, { error: { message: 'Forbidden', type: 'gateway', code: 403 } }];
    if (options.runtimeUpdates === 404) return [404, { detail: 'Not Found' }];
    if (path === `${root}/load_lora_adapter`) return load(String(body['lora_name']), String(body['lora_path']));
    if (path === `${root}/unload_lora_adapter`) return unload(String(body['lora_name']));
    return [404, { detail: 'Not Found' }];
  };
  const complete = (model: string): Answer => {
    const known =
      kind === 'vllm' ? [base(), ...loaded.keys()] : [base(), ...[...loaded.keys()].map((name) => `${base()}:${name}`)];
    if (options.mute !== true && known.includes(model))
      return [200, { object: 'text_completion', model, choices: [{ text: 'a' }] }];
    return kind === 'vllm'
      ? [404, { error: { message: `The model \`${model}\` does not exist.`, type: 'NotFoundError', code: 404 } }]
      : [
          400,
          { object: 'error', message: `The LoRA adapter of ${model} is not loaded.`, type: 'BadRequest', code: 400 },
        ];
  };
  const refuse = (status: number, message: string): Answer =>
    kind === 'vllm'
      ? [
          status,
          { error: { message, type: status === 404 ? 'NotFoundError' : 'BadRequestError', param: null, code: status } },
        ]
      : [400, { success: false, error_message: message, loaded_adapters: Object.fromEntries(loaded) }];
  const load = (name: string, path: string): Answer => {
    if (loaded.has(name)) {
      return refuse(
        400,
        kind === 'vllm'
          ? `The lora adapter '${name}' has already been loaded.`
          : `LoRA adapter ${name} is already loaded.`,
      );
    }
    const rank = options.disk?.[path];
    if (rank === undefined)
      return refuse(
        404,
        kind === 'vllm'
          ? `Loading lora ${name} failed: No adapter found for ${path}`
          : `Failed to load ${name}: can't find '${path}/adapter_config.json'`,
      );
    const most = options.maxRank ?? 64;
    if (rank > most) return refuse(400, `LoRA rank ${rank} is greater than max_lora_rank ${most}.`);
    loaded.set(name, path);
    return kind === 'vllm'
      ? [200, `Success: LoRA adapter '${name}' added successfully.`]
      : [200, { success: true, error_message: '', loaded_adapters: Object.fromEntries(loaded) }];
  };
  const unload = (name: string): Answer => {
    if (!loaded.delete(name)) return refuse(404, `The lora adapter '${name}' cannot be found.`);
    return kind === 'vllm' ? [200, `Success: LoRA adapter '${name}' removed successfully.`] : [200, { success: true }];
  };

  const server = createServer((request, response) => void handle(request, response));
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const text = (await readBody(request)).toString('utf8');
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    const [status, said] = answer(new URL(request.url ?? '/', 'http://fake').pathname, body);
    if (typeof said === 'string') response.writeHead(status, { 'content-type': 'text/plain' }).end(said);
    else send(response, status, said);
  };
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    loaded,
    asked,
    forget: () => {
      loaded.clear();
    },
    configure: (more) => {
      options = { ...options, ...more };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
