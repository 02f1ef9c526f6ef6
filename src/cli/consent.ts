/** Before money is spent or data leaves this machine, the user has said yes: at the terminal or with --yes. */
import { remoteHost } from '../config/endpoint.ts';
import type { ResolvedProgram } from '../config/resolved.ts';
import { UsageError } from '../data/errors.ts';
import { parseStrategy } from '../engine/strategy.ts';
import type { Terminal } from './terminal.ts';
import { dollars } from './words.ts';

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

/**
 * Asks for consent where it is needed. Returns the hosts that were agreed to.
 *
 * @throws UsageError where nobody can be asked, or who was asked said no.
 */
export async function askConsent(
  terminal: Terminal,
  config: ResolvedProgram,
  yes: boolean,
): Promise<readonly string[]> {
  const consequences = consequencesOf(config);
  const { promptsTo, rowsTo, costsMoney } = consequences;
  const hosts = [...new Set([promptsTo, rowsTo].filter((host) => host !== null))];
  if (hosts.length === 0 && !costsMoney) return [];
  const sentences = inWords(consequences, config);
  if (yes) return hosts;
  if (!terminal.interactive) {
    throw new UsageError(`${sentences} Nobody can be asked here: add --yes if that is what you want.`);
  }
  terminal.err(`${sentences}\n`);
  if (!(await terminal.confirm('Start the run?'))) throw new UsageError('Nothing was started.');
  return hosts;
}

function inWords({ promptsTo, rowsTo, costsMoney }: Consequences, config: ResolvedProgram): string {
  const sentences: string[] = [];
  if (promptsTo !== null) sentences.push(`The rows of your data go to ${promptsTo} in prompts.`);
  if (rowsTo !== null) sentences.push(`Training rows made from them are uploaded to ${rowsTo}.`);
  const { calls, tokens, usd } = config.budget;
  const caps = [
    ...(usd === null ? [] : [dollars(usd)]),
    ...(calls === null ? [] : [`${calls} calls`]),
    ...(tokens === null ? [] : [`${tokens} tokens`]),
  ];
  const cap = caps.length === 0 ? 'without a cap (see --budget-usd)' : `capped at ${caps.join(', ')}`;
  const known = config.endpoint.prices !== null;
  if (costsMoney) sentences.push(`Calls cost money, ${cap}; --dry-run says how much.`);
  else if (!known)
    sentences.push(`No price is known for endpoint "${config.endpoint.name}": the run may cost money, ${cap}.`);
  return sentences.join(' ');
}
