/** An estimate in a line. Pure. */
import * as l10n from '../../base/l10n.ts';
import type { BudgetCaps } from '../../config/resolved.ts';
import type { Estimate } from '../../engine/estimate.ts';
import { tokensOfPlan } from '../../engine/plan.ts';
import type { Consequences } from '../../run/work/consequences.ts';
import type { RunPlan } from '../../run/work/request.ts';
import { capLines } from '../../run/text/price.ts';
import { codeSentences } from '../../run/text/codeSentences.ts';
import { deploymentSentences } from '../../run/text/deploymentSentences.ts';
import { traceSentences } from '../../run/text/traceSentences.ts';
import { editorSentences } from '../../run/text/editorSentences.ts';
import { keySentences, serviceKeySentences } from '../../run/text/keySentences.ts';
import { dollars, duration } from '../../view/words.ts';
import { counted, shortCalls, shortTokens } from '../../view/counted.ts';

/** `about 1,240 calls, 310.0k tokens, $0.31, 4 min 10 s`. */
export function expectedText({ plan, seconds }: Pick<RunPlan, 'plan' | 'seconds'>): string {
  return l10n.t`about ${parts(plan.calls, tokensOfPlan(plan), plan.usd, seconds, 'expected').join(', ')}`;
}

/** `at most 2,000 calls, …`: if nothing succeeds before the last try. */
export function mostText({ plan }: Pick<RunPlan, 'plan'>): string {
  return l10n.t`at most ${parts(plan.calls, tokensOfPlan(plan), plan.usd, null, 'most').join(', ')}`;
}

function parts(
  calls: Estimate,
  tokens: Estimate | null,
  usd: Estimate | null,
  seconds: Estimate | null | undefined,
  which: 'expected' | 'most',
): string[] {
  return [
    shortCalls(calls[which]),
    ...(tokens === null ? [] : [shortTokens(tokens[which])]),
    usd === null ? l10n.t('dollars unknown') : usd.most === 0 ? l10n.t('no charge') : dollars(usd[which]),
    ...(seconds === null || seconds === undefined ? [] : [l10n.t`${duration(seconds[which])} without training`]),
  ];
}

export function capText({ calls, tokens, usd }: BudgetCaps): string {
  const caps = [
    ...(usd === null ? [] : [dollars(usd)]),
    ...(calls === null ? [] : [counted(calls, 'call')]),
    ...(tokens === null ? [] : [shortTokens(tokens)]),
  ];
  return caps.length === 0 ? l10n.t('no cap') : l10n.t`capped at ${caps.join(', ')}`;
}

/** What is odd about the rows, for a line of the picker. */
export function warningText({ warnings = [] }: Pick<RunPlan, 'warnings'>): string | null {
  return warnings.length === 0 ? null : warnings.join(' ');
}

/** What holds the run back, and whether that is less than it takes. */
export function startDetail(caps: BudgetCaps, plan: Pick<RunPlan, 'plan' | 'from'> | null): string {
  if (plan === null) return capText(caps);
  return [capText(caps), mostText(plan), ...capLines(plan, caps, () => '')].join('; ');
}

/** Where data and keys go. */
export function destinationText(
  plan: Pick<RunPlan, 'promptsTo' | 'servicesTo' | 'codeTo' | 'rowsTo' | 'keys' | 'serviceKeys' | 'deploysAt'> & {
    readonly tracesTo?: Consequences['tracesTo'];
  },
): string {
  const { promptsTo, servicesTo = [], codeTo = [], rowsTo, keys = [], serviceKeys = [] } = plan;
  const sent = [...deploymentSentences(plan.deploysAt), ...keySentences(keys), ...serviceKeySentences(serviceKeys)];
  const traces = traceSentences(plan.tracesTo ?? null);
  if (promptsTo === null && rowsTo === null && servicesTo.length === 0) {
    return [...(traces.length === 0 ? [l10n.t('Nothing leaves this machine.')] : traces), ...sent].join(' ');
  }
  const own = l10n.t`LMs that the program or its steps name may be asked at ${servicesTo.join(', ')}.`;
  const sentences = [
    ...(promptsTo === null || promptsTo === rowsTo ? [] : [l10n.t`Rows go to ${promptsTo} in prompts.`]),
    ...(promptsTo === null || promptsTo !== rowsTo
      ? []
      : [l10n.t`Rows go to ${promptsTo}, in prompts and for training.`]),
    ...(servicesTo.length === 0 ? [] : [own]),
    ...editorSentences(servicesTo),
    ...codeSentences(codeTo),
    ...(rowsTo === null || promptsTo === rowsTo ? [] : [l10n.t`Training rows are uploaded to ${rowsTo}.`]),
    ...traces,
    ...sent,
  ];
  return sentences.join(' ');
}
