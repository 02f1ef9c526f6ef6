/** What the spans of a program's runs say alike. */
import type { ResolvedProgram, ResolvedService } from '../../config/resolved.ts';
import { traceIdOf } from '../../otlp/span.ts';
import type { Provider, Setting } from '../../otlp/programRun.ts';

/** @param run its id: all its sessions are one trace. */
export function settingOf(config: ResolvedProgram, run: string, content: boolean): Setting {
  const { metric, services = [] } = config;
  const own = providerOf(config.endpoint);
  const others = new Map(services.map((service) => [service.name, providerOf({ kind: 'openai', ...service })]));
  return {
    run,
    trace: traceIdOf(run),
    program: config.key,
    metric: metric.kind === 'builtin' ? `${metric.name}:${metric.field}` : metric.name,
    content,
    providerOf: (endpoint) => (endpoint === undefined ? own : (others.get(endpoint) ?? own)),
  };
}

/** By the wire that it speaks, as the GenAI conventions want it, unless its address says more. */
function providerOf(
  endpoint: { kind: 'embedded' } | ({ kind: 'openai' } & Pick<ResolvedService, 'baseURL'>),
): Provider {
  if (endpoint.kind === 'embedded') return { name: 'bettertogether.embedded' };
  const { hostname, port, protocol } = new URL(endpoint.baseURL);
  return {
    name: /\.openai\.azure\.com$/.test(hostname) ? 'azure.ai.openai' : 'openai',
    address: hostname,
    port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
  };
}
