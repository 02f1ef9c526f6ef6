/** What a run means beyond this machine: where data goes and whether it costs money. */
import { remoteHost } from '../config/endpoint.ts';
import type { ResolvedEndpoint, ResolvedProgram } from '../config/resolved.ts';
import { parseStrategy } from '../engine/strategy.ts';

export interface Consequences {
  /** Where the rows' contents go as prompts; `null`: they stay on this machine. */
  readonly promptsTo: string | null;
  /** Where LMs that the program's author named may be asked, with whatever the program shows them. */
  readonly servicesTo: readonly string[];
  /** Where training rows go; `null`: they stay, or nothing is trained. */
  readonly rowsTo: string | null;
  readonly costsMoney: boolean;
}

export function consequencesOf(config: ResolvedProgram): Consequences {
  const { endpoint } = config;
  const trains = parseStrategy(config.strategy).includes('w');
  const services = config.services ?? [];
  const prices = [endpoint, ...services]
    .flatMap((each) => Object.values(each.prices ?? {}))
    .flatMap((price) => Object.values(price));
  const costsMoney = prices.some((price) => (price ?? 0) > 0);
  const promptsTo = endpoint.kind === 'embedded' ? null : remoteHost(endpoint.baseURL);
  const others = services.map(({ baseURL }) => remoteHost(baseURL)).filter((host) => host !== null);
  return {
    promptsTo,
    servicesTo: [...new Set(others)].filter((host) => host !== promptsTo),
    rowsTo: trains ? trainingHost(endpoint) : null,
    costsMoney,
  };
}

/** The hosts that need the user's consent. */
export function hostsOf({ promptsTo, servicesTo, rowsTo }: Consequences): readonly string[] {
  return [...new Set([promptsTo, ...servicesTo, rowsTo].filter((host) => host !== null))];
}

/** A command runs on this machine, whatever it does with the rows. */
function trainingHost({ fineTune }: ResolvedEndpoint): string | null {
  return fineTune === undefined || fineTune.kind === 'command' ? null : remoteHost(fineTune.baseURL);
}
