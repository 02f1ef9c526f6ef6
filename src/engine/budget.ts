import { stopped } from './abort.ts';
import { BudgetExhausted } from './errors.ts';

/**
 * What something may cost at worst, or did cost. `tokens` are those of calls or those trained on; `usd` is `null` where no
 * price is known.
 */
export interface Cost {
  readonly calls: number;
  readonly tokens: number;
  readonly usd: number | null;
}

/** Held for one call while it is in flight. Exactly one of the two is called, once. */
export interface Reservation {
  /** The call was answered (and so was paid for). What the endpoint did not report is charged at its worst. */
  settle(actual: {
    readonly inputTokens: number | null;
    readonly outputTokens: number | null;
    readonly usd: number | null;
  }): void;
  /** The call was not made. */
  release(): void;
}

export interface BudgetGate {
  /**
   * Holds `worst` until it is settled. Waits for calls in flight when it does not fit now.
   * @throws BudgetExhausted when it does not fit and nothing is in flight.
   */
  reserve(worst: Cost, signal: AbortSignal): Promise<Reservation>;
}

/** A gate that also takes what is owed whether or not it fits: a training job that was sent. */
export interface ChargingGate extends BudgetGate {
  /** Once for each job (its id) over all sessions of the run. */
  charge(job: string, cost: Cost): void;
}

/** Keeps what is held and paid where a killed process leaves it, for the next session to go on from. */
export interface SpendLedger {
  /**
   * Resolves when it outlives the process: the call is sent after that. A training job is not held here: its intent is in
   * the memo, and who adopts it pays.
   */
  hold(call: number, worst: Cost): Promise<void>;
  /** What the call cost; `null`: it was not made. */
  settle(call: number, cost: Cost | null): void;
  /** `false`: an earlier session charged the job. */
  charge(job: string, cost: Cost): boolean;
}

/** For work that is over with its process. */
const noLedger: SpendLedger = { hold: () => Promise.resolve(), settle: () => undefined, charge: () => true };

/** Upper limits over a run and all its resumes; `null`: no limit. */
export interface Caps {
  readonly calls: number | null;
  readonly tokens: number | null;
  readonly usd: number | null;
}

interface Waiter {
  readonly worst: Cost;
  readonly admit: (reservation: Promise<Reservation>) => void;
  readonly refuse: (error: Error) => void;
}

const caps = ['calls', 'tokens', 'usd'] as const;
type Cap = (typeof caps)[number];

const shown = (key: Cap, value: number): string => (key === 'usd' ? `$${value.toFixed(4)}` : String(value));

/** The cap on a run: what is spent and what is in flight never exceed it together. */
export class Budget implements ChargingGate {
  readonly #caps: Caps;
  readonly #ledger: SpendLedger;
  #spent: { calls: number; tokens: number; usd: number };
  #held = { calls: 0, tokens: 0, usd: 0 };
  #inFlight = 0;
  #holds = 0;
  #waiters: Waiter[] = [];

  /** @param spent by earlier sessions of the run. */
  constructor(
    caps: Caps,
    spent: { readonly calls: number; readonly tokens: number; readonly usd: number },
    ledger: SpendLedger = noLedger,
  ) {
    this.#caps = caps;
    this.#spent = { ...spent };
    this.#ledger = ledger;
  }

  /** What was paid so far, earlier sessions of the run included. */
  get spent(): { readonly calls: number; readonly tokens: number; readonly usd: number } {
    return { ...this.#spent };
  }

  charge(job: string, cost: Cost): void {
    if (!this.#ledger.charge(job, cost)) return;
    const { calls, tokens, usd } = cost;
    this.#spent.calls += calls;
    this.#spent.tokens += tokens;
    this.#spent.usd += usd ?? 0;
  }

  /** For what costs by the time, between calls. @throws BudgetExhausted once more is spent than a cap allows. */
  checkSpent(): void {
    for (const key of caps) {
      const cap = this.#caps[key];
      if (cap !== null && this.#spent[key] > cap) throw new BudgetExhausted(`${this.#spentOf(key)} spent.`, key);
    }
  }

  async reserve(worst: Cost, signal: AbortSignal): Promise<Reservation> {
    const reservation = await this.#admitted(worst, signal);
    if (!signal.aborted) return reservation;
    reservation.release();
    throw stopped(signal);
  }

  async #admitted(worst: Cost, signal: AbortSignal): Promise<Reservation> {
    if (signal.aborted) throw stopped(signal);
    if (this.#waiters.length === 0 && this.#fits(worst)) return this.#hold(worst);
    if (this.#inFlight === 0) throw this.#exhausted(worst);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        worst,
        admit: (reservation) => {
          signal.removeEventListener('abort', onAbort);
          resolve(reservation);
        },
        refuse: (error) => {
          signal.removeEventListener('abort', onAbort);
          reject(error);
        },
      };
      const onAbort = () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        reject(stopped(signal));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiters.push(waiter);
    });
  }

  /** It is held when this returns, and in the ledger when that resolves. */
  async #hold(worst: Cost): Promise<Reservation> {
    const id = ++this.#holds;
    const reservation = this.#reservation(id, worst);
    if (worst.calls === 0) return reservation;
    try {
      await this.#ledger.hold(id, worst);
      return reservation;
    } catch (error) {
      reservation.release();
      throw error;
    }
  }

  #reservation(id: number, worst: Cost): Reservation {
    this.#held.calls += worst.calls;
    this.#held.tokens += worst.tokens;
    this.#held.usd += worst.usd ?? 0;
    this.#inFlight++;
    let open = true;
    const close = (actual: { calls: number; tokens: number; usd: number } | null) => {
      if (!open) return;
      open = false;
      if (worst.calls > 0) this.#ledger.settle(id, actual);
      this.#held.calls -= worst.calls;
      this.#held.tokens -= worst.tokens;
      this.#held.usd -= worst.usd ?? 0;
      this.#inFlight--;
      if (actual !== null) {
        this.#spent.calls += actual.calls;
        this.#spent.tokens += actual.tokens;
        this.#spent.usd += actual.usd;
      }
      this.#admitWaiters();
    };
    return {
      settle: ({ inputTokens, outputTokens, usd }) => {
        const known = inputTokens !== null && outputTokens !== null;
        close({
          calls: worst.calls,
          tokens: known ? inputTokens + outputTokens : worst.tokens,
          usd: usd ?? worst.usd ?? 0,
        });
      },
      release: () => {
        close(null);
      },
    };
  }

  #admitWaiters(): void {
    let next = this.#waiters[0];
    while (next !== undefined && this.#fits(next.worst)) {
      this.#waiters.shift();
      next.admit(this.#hold(next.worst));
      next = this.#waiters[0];
    }
    if (this.#inFlight > 0) return;
    const refused = this.#waiters;
    this.#waiters = [];
    for (const waiter of refused) waiter.refuse(this.#exhausted(waiter.worst));
  }

  #fits(worst: Cost): boolean {
    return this.#firstOverrun(worst) === null;
  }

  #firstOverrun(worst: Cost): Cap | null {
    for (const key of caps) {
      const cap = this.#caps[key];
      if (cap !== null && this.#spent[key] + this.#held[key] + (worst[key] ?? 0) > cap) return key;
    }
    return null;
  }

  #exhausted(worst: Cost): BudgetExhausted {
    const key = this.#firstOverrun(worst) ?? 'calls';
    const what = this.#spentOf(key);
    // One call is always one more: nothing new is said by it.
    if (key === 'calls') return new BudgetExhausted(`${what} spent.`, key);
    const next = worst.calls === 0 ? 'training job' : 'call';
    return new BudgetExhausted(
      `${what} spent, and the next ${next} may take ${shown(key, worst[key] ?? 0)} more.`,
      key,
    );
  }

  #spentOf(key: Cap): string {
    const [spent, cap] = [shown(key, this.#spent[key]), shown(key, this.#caps[key] ?? 0)];
    return key === 'usd' ? `${spent} of ${cap} is` : `${spent} of ${cap} ${key} are`;
  }
}
