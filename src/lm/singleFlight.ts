import { stopped } from '../engine/abort.ts';

interface Flight<T> {
  readonly promise: Promise<T>;
  readonly controller: AbortController;
  waiters: number;
}

/**
 * One piece of work for identical concurrent callers. Keys are memo keys, which name the rollout: repeats within one
 * program run have keys of their own and are never merged.
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();

  get size(): number {
    return this.#flights.size;
  }

  /**
   * Begins `work`, or joins it where it is under way. A caller that aborts leaves; the work is aborted when the last
   * one left, and a caller that comes then begins again.
   *
   * @returns what the work gave, and whether this caller began it.
   */
  async run(
    key: string,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<{ readonly value: T; readonly leader: boolean }> {
    if (signal.aborted) throw stopped(signal);
    const joined = this.#flights.get(key);
    const flight = joined ?? this.#begin(key, work);
    flight.waiters++;
    return { value: await this.#wait(key, flight, signal), leader: joined === undefined };
  }

  #begin(key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController();
    const promise = work(controller.signal).finally(() => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    });
    const flight: Flight<T> = { promise, controller, waiters: 0 };
    this.#flights.set(key, flight);
    return flight;
  }

  #wait(key: string, flight: Flight<T>, signal: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        reject(stopped(signal));
        if (--flight.waiters > 0) return;
        if (this.#flights.get(key) === flight) this.#flights.delete(key);
        flight.controller.abort(stopped(signal));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      flight.promise.then(resolve, reject).finally(() => {
        signal.removeEventListener('abort', onAbort);
      });
    });
  }
}
