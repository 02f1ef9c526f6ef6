/** What a run means beyond this machine: where data goes and whether it costs money. */
import { remoteHost } from '../config/endpoint.ts';
import type { ResolvedEndpoint, ResolvedProgram } from '../config/resolved.ts';
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
  return {
    promptsTo: endpoint.kind === 'embedded' ? null : remoteHost(endpoint.baseURL),
    rowsTo: trains ? trainingHost(endpoint) : null,
    costsMoney,
  };
}

/** A command runs on this machine, whatever it does with the rows. */
function trainingHost({ fineTune }: ResolvedEndpoint): string | null {
  return fineTune === undefined || fineTune.kind === 'command' ? null : remoteHost(fineTune.baseURL);
}
