import { placeText } from '../base/placeText.ts';
import { HumanError, placeMend } from '../base/errors.ts';
import type { ProgramOutcome } from '../data/trace.ts';
import { EndpointUnavailable } from './errors.ts';
import type { ReadingTally } from './runMemory.ts';
import type { UsageMeter } from './usage.ts';

/** One piece of a run that is accounted for on its own: a step, or an evaluation. */
export interface Scope {
  /** The prefix of the strategy that the work belongs to. */
  readonly prefix: string;
  readonly meter: UsageMeter;
  readonly failures: FailureTally;
  /** What its program runs read. */
  readonly readings: ReadingTally;
  readonly signal: AbortSignal;
}

/** Rows after which a metric that failed on every one of them is broken: the rows behind them need not be paid for. */
const rowsOfBrokenMetric = 20;

/** Of all rows, and their number, for which a metric may give numbers far outside of `metricRange`: judges slip. */
const outsideByChance = 0.25;
const slipsAtMost = 2;

/**
 * Notices when every row of a step ends in the very same error of the user's code, or in any error of the metric: then
 * the score is not 0, the code is broken (DSPy would report 0.0: dspy/teleprompt/utils.py, `eval_candidate_program`).
 * The same of a metric whose scale is clearly not that of `metricRange`: its right answers would be the rows that fail.
 */
export class FailureTally {
  #runs = 0;
  #pattern: string | null = null;
  #first = '';
  #alike = 0;
  #inMetric = 0;
  readonly #range: readonly [number, number];
  /** Rows for which the metric returned a number farther outside of the range than the range is wide. */
  #farOutside = 0;
  /** Of the range and all that was returned outside of it. */
  #least: number;
  #most: number;
  #firstOutside = '';
  #where = '';
  #mends: HumanError['mends'] = [];
  #unsettled = 0;
  #unanswered = 0;

  /** @param metricRange the smallest and the largest number that the metric may return */
  constructor(metricRange: readonly [number, number]) {
    this.#range = metricRange;
    [this.#least, this.#most] = metricRange;
  }

  /** Nothing failed for a reason that may be gone the next time. */
  get allSettled(): boolean {
    return this.#unsettled === 0;
  }

  /** A question of the step's own was not answered. */
  addUnansweredQuestion(): void {
    this.#unsettled++;
  }

  /** `settled`: running the row again would give the same; `unanswered`: the endpoint answered others and not this one. */
  add(
    { error }: Pick<ProgramOutcome, 'error'>,
    { settled, unanswered }: { readonly settled: boolean; readonly unanswered: boolean },
  ): void {
    this.#runs++;
    if (!settled) this.#unsettled++;
    if (unanswered) this.#unanswered++;
    if (error === undefined || error.kind === 'parse') return;
    if (error.returned !== undefined) {
      if (this.#isFar(error.returned) && this.#farOutside++ === 0)
        this.#firstOutside = `${error.kind}: ${error.message}`;
      this.#least = Math.min(this.#least, error.returned);
      this.#most = Math.max(this.#most, error.returned);
    }
    if (error.kind === 'metric') this.#inMetric++;
    // Numbers aside: "row 3: …" and "row 4: …" are one error.
    const pattern = `${error.kind}: ${error.message}`.replaceAll(/\d+/g, '#');
    if (this.#pattern === null) {
      this.#pattern = pattern;
      this.#mends = placeMend(error.file, error.line, error.cell);
      this.#first = `${error.kind}: ${error.message}`;
      this.#where = error.file === undefined ? '' : ` (${placeText({ ...error, file: error.file })})`;
    }
    if (pattern === this.#pattern) this.#alike++;
  }

  /** @throws HumanError with the error that all rows have in common; EndpointUnavailable when none was answered. */
  throwIfAllAlike(what: string): void {
    if (this.#runs === 0) return;
    // Services put an id of the request into each message: those are never alike.
    if (this.#unanswered === this.#runs) {
      const none = this.#runs === 1 ? 'its only row was not answered' : `none of ${this.#runs} rows was answered`;
      throw new EndpointUnavailable(`${what}: ${none}.\n${this.#first}`);
    }
    // What a metric returned or stumbled on differs from row to row: that it never gives a score does not.
    if (this.#alike < this.#runs && this.#inMetric < this.#runs) {
      this.#throwIfOutside(`${what}: `);
      return;
    }
    const how = this.#alike < this.#runs ? 'in the metric' : 'with the same error';
    const all = this.#runs === 1 ? 'its only row failed' : `all ${this.#runs} rows failed ${how}`;
    throw new HumanError(`${what}: ${all}, so there is nothing to learn from.\n` + `${this.#first}${this.#where}`, {
      mends: this.#mends,
    });
  }

  /** @throws HumanError once the metric failed on each of the first rows, whatever the reasons. */
  throwIfMetricIsBroken(): void {
    if (this.#runs < rowsOfBrokenMetric) return;
    if (this.#inMetric < this.#runs) {
      this.#throwIfOutside('');
      return;
    }
    throw new HumanError(
      `The metric failed on each of the first ${this.#runs} rows, so the others are not run.\n` +
        `${this.#first}${this.#where}`,
      { mends: this.#mends },
    );
  }

  #isFar(returned: number): boolean {
    const [low, high] = this.#range;
    return Math.max(low - returned, returned - high) > high - low;
  }

  #throwIfOutside(what: string): void {
    if (this.#farOutside <= Math.max(slipsAtMost, outsideByChance * this.#runs)) return;
    throw new HumanError(
      `${what}the metric returned a number far outside of "metricRange" for ${this.#farOutside} of ${this.#runs} rows, ` +
        `which are not scored, so the score says nothing. Set "metricRange" in bettertogether.json to the smallest and ` +
        `the largest number that the metric may return (here from ${this.#least} to ${this.#most}), or divide there.\n` +
        this.#firstOutside,
    );
  }
}
