import type { TokenUsage } from '../data/lm.ts';

/** US dollars per million tokens. */
export interface Price {
  readonly input: number;
  /** Prompt tokens that the endpoint had in its cache. Default: `input`. */
  readonly cachedInput?: number | undefined;
  readonly output: number;
  /** Tokens of a training job, every epoch counted. */
  readonly training?: number | undefined;
}

/** By model name; `*` is any other model. The `prices` of an endpoint in `bettertogether.json`. */
export type PriceTable = Readonly<Record<string, Price>>;

/** A model's own price, else that of the model it was tuned from, else `*`; `null` where none is known. */
export function priceOf(prices: PriceTable | null, model: string, base: string | null): Price | null {
  if (prices === null) return null;
  const own = (name: string) => (Object.hasOwn(prices, name) ? prices[name] : undefined);
  return own(model) ?? (base === null ? undefined : own(base)) ?? own('*') ?? null;
}

export function usdOfUsage(price: Price | null, usage: TokenUsage | null): number | null {
  if (price === null || usage === null) return null;
  const fresh = Math.max(0, usage.inputTokens - usage.cachedInputTokens);
  const cached = usage.inputTokens - fresh;
  return perMillion(
    fresh * price.input + cached * (price.cachedInput ?? price.input) + usage.outputTokens * price.output,
  );
}

/** What a call may cost at most: nothing comes from the endpoint's cache. */
export function usdAtMost(price: Price | null, inputTokens: number, outputTokens: number): number | null {
  if (price === null) return null;
  const input = Math.max(price.input, price.cachedInput ?? 0);
  return perMillion(inputTokens * input + outputTokens * price.output);
}

/** A training job's price; `null` where none is known. */
export function usdOfTraining(price: Price | null, trainedTokens: number): number | null {
  return price?.training === undefined ? null : perMillion(trainedTokens * price.training);
}

function perMillion(weighted: number): number {
  return weighted / 1_000_000;
}
