/**
 * What plain requests need of undici, by its own files: its index also loads fetch, caches, WebSockets and mocks, which is a
 * fifth of what a run takes to start.
 */
export { default as Agent } from 'undici/lib/dispatcher/agent.js';
export { default as EnvHttpProxyAgent } from 'undici/lib/dispatcher/env-http-proxy-agent.js';
export type { Dispatcher } from 'undici';
