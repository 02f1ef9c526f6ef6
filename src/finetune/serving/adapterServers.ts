import type { Connection } from '../../lm/connection.ts';
import type { RetryOptions } from '../../lm/retry.ts';
import { PlainClient } from '../base/plainRequest.ts';
import type { AdapterServer, ServerWay } from './adapterServer.ts';
import { LlamaServer, noGguf } from './llamaServer.ts';
import type { AdapterGguf } from './llamaServer.ts';
import { LoraServer } from './loraServer.ts';

export interface AdapterServerOptions {
  readonly way: ServerWay;
  readonly connection: Connection;
  /** The base model's served name. */
  readonly base: string;
  readonly retry?: RetryOptions;
  /** For servers that load GGUF alone. Left out: nothing is loaded, only unloaded. */
  readonly gguf?: AdapterGguf;
}

/** What adapters are put into, the way it takes them. */
export function createAdapterServer({
  way,
  connection,
  base,
  retry,
  gguf = noGguf,
}: AdapterServerOptions): AdapterServer {
  const client = new PlainClient(connection, 'Endpoint', retry);
  return way.kind === 'llama-server'
    ? new LlamaServer(way, client, base, gguf)
    : new LoraServer(way.kind, client, base);
}
