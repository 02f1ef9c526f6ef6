import { withFurtherKeys, type LmRequest } from '../wire/requestBody.ts';
import type { Endpoint } from './endpoint.ts';

/** How often patience is halved at most: from two minutes to four seconds. */
const halvingsAtMost = 5;

/**
 * What the calls to one model say of each other. A call that fails while others are answered fails by itself; and where
 * that has happened before, the next one is not waited for as long, unless waiting has helped others.
 */
export class OtherCalls {
  #answeredAt = -Infinity;
  #givenUp = 0;
  #longestRecovery = 0;

  /** @param recovery seconds from the first failure of this call to its answer; `null` where it did not fail. */
  answered(recovery: number | null): void {
    this.#answeredAt = performance.now();
    this.#longestRecovery = Math.max(this.#longestRecovery, recovery ?? 0);
  }

  /** A call was given up while others were answered. */
  gaveUp(): void {
    this.#givenUp++;
  }

  /** @param time of `performance.now()`. */
  answeredSince(time: number): boolean {
    return this.#answeredAt > time;
  }

  /**
   * Seconds that a call is waited for which may be at fault itself.
   *
   * @param long seconds as they are set.
   */
  patience(long: number): number {
    const short = long / 2 ** Math.min(this.#givenUp, halvingsAtMost);
    return Math.min(long, Math.max(short, 4 * this.#longestRecovery));
  }
}

/** Asks the same model for next to nothing: whether it answers at all. */
export function plainQuestion({ path, body }: LmRequest, further: Endpoint['request']): LmRequest {
  const model = body['model'] ?? null;
  const question = 'Are you there?';
  const tokensKey = 'max_completion_tokens' in body ? 'max_completion_tokens' : 'max_tokens';
  const plain =
    path === '/completions'
      ? { model, prompt: question, max_tokens: 1 }
      : { model, messages: [{ role: 'user', content: question }], [tokensKey]: 16 };
  const streamed = body['stream'] === true ? { stream: true } : {};
  return { path, body: { ...withFurtherKeys(plain, further), ...streamed }, leftOut: [], unsent: {} };
}
