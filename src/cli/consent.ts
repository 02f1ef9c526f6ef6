/** Before money is spent or data leaves this machine, the user has said yes: at the terminal or with --yes. */
import { remoteHost } from '../config/endpoint.ts';
import type { ResolvedProgram } from '../config/resolved.ts';
import { UsageError } from '../data/errors.ts';
import { consequencesOf, hostsOf } from '../run/consequences.ts';
import type { Consequences } from '../run/consequences.ts';
import type { ScreenText } from '../run/text/screenText.ts';
import { onScreen, screenLines } from '../run/text/screenText.ts';
import { dollars, quoted } from '../run/text/words.ts';
import type { Terminal } from './terminal.ts';

/** What is to be done: a run; the few calls of its estimate (`--dry-run`); one evaluation. */
export type Work = 'run' | 'estimate' | 'evaluation';

const questions: Readonly<Record<Work, ScreenText>> = {
  run: onScreen`Start the run?`,
  estimate: onScreen`Try a few rows for the estimate?`,
  evaluation: onScreen`Start the evaluation?`,
};

/** Offers the price first, which takes the calls of an estimate. */
const priceQuestion = onScreen`Run a few rows first, to tell the price?`;

/**
 * Asks for consent where it is needed. Returns the hosts that were agreed to.
 *
 * @param price what the work takes, in lines; offered to who is asked.
 * @throws UsageError where nobody can be asked, or who was asked said no.
 */
export async function askConsent(
  terminal: Terminal,
  config: ResolvedProgram,
  yes: boolean,
  work: Work = 'run',
  price?: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const whole = consequencesOf(config);
  const consequences = work === 'run' ? whole : { ...whole, rowsTo: null };
  const hosts = hostsOf(consequences);
  if (hosts.length === 0 && !consequences.costsMoney) return [];
  const sentences = inWords(consequences, config, work);
  if (yes) return hosts;
  if (!terminal.interactive) {
    throw new UsageError(`${sentences} Nobody can be asked here: add --yes if that is what you want.`);
  }
  terminal.err(onScreen`${sentences}\n`);
  if (price !== undefined && (await terminal.confirm(priceQuestion))) {
    terminal.err(screenLines(await price()));
  }
  if (!(await terminal.confirm(questions[work]))) throw new UsageError('Nothing was started.');
  return hosts;
}

/** Where LMs that a program names itself may be asked: whether it has any is known when its code was loaded. */
function elsewhere({ services = [] }: ResolvedProgram): readonly string[] {
  return services.flatMap(({ baseURL, apiKeyEnv }) => {
    const host = remoteHost(baseURL);
    if (host === null) return [];
    const key = apiKeyEnv === null ? '' : ` with the key in ${apiKeyEnv}`;
    return [`LMs that the program names itself are asked at ${host}${key}, where it names one there.`];
  });
}

function inWords({ promptsTo, rowsTo, costsMoney }: Consequences, config: ResolvedProgram, work: Work): string {
  const sentences: string[] = [];
  const rows = work === 'estimate' ? 'A few rows' : 'The rows';
  if (promptsTo !== null) sentences.push(`${rows} of your data go to ${promptsTo} in prompts.`);
  const { endpoint } = config;
  if (promptsTo !== null && endpoint.kind === 'openai' && endpoint.apiKeyEnv !== null) {
    sentences.push(`The key in ${endpoint.apiKeyEnv} is sent there.`);
  }
  sentences.push(...elsewhere(config));
  if (rowsTo !== null) sentences.push(`Training rows made from them are uploaded to ${rowsTo}.`);
  const { calls, tokens, usd } = config.budget;
  const caps = [
    ...(usd === null ? [] : [dollars(usd)]),
    ...(calls === null ? [] : [`${calls} calls`]),
    ...(tokens === null ? [] : [`${tokens} tokens`]),
  ];
  const cap = caps.length === 0 ? 'without a cap (see --budget-usd)' : `capped at ${caps.join(', ')}`;
  const known = config.endpoint.prices !== null;
  const estimate = work === 'run' ? '; --dry-run says how much' : '';
  if (costsMoney) sentences.push(`Calls cost money, ${cap}${estimate}.`);
  else if (!known)
    sentences.push(
      `No price is known for endpoint ${quoted(config.endpoint.name)}: the ${work} may cost money, ${cap}.`,
    );
  return sentences.join(' ');
}
