import type { HumanError } from '../base/errors.ts';
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
  #everyRefused: Promise<HumanError | null> | null = null;

  /** @param recovery seconds from the first failure of this call to its answer; `null` where it did not fail. */
  answered(recovery: number | null): void {
    this.#answeredAt = performance.now();
    this.#longestRecovery = Math.max(this.#longestRecovery, recovery ?? 0);
  }

  /**
   * Why every call is refused, now that one was: looked at once, where none was answered yet. `null`: not every one is.
   *
   * @param ask asks for something plain; it resolves to why that is refused too, and rejects where that is not known.
   */
  async whyEveryIsRefused(ask: () => Promise<HumanError | null>): Promise<HumanError | null> {
    if (this.#answeredAt > -Infinity) return null;
    this.#everyRefused ??= ask().catch((error: unknown) => {
      this.#everyRefused = null;
      throw error;
    });
    return this.#everyRefused;
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
  const tokensKey = 'max_completion_tokens' in body ? 'max_completion_tokens' : 'max_tokens';
  const plain =
    path === '/completions'
      ? { model, prompt: question, max_tokens: 1 }
      : { model, messages: [{ role: 'user', content: question }], [tokensKey]: 16 };
  const streamed = body['stream'] === true ? { stream: true } : {};
  return { path, body: { ...withFurtherKeys(plain, further), ...streamed }, leftOut: [], unsent: {} };
}

/** The same request of a prompt that nothing can be said against: what is still refused is refused of every call. */
export function samePlainly({ path, body }: LmRequest, further: Endpoint['request']): LmRequest {
  const prompt = path === '/completions' ? { prompt: question } : { messages: [{ role: 'user', content: question }] };
  const kept = Object.entries(body).filter(([key]) => !ofPrompt.has(key));
  return { path, body: withFurtherKeys({ ...Object.fromEntries(kept), ...prompt }, further), leftOut: [], unsent: {} };
}

const question = 'Are you there?';
/** What goes with a prompt. */
const ofPrompt = new Set([
  ...['prompt', 'messages', 'continue_final_message', 'add_generation_prompt'],
  ...['response_format', 'structured_outputs'],
]);
