/** LM calls of an optimizer of DSPy's: under the run's memo and cap and the step's limit, counted as the step's. */
import { contentHash } from '../../../base/contentHash.ts';
import { HumanError } from '../../../base/errors.ts';
import type { LmAnswer } from '../../../data/lm.ts';
import { CallRejected } from '../../errors.ts';
import type { StepContext } from '../../optimizer.ts';
import { addressed } from '../../rollout.ts';
import type { Scope } from '../../scope.ts';
import type { CompileCall } from '../../teleprompter.ts';
import type { PaidAnswers } from './paidAnswers.ts';
import type { SizedSettings } from './settings.ts';

export interface CallParts {
  readonly settings: Pick<SizedSettings, 'optimizer' | 'calls' | 'key'>;
  readonly context: Pick<StepContext, 'lm' | 'model'>;
  readonly scope: Pick<Scope, 'meter' | 'failures'>;
  readonly paid: PaidAnswers;
  readonly signal: AbortSignal;
  /** Ends the step: nothing that its code does matters any more. */
  readonly stop: (error: unknown) => void;
}

export class LimitedCalls {
  readonly #parts: CallParts;
  readonly #open = new Set<Promise<unknown>>();
  /** By hash. A call that is asked again gets the same answer, and is no other call. */
  readonly #different = new Set<string>();

  constructor(parts: CallParts) {
    this.#parts = parts;
  }

  /** A call that cannot be answered is the optimizer's to handle; any other failure ends the step. */
  async complete(asked: CompileCall): Promise<LmAnswer> {
    const { scope, stop } = this.#parts;
    const work = this.#complete(asked);
    this.#open.add(work);
    try {
      return await work;
    } catch (error) {
      if (error instanceof CallRejected) scope.failures.addUnansweredQuestion();
      else stop(error);
      throw error;
    } finally {
      this.#open.delete(work);
    }
  }

  /** Waits for calls that are under way, and for what is written of them: what is paid for is to be remembered. */
  async settle(): Promise<void> {
    while (this.#open.size > 0) await Promise.allSettled(this.#open);
    await this.#parts.paid.settled();
  }

  async #complete({ call, metric, sample }: CompileCall): Promise<LmAnswer> {
    const { context, scope, paid, signal, stop } = this.#parts;
    const asked = addressed(call, metric ? 'metric' : 'program', { baseModel: context.model });
    this.#count(contentHash([asked, sample]));
    const { rolloutId, repeat } = sample;
    // As a program run's first try: what it was asked there is not paid for again, here or later.
    const rollout = { round: 0, repeat, ...(rolloutId === null ? {} : { rolloutId }) };
    const answer = await context.lm.complete(asked, rollout, signal);
    scope.meter.answered(answer);
    paid.note(answer).catch(stop);
    return answer;
  }

  #count(identity: string): void {
    const { optimizer, calls: limit, key } = this.#parts.settings;
    if (this.#different.has(identity)) return;
    if (this.#different.size >= limit) {
      throw new HumanError(
        `${optimizer} asks for more than ${limit} LM calls, which is its limit. Raise "${key}.calls" in ` +
          'bettertogether.json: what was answered so far is remembered, and free the next time.',
      );
    }
    this.#different.add(identity);
  }
}
