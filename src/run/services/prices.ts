/** What answers and training cost in a run: at its own endpoint's prices, or those of another that was asked. */
import type { ResolvedProgram } from '../../config/resolved.ts';
import type { LmRecord } from '../../data/trace.ts';
import type { AskedModel } from '../../engine/ask.ts';
import type { PlanPrices } from '../../engine/estimate.ts';
import type { Prices } from '../../engine/usage.ts';
import { priceOf, usdOfTraining, usdOfUsage } from '../../lm/prices.ts';

type Priced = Pick<ResolvedProgram, 'endpoint' | 'services' | 'model'>;
type Asked = Pick<LmRecord, 'model' | 'endpoint' | 'usage'>;

/** @param baseOf the model that a tuned one was trained from. */
export function runPrices(config: Priced, baseOf: (model: string) => string | null): Prices {
  const { endpoint, model: base } = config;
  return {
    ofAnswer: (answer) => usdOfAnswer(config, answer, baseOf(answer.model)),
    // What is trained is the base or what was tuned from it, perhaps in an earlier session.
    ofTraining: (model, tokens) =>
      isFree(endpoint) ? 0 : usdOfTraining(priceOf(endpoint.prices, model, base), tokens),
  };
}

/** US dollars of a prompt's and of a completion's token, on average; `null`: not known. */
export interface TokenPrices {
  readonly input: number;
  readonly output: number;
}

/**
 * What tokens cost on average where other endpoints are asked besides the run's own (a judge); `undefined`: only the
 * run's own is asked, and its prices hold.
 */
export function tokenPricesOf(config: Priced, records: readonly LmRecord[]): TokenPrices | null | undefined {
  if (records.every(({ endpoint }) => endpoint === undefined)) return undefined;
  const mean = (which: 'inputTokens' | 'outputTokens'): number | null => {
    let [tokens, usd]: [number, number | null] = [0, 0];
    for (const record of records) {
      const used = record.usage?.[which] ?? 0;
      const usage = { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0, [which]: used };
      const paid = usdOfAnswer(config, { ...record, usage }, null);
      tokens += used;
      usd = usd === null || paid === null ? null : usd + paid;
    }
    return usd === null ? null : usd / Math.max(1, tokens);
  };
  const [input, output] = [mean('inputTokens'), mean('outputTokens')];
  return input === null || output === null ? null : { input, output };
}

/** What a program's calls and training cost, for estimates; `tokens` as `tokenPricesOf` a sample. */
export function planPrices(config: Priced, tokens?: TokenPrices | null): PlanPrices {
  const { endpoint, model } = config;
  const training = (trained: number) =>
    isFree(endpoint) ? 0 : usdOfTraining(priceOf(endpoint.prices, model, null), trained);
  const asked = (inputTokens: number, outputTokens: number, of: AskedModel) =>
    usdOfAnswer(config, { ...of, usage: { inputTokens, outputTokens, cachedInputTokens: 0 } }, null);
  const averaged = (input: number, output: number) =>
    tokens === null || tokens === undefined ? null : input * tokens.input + output * tokens.output;
  return {
    call: (input, output, of) =>
      of === undefined && tokens !== undefined ? averaged(input, output) : asked(input, output, of ?? { model }),
    training,
  };
}

function usdOfAnswer({ endpoint, services = [] }: Priced, answer: Asked, base: string | null): number | null {
  const { model, usage, endpoint: asked } = answer;
  if (asked === undefined || asked === endpoint.name)
    return isFree(endpoint) ? 0 : usdOfUsage(priceOf(endpoint.prices, model, base), usage);
  const prices = services.find(({ name }) => name === asked)?.prices ?? null;
  return usdOfUsage(priceOf(prices, model, null), usage);
}

/** The embedded endpoint costs electricity, not dollars. */
function isFree({ kind, prices }: ResolvedProgram['endpoint']): boolean {
  return kind === 'embedded' && prices === null;
}
