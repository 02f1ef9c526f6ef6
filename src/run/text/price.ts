/** What a run is expected to take, against its cap and the prices that are known. Pure. */
import * as l10n from '../../base/l10n.ts';
import type { BudgetCaps, ResolvedProgram } from '../../config/resolved.ts';
import { unpricedLms } from '../../config/lmsOfSteps.ts';
import { needOf, spentOn, stopsIn } from '../../engine/capNeed.ts';
import type { Cap } from '../../engine/capNeed.ts';
import { tokensOfPlan } from '../../engine/plan.ts';
import type { Plan } from '../../engine/plan.ts';
import { priceOf } from '../../lm/prices.ts';
import type { RunPlan } from '../work/request.ts';
import { deploymentSentences } from './deploymentSentences.ts';
import { dollars, short, startName, stepName } from '../../view/words.ts';

type Priced = Pick<ResolvedProgram, 'endpoint' | 'services' | 'model' | 'strategy' | 'steps'>;
/** What a plan is shown by: `tokenPrices` is there where other endpoints were asked as well. */
type Told = Pick<RunPlan, 'plan' | 'tokenPrices' | 'from' | 'noTraining' | 'deploysAt'>;

/** `in all about 712 calls (at most 850), 12.3k tokens (15.0k), $0.3100 ($0.4000)`, then what is wrong with that; first, whether it can be done at all. */
export function priceLines(told: Told, config: Priced, caps: BudgetCaps): readonly string[] {
  const { plan, noTraining } = told;
  const { expected, most } = plan.calls;
  const tokens = tokensOfPlan(plan);
  const { usd } = plan;
  const parts = [
    `about ${short(expected)} calls (at most ${short(most)})`,
    ...(tokens === null ? [] : [`${short(tokens.expected)} tokens (${short(tokens.most)})`]),
    ...(usd === null || usd.most === 0 ? [] : [`${dollars(usd.expected)} (${dollars(usd.most)})`]),
  ];
  return [
    ...(noTraining === undefined ? [] : [noTraining]),
    `in all ${parts.join(', ')}; what the memo knows of them is free`,
    ...deploymentSentences(told.deploysAt),
    ...capLines(told, caps),
    ...missingPrice(told, config),
  ];
}

/** An estimate counts each candidate as scored to its end. */
export function earlyStopSentences({ steps }: Pick<Plan, 'steps'>): readonly string[] {
  return steps.some(({ kind }) => kind === 'p') ? [l10n.t('Candidates that stop early make it less.')] : [];
}

/**
 * Of each cap that the plan does not fit under: where the run would stop, and what is enough as a rule.
 *
 * @param how to raise it.
 */
export function capLines(
  { plan, from }: Told,
  caps: BudgetCaps,
  how = (key: Cap): string => ` (--budget-${key}, or "budget" in bettertogether.json)`,
): readonly string[] {
  return (['calls', 'tokens', 'usd'] as const).flatMap((key) => {
    const cap = caps[key];
    const need = needOf(plan, key);
    if (cap === null || need === null || need.most <= cap) return [];
    const which = need.expected > cap ? 'expected' : 'most';
    const step = stopsIn(plan, key, cap, which);
    const name = stepName(step.prefix, startName(from));
    const where = step.work === 'score' ? l10n.t`scoring ${name}` : name;
    const stops =
      which === 'expected'
        ? l10n.t`The cap is ${worded[key](cap)}: the run would stop in ${where}.`
        : l10n.t`The cap is ${worded[key](cap)}: the run may stop in ${where}.`;
    const raise = l10n.t`Raise it to ${enough(key, need.most)}${how(key)}.`;
    const isForJob = need.most > (spentOn(plan, key)?.most ?? 0);
    return [[stops, raise, ...(isForJob ? [jobsHold()] : [])].join(' ')];
  });
}

/** Why more has to fit than is spent. */
const jobsHold = (): string =>
  l10n.t('A training job is sent only if a token for every byte of its rows fits, though it takes fewer.');

const worded: Readonly<Record<Cap, (value: number) => string>> = {
  calls: (value) => l10n.t`${value} calls`,
  tokens: (value) => l10n.t`${value} tokens`,
  usd: (value) => `$${value}`,
};

/** As it is given on the command line: no separators, cents rounded up. */
function enough(key: Cap, value: number): string {
  return key === 'usd' ? (Math.ceil(value * 100) / 100).toFixed(2) : String(Math.ceil(value));
}

/** Why dollars are unknown, and what to do about it. */
export function missingPrice({ plan, tokenPrices }: Told, config: Priced): readonly string[] {
  if (plan.usd !== null) return [];
  const { endpoint, services = [], model } = config;
  const { name, prices } = endpoint;
  // The embedded endpoint costs nothing without them.
  const own = endpoint.kind === 'embedded' && prices === null;
  const price = priceOf(prices, model, null);
  const there = Object.keys(prices ?? {});
  if (price === null && !own) {
    return there.length === 0
      ? [l10n.t`No price for "${model}": set endpoints.${name}.prices.`]
      : [l10n.t`No price for "${model}": set endpoints.${name}.prices (there: ${there.join(', ')}).`];
  }
  if (plan.jobs > 0 && !own && price?.training === undefined) {
    return [l10n.t`No price of training "${model}": add "training" to it under endpoints.${name}.prices.`];
  }
  const [unpriced] = unpricedLms(config);
  if (unpriced !== undefined) {
    const { key, model: other, endpoint: place } = unpriced;
    return [l10n.t`No price for "${other}" ("${key}") at endpoint "${place}": set endpoints.${place}.prices.`];
  }
  if (tokenPrices === null) {
    const which = services.map((service) => `endpoints.${service.name}.prices`);
    return which.length === 0
      ? [l10n.t('An LM that the program names itself has no price: look at its endpoint.')]
      : [l10n.t`An LM that the program names itself has no price: look at ${which.join(', ')}.`];
  }
  return plan.inputTokens === null ? [l10n.t('The endpoint does not say how many tokens its answers take.')] : [];
}
