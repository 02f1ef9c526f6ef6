import type { BudgetGate, Cost, Reservation } from '../engine/budget.ts';

/** Room under the cap for the attempts of one request, which are made one after the other. */
export class AttemptBudget {
  readonly #gate: BudgetGate;
  readonly #worst: Cost;
  #held: Reservation | null = null;

  constructor(gate: BudgetGate, worst: Cost) {
    this.#gate = gate;
    this.#worst = worst;
  }

  /** Before each attempt. One that was never charged leaves its room to the next. */
  async take(signal: AbortSignal): Promise<void> {
    this.#held ??= await this.#gate.reserve(this.#worst, signal);
  }

  /**
   * The attempt was cut off: it may have been answered, and charged, all the same. It counts at its worst, whatever
   * comes of the next one, which needs room of its own.
   */
  lost(): void {
    this.answered({ inputTokens: null, outputTokens: null, usd: null });
  }

  answered(actual: Parameters<Reservation['settle']>[0]): void {
    this.#held?.settle(actual);
    this.#held = null;
  }

  /** No attempt is made any more. */
  close(): void {
    this.#held?.release();
    this.#held = null;
  }
}
