/** The connections that requests to an endpoint go over: kept alive, and through the proxy of the environment where there is one. */
import { given } from '../base/given.ts';
import { UsageError } from '../base/errors.ts';
import type { Endpoint } from './endpoint.ts';
import { Agent, EnvHttpProxyAgent } from './undici.ts';
import type { Dispatcher } from './undici.ts';

export function isLocal(baseURL: string): boolean {
  const { hostname } = new URL(baseURL);
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}

/** Proxies from the environment are used as everywhere else, but never towards this machine. */
export function agentFor(endpoint: Endpoint, timeout: number, maxResponseSize: number): Dispatcher {
  const settings = {
    headersTimeout: timeout,
    bodyTimeout: timeout,
    // Many servers (Node, uvicorn, llama-server) close after 5 s without a request, and one that crosses that is lost.
    keepAliveTimeout: 4000,
    maxResponseSize,
    connect: { timeout: 10_000 },
  };
  const proxied = ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'].some((name) => process.env[name]);
  const isHere = endpoint.editorOn !== null || isLocal(endpoint.baseURL);
  return proxied && !isHere ? proxyAgent(settings) : new Agent(settings);
}

/** @throws UsageError for a variable that is no address. An address without `http://` is one, as for curl. */
function proxyAgent(settings: EnvHttpProxyAgent.Options): Dispatcher {
  const http = proxyFrom('http_proxy', 'HTTP_PROXY');
  const https = proxyFrom('https_proxy', 'HTTPS_PROXY') ?? http;
  return new EnvHttpProxyAgent({ ...settings, ...given({ httpProxy: http, httpsProxy: https }) });
}

function proxyFrom(...names: readonly string[]): string | undefined {
  const name = names.find((each) => process.env[each] !== undefined);
  const text = process.env[name ?? '']?.trim() ?? '';
  if (text === '') return undefined;
  const address = text.includes('://') ? text : `http://${text}`;
  // What stands before an @ is a password: the value is not repeated.
  if (URL.canParse(address) && /^(https?|socks5):/.test(address)) return address;
  throw new UsageError(
    `The environment variable ${name} is not the address of a proxy. Write it like http://host:3128, or unset it.`,
  );
}
