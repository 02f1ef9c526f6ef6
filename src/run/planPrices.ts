import type { ResolvedProgram } from '../config/resolved.ts';
import type { PlanPrices } from '../engine/plan.ts';
import { priceOf, usdOfTraining, usdOfUsage } from '../lm/prices.ts';

/** What a program's calls and training cost, for estimates. */
export function planPrices({ endpoint, model }: ResolvedProgram): PlanPrices {
  if (endpoint.kind === 'embedded' && endpoint.prices === null) return { call: () => 0, training: () => 0 };
  const price = priceOf(endpoint.prices, model, null);
  return {
    call: (inputTokens: number, outputTokens: number) =>
      usdOfUsage(price, { inputTokens, outputTokens, cachedInputTokens: 0 }),
    training: (tokens: number) => usdOfTraining(price, tokens),
  };
}
