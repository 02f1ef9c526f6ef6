/** Before money is spent or data or keys leave this machine, the user has said yes: at the terminal or with --yes. */
import { remoteHost } from '../../config/endpoint.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { UsageError } from '../../base/errors.ts';
import { headerVariablesIn } from '../../otlp/target.ts';
import type { OtlpTarget } from '../../otlp/target.ts';
import { agreementsOf, consequencesOf } from '../../run/work/consequences.ts';
import type { Consequences, Work } from '../../run/work/consequences.ts';
import { codeSentences } from '../../run/text/codeSentences.ts';
import { deploymentSentences } from '../../run/text/deploymentSentences.ts';
import { editorSentences } from '../../run/text/editorSentences.ts';
import { keySentences, serviceKeySentences } from '../../run/text/keySentences.ts';
import type { ScreenText } from '../../run/text/screenText.ts';
import { traceSentences } from '../../run/text/traceSentences.ts';
import { onScreen, screenLines } from '../../run/text/screenText.ts';
import { dollars, quoted } from '../../view/words.ts';
import type { Terminal } from './terminal.ts';

const questions: Readonly<Record<Work, ScreenText>> = {
  run: onScreen`Start the run?`,
  estimate: onScreen`Try a few rows for the estimate?`,
  evaluation: onScreen`Start the evaluation?`,
};

/** Offers the price first, which takes the calls of an estimate. */
const priceQuestion = onScreen`Run a few rows first, to estimate the price?`;

/**
 * Asks for consent where it is needed. Returns what was agreed to (`agreementsOf`).
 *
 * @param price what the work takes, in lines; offered before the question.
 * @param otlp where spans are to be sent.
 * @throws UsageError where there is no terminal to ask at, or the answer was no.
 */
export async function askConsent(
  terminal: Terminal,
  config: ResolvedProgram,
  yes: boolean,
  work: Work = 'run',
  price?: () => Promise<readonly string[]>,
  otlp: OtlpTarget | null = null,
): Promise<readonly string[]> {
  const consequences = consequencesOf(config, work, otlp);
  const agreements = agreementsOf(consequences);
  if (agreements.length === 0 && !consequences.costsMoney) return [];
  const sentences = [...destinationSentences(config, work, otlp), ...costs(consequences, config, work)].join(' ');
  if (yes) return agreements;
  if (!terminal.interactive) throw nobodyToAsk(sentences);
  terminal.err(onScreen`${sentences}\n`);
  if (price !== undefined && (await terminal.confirm(priceQuestion))) {
    terminal.err(screenLines(await price()));
  }
  if (!(await terminal.confirm(questions[work]))) throw new UsageError('Nothing was started.');
  return agreements;
}

/**
 * The same before a run goes on: only where data or keys now go to a place that was not agreed to. A cap that is given
 * is agreed to.
 *
 * @param agreed what was agreed to when the run was made.
 */
export async function askConsentAgain(
  terminal: Terminal,
  config: ResolvedProgram,
  yes: boolean,
  agreed: readonly string[],
  otlp: OtlpTarget | null = null,
): Promise<readonly string[]> {
  const consequences = consequencesOf(config, 'run', otlp);
  const missing = agreementsOf(consequences).filter((one) => !agreed.includes(one));
  if (missing.length === 0 || yes) return [...agreed, ...missing];
  const sentences = [
    `When the run was made, this was not agreed to: ${missing.join(', ')}.`,
    ...destinationSentences(config, 'run', otlp),
  ].join(' ');
  if (!terminal.interactive) throw nobodyToAsk(sentences);
  terminal.err(onScreen`${sentences}\n`);
  if (!(await terminal.confirm(onScreen`Go on with the run?`))) throw new UsageError('Nothing was started.');
  return [...agreed, ...missing];
}

/**
 * Before the traces of a run that is over go to another machine.
 *
 * @throws UsageError where there is no terminal to ask at, or the answer was no.
 */
export async function askTraces(
  terminal: Terminal,
  config: ResolvedProgram,
  yes: boolean,
  otlp: OtlpTarget,
): Promise<void> {
  const { tracesTo } = consequencesOf(config, 'evaluation', otlp);
  if (tracesTo === null || yes) return;
  const host = new URL(otlp.url).host;
  const keys = headerVariablesIn(terminal.env).map((env) => ({ env, host, isLocal: false }));
  const sentences = [...traceSentences(tracesTo), ...keySentences(keys)].join(' ');
  if (!terminal.interactive) throw nobodyToAsk(sentences);
  terminal.err(onScreen`${sentences}\n`);
  if (!(await terminal.confirm(onScreen`Send them?`))) throw new UsageError('Nothing was sent.');
}

function nobodyToAsk(sentences: string): UsageError {
  return new UsageError(`${sentences} There is no terminal to ask at: add --yes if that is what you want.`);
}

/** Where LMs that a program or a step names may be asked: whether a program has any is known when its code was loaded. */
function elsewhere({ services = [] }: ResolvedProgram): readonly string[] {
  return services.flatMap(({ baseURL, apiKeyEnv }) => {
    const host = remoteHost(baseURL);
    if (host === null) return [];
    const key = apiKeyEnv === null ? '' : ` with the key in ${apiKeyEnv}`;
    return [`LMs that the program or its steps name are asked at ${host}${key}, where they name one there.`];
  });
}

/**
 * Where rows, code and keys go, and what is deployed.
 *
 * @param otlp where spans are to be sent.
 */
export function destinationSentences(
  config: ResolvedProgram,
  work: Work,
  otlp: OtlpTarget | null = null,
): readonly string[] {
  const consequences = consequencesOf(config, work, otlp);
  const { promptsTo, servicesTo, codeTo, rowsTo, adaptersTo, keys, serviceKeys, deploysAt, tracesTo } = consequences;
  const rows = work === 'estimate' ? 'A few rows' : 'The rows';
  return [
    ...(promptsTo === null ? [] : [`${rows} of your data go to ${promptsTo} in prompts.`]),
    ...elsewhere(config),
    ...editorSentences(servicesTo),
    ...codeSentences(codeTo),
    ...(rowsTo === null ? [] : [`Training rows made from them are uploaded to ${rowsTo}.`]),
    ...(adaptersTo === null ? [] : [`Adapters trained on them are loaded at ${adaptersTo}.`]),
    ...deploymentSentences(deploysAt),
    ...traceSentences(tracesTo),
    ...keySentences(keys),
    // Those that leave this machine were named with their LMs.
    ...serviceKeySentences(serviceKeys.filter(({ isLocal }) => isLocal)),
  ];
}

function costs({ costsMoney }: Consequences, config: ResolvedProgram, work: Work): readonly string[] {
  const { calls, tokens, usd } = config.budget;
  const caps = [
    ...(usd === null ? [] : [dollars(usd)]),
    ...(calls === null ? [] : [`${calls} calls`]),
    ...(tokens === null ? [] : [`${tokens} tokens`]),
  ];
  const cap = caps.length === 0 ? 'without a cap (see --budget-usd)' : `capped at ${caps.join(', ')}`;
  const estimate = work === 'run' ? '; --dry-run says how much' : '';
  if (costsMoney) return [`Calls cost money, ${cap}${estimate}.`];
  if (config.endpoint.prices !== null) return [];
  return [`No price is known for endpoint ${quoted(config.endpoint.name)}: the ${work} may cost money, ${cap}.`];
}
