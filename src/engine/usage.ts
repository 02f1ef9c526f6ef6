import type { LmAnswer } from '../data/lm.ts';
import type { Usage } from '../protocol.ts';

/** US dollars of an answer or a training job; `null` where no price is known. */
export interface Prices {
  ofAnswer(answer: LmAnswer): number | null;
  ofTraining(model: string, tokens: number): number | null;
}

/** Adds up what calls cost. One for the run, one for each step. */
export class UsageMeter {
  #calls = 0;
  #cached = 0;
  #inputTokens: number | null = 0;
  #outputTokens: number | null = 0;
  #usd: number | null = 0;
  readonly #prices: Prices;

  constructor(prices: Prices, earlier?: Usage) {
    this.#prices = prices;
    if (earlier === undefined) return;
    this.#calls = earlier.calls;
    this.#cached = earlier.cached;
    this.#inputTokens = earlier.inputTokens;
    this.#outputTokens = earlier.outputTokens;
    this.#usd = earlier.usd;
  }

  answered(answer: LmAnswer): void {
    if (answer.cached) {
      this.#cached++;
      return;
    }
    this.#calls++;
    this.#inputTokens = plus(this.#inputTokens, answer.usage?.inputTokens ?? null);
    this.#outputTokens = plus(this.#outputTokens, answer.usage?.outputTokens ?? null);
    this.#usd = plus(this.#usd, this.#prices.ofAnswer(answer));
  }

  /** Calls that a remembered program run did not have to make. */
  recalled(calls: number): void {
    this.#cached += calls;
  }

  /** A training job's price; `null`: unknown, and so is the sum. */
  trained(usd: number | null): void {
    this.#usd = plus(this.#usd, usd);
  }

  snapshot(): Usage {
    return {
      calls: this.#calls,
      cached: this.#cached,
      inputTokens: this.#inputTokens,
      outputTokens: this.#outputTokens,
      usd: this.#usd,
    };
  }
}

/** A sum with one unknown in it is unknown. */
function plus(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}
