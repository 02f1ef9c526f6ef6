/**
 * What plain requests need of undici, by its own files: its index also loads fetch, caches, WebSockets and mocks, which is a
 * fifth of what a run takes to start.
 */
import connectThrough from 'undici/lib/api/api-connect.js';
import AnyDispatcher from 'undici/lib/dispatcher/dispatcher.js';

// As its index does it: a proxy is asked for a way through by this method.
Object.assign(AnyDispatcher.prototype, { connect: connectThrough });

export { default as Agent } from 'undici/lib/dispatcher/agent.js';
export { default as EnvHttpProxyAgent } from 'undici/lib/dispatcher/env-http-proxy-agent.js';
export type { Dispatcher } from 'undici';
