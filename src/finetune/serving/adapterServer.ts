/** Putting adapters into an endpoint that is running, under names of their own. */
import { EndpointRefused } from '../../engine/errors.ts';
import type { PlainAnswer, PlainClient } from '../base/plainRequest.ts';

/** Servers that take an adapter by a request. The embedded endpoint speaks as vLLM does. */
export type LoaderKind = 'vllm' | 'sglang' | 'embedded';

/** How adapters are announced to a server: by a request, or in the list of models that llama-server reads. */
export type ServerWay =
  | { readonly kind: LoaderKind }
  | {
      readonly kind: 'llama-server';
      /** Its `--models-preset`, on this machine. */
      readonly preset: string;
    };

/** An adapter's PEFT folder. */
export interface AdapterPlace {
  /** As this machine, or the trainer, sees it. */
  readonly folder: string;
  /** As the server does. */
  readonly served: string;
}

export interface AdapterServer {
  readonly way: ServerWay;
  /** What calls name the adapter `name` as. */
  modelOf(name: string): string;
  /**
   * Loads an adapter and checks that it answers. One that is loaded under this name already is the same one: names
   * carry a hash of the content.
   *
   * @throws EndpointRefused with the server's own words and what to change.
   */
  load(name: string, adapter: AdapterPlace, signal: AbortSignal): Promise<void>;
  answers(name: string, signal: AbortSignal): Promise<boolean>;
  /** One that is not loaded (any more) is as good as unloaded. */
  unload(name: string, signal: AbortSignal): Promise<void>;
}

/** The folder of the adapter is not there, or not where the server looks. */
export class FolderUnseen extends EndpointRefused {}

/** Whether a model answers: it is asked for a token. @param name of the adapter, for people. */
export async function answersAs(
  client: PlainClient,
  model: string,
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  const request = {
    method: 'POST',
    url: `${client.connection.endpoint.baseURL}/completions`,
    json: { model, prompt: 'a', max_tokens: 1, temperature: 0 },
    what: `the adapter "${name}"`,
    take: ({ status }: PlainAnswer) => status === 400 || status === 404 || status === 422,
  } as const;
  return (await client.ask(request, signal)).status < 300;
}
