/** What a run means beyond this machine: where data goes and whether it costs money. */
import { remoteHost } from '../config/endpoint.ts';
import type { ResolvedProgram } from '../config/resolved.ts';
import { parseStrategy } from '../engine/strategy.ts';

export interface Consequences {
  /** Where the rows' contents go as prompts; `null`: they stay on this machine. */
  readonly promptsTo: string | null;
  /** Where training rows go; `null`: they stay, or nothing is trained. */
  readonly rowsTo: string | null;
  readonly costsMoney: boolean;
}

export function consequencesOf(config: ResolvedProgram): Consequences {
  const { endpoint } = config;
  const trains = parseStrategy(config.strategy).includes('w');
  const prices = Object.values(endpoint.prices ?? {}).flatMap((price) => Object.values(price));
  const costsMoney = prices.some((price) => (price ?? 0) > 0);
  if (endpoint.kind === 'embedded') return { promptsTo: null, rowsTo: null, costsMoney };
  return {
    promptsTo: remoteHost(endpoint.baseURL),
    rowsTo: trains ? remoteHost(endpoint.fineTune.baseURL) : null,
    costsMoney,
  };
}
