/** Putting adapters into an endpoint that is running, under names of their own. */
import { EndpointRefused } from '../../engine/errors.ts';
import type { RetryOptions } from '../../lm/retry.ts';
import type { Connection } from '../../lm/connection.ts';
import { PlainClient, refusedBy, wordsOf } from '../base/plainRequest.ts';
import type { PlainAnswer } from '../base/plainRequest.ts';

/** How adapters are announced to a server. The embedded endpoint speaks as vLLM does. */
export type ServerKind = 'vllm' | 'sglang' | 'embedded';

export interface AdapterServer {
  readonly kind: ServerKind;
  /** What calls name the adapter `name` as. */
  modelOf(name: string): string;
  /**
   * Loads the adapter of `folder` (a path of the server's disk) and checks that it answers. One that is loaded under
   * this name already is the same one: names carry a hash of the content.
   *
   * @throws EndpointRefused with the server's own words and what to change.
   */
  load(name: string, folder: string, signal: AbortSignal): Promise<void>;
  answers(name: string, signal: AbortSignal): Promise<boolean>;
  /** One that is not loaded (any more) is as good as unloaded. */
  unload(name: string, signal: AbortSignal): Promise<void>;
}

export interface AdapterServerOptions {
  readonly kind: ServerKind;
  readonly connection: Connection;
  /** The base model's served name: SGLang names adapters behind it. */
  readonly base: string;
  readonly retry?: RetryOptions;
}

export function createAdapterServer({ kind, connection, base, retry }: AdapterServerOptions): AdapterServer {
  return new LoraServer(kind, new PlainClient(connection, 'Endpoint', retry), base);
}

/** The folder of the adapter is not there, or not where the server looks. */
export class FolderUnseen extends EndpointRefused {}

const unseen = /no adapter found|no such file|not exist|cannot find|not found.*adapter|can't find/i;

class LoraServer implements AdapterServer {
  readonly kind: ServerKind;
  readonly #client: PlainClient;
  readonly #base: string;

  constructor(kind: ServerKind, client: PlainClient, base: string) {
    this.kind = kind;
    this.#client = client;
    this.#base = base;
  }

  modelOf(name: string): string {
    return this.kind === 'sglang' ? `${this.#base}:${name}` : name;
  }

  async load(name: string, folder: string, signal: AbortSignal): Promise<void> {
    const answer = await this.#post('load_lora_adapter', { lora_name: name, lora_path: folder }, name, signal);
    if (answer.status >= 300 && !/already/i.test(wordsOf(answer.text))) throw this.#refused(answer, folder);
    if (await this.answers(name, signal)) return;
    const said = `says that it loaded the adapter "${name}", but does not answer as "${this.modelOf(name)}"`;
    throw refusedBy(this.#client.connection, said, 'Look at the log of the server, then resume.');
  }

  async unload(name: string, signal: AbortSignal): Promise<void> {
    await this.#post('unload_lora_adapter', { lora_name: name }, name, signal);
  }

  async answers(name: string, signal: AbortSignal): Promise<boolean> {
    const request = {
      method: 'POST',
      url: `${this.#client.connection.endpoint.baseURL}/completions`,
      json: { model: this.modelOf(name), prompt: 'a', max_tokens: 1, temperature: 0 },
      what: `the adapter "${name}"`,
      take: ({ status }: PlainAnswer) => status === 400 || status === 404 || status === 422,
    } as const;
    return (await this.#client.ask(request, signal)).status < 300;
  }

  #post(route: string, json: object, name: string, signal: AbortSignal): Promise<PlainAnswer> {
    const { baseURL } = this.#client.connection.endpoint;
    // SGLang has these beside its OpenAI routes, not among them.
    const root = this.kind === 'sglang' ? baseURL.replace(/\/v1$/, '') : baseURL;
    const take = ({ status }: PlainAnswer) => [400, 403, 404, 405, 409, 422].includes(status);
    return this.#client.ask(
      { method: 'POST', url: `${root}/${route}`, json, what: `the adapter "${name}"`, take },
      signal,
    );
  }

  #refused(answer: PlainAnswer, folder: string): Error {
    const words = wordsOf(answer.text);
    const { connection } = this.#client;
    const said = `did not load the adapter of ${folder}: ${words}`;
    if (!/\brank\b/i.test(words) && unseen.test(words)) {
      const advice =
        'The server does not see this folder: put it on a disk that both share, or set ' +
        `endpoints.${connection.endpoint.name}.pathMap to what the folder is called there; then resume.`;
      return new FolderUnseen(refusedBy(connection, said, advice).message);
    }
    return refusedBy(connection, said, this.#advice(answer, words));
  }

  #advice({ status }: PlainAnswer, words: string): string {
    if (/\brank\b/i.test(words))
      return 'Start the server with a larger --max-lora-rank, or lower w.lora.rank; then resume.';
    if (this.kind === 'vllm' && (status === 403 || status === 404 || status === 405)) {
      return 'vLLM loads adapters at run time with --enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING=True in its environment; start it so, then resume.';
    }
    if (this.kind === 'sglang' && (status === 404 || /enable.lora|not enabled/i.test(words))) {
      return 'SGLang loads adapters with --enable-lora, --max-lora-rank and --lora-target-modules; start it so, then resume.';
    }
    return 'Look at the log of the server, then resume.';
  }
}
