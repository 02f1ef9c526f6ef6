/** vLLM, SGLang and the embedded endpoint, which load an adapter when they are asked to. */
import { refusedBy, wordsOf } from '../base/plainRequest.ts';
import type { PlainAnswer, PlainClient } from '../base/plainRequest.ts';
import { answersAs, FolderUnseen } from './adapterServer.ts';
import type { AdapterPlace, AdapterServer, LoaderKind } from './adapterServer.ts';

const unseen = /no adapter found|no such file|not exist|cannot find|not found.*adapter|can't find/i;

export class LoraServer implements AdapterServer {
  readonly way: { readonly kind: LoaderKind };
  readonly #client: PlainClient;
  readonly #base: string;

  /** @param base the base model's served name: SGLang names adapters behind it. */
  constructor(kind: LoaderKind, client: PlainClient, base: string) {
    this.way = { kind };
    this.#client = client;
    this.#base = base;
  }

  modelOf(name: string): string {
    return this.way.kind === 'sglang' ? `${this.#base}:${name}` : name;
  }

  async load(name: string, { served: folder }: AdapterPlace, signal: AbortSignal): Promise<void> {
    const answer = await this.#post('load_lora_adapter', { lora_name: name, lora_path: folder }, name, signal);
    if (answer.status >= 300 && !/already/i.test(wordsOf(answer.text))) throw this.#refused(answer, folder);
    if (await this.answers(name, signal)) return;
    const said = `says that it loaded the adapter "${name}", but does not answer as "${this.modelOf(name)}"`;
    throw refusedBy(this.#client.connection, said, 'Look at the log of the server, then resume.');
  }

  async unload(name: string, signal: AbortSignal): Promise<void> {
    await this.#post('unload_lora_adapter', { lora_name: name }, name, signal);
  }

  answers(name: string, signal: AbortSignal): Promise<boolean> {
    return answersAs(this.#client, this.modelOf(name), name, signal);
  }

  #post(route: string, json: object, name: string, signal: AbortSignal): Promise<PlainAnswer> {
    const { baseURL } = this.#client.connection.endpoint;
    // SGLang has these beside its OpenAI routes, not among them.
    const root = this.way.kind === 'sglang' ? baseURL.replace(/\/v1$/, '') : baseURL;
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
    if (this.way.kind === 'vllm' && (status === 403 || status === 404 || status === 405)) {
      return 'vLLM loads adapters at run time with --enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING=True in its environment; start it so, then resume.';
    }
    if (this.way.kind === 'sglang' && (status === 404 || /enable.lora|not enabled/i.test(words))) {
      return 'SGLang loads adapters with --enable-lora, --max-lora-rank and --lora-target-modules; start it so, then resume.';
    }
    return 'Look at the log of the server, then resume.';
  }
}
