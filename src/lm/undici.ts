/**
 * What plain requests need of undici, by its own files: its index also loads fetch, caches, WebSockets and mocks, which is a
 * fifth of what a run takes to start.
 */
import type { Dispatcher } from 'undici';
import plainRequest from 'undici/lib/api/api-request.js';

export { default as Agent } from 'undici/lib/dispatcher/agent.js';
export { default as EnvHttpProxyAgent } from 'undici/lib/dispatcher/env-http-proxy-agent.js';
export type { Dispatcher } from 'undici';

/** undici's `request`, of a whole address. */
export async function request(
  dispatcher: Dispatcher,
  address: string,
  options: Omit<Dispatcher.RequestOptions, 'origin' | 'path'>,
): Promise<Dispatcher.ResponseData> {
  const { origin, pathname, search } = new URL(address);
  return await plainRequest.call(dispatcher, { ...options, origin, path: `${pathname}${search}` });
}
