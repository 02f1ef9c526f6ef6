import type { LmAnswer, LmCall, Rollout } from '../data/lm.ts';
import type { AskedModel } from './ask.ts';
import { CallUnanswered, givesNoResult } from './errors.ts';
import type { CallLm, LanguageModel } from './interfaces.ts';

export interface RolloutOptions {
  /** 0 for the first try, then one more for each retry of the example (DSPy's `max_rounds`). */
  readonly round: number;
  /** Sampling temperature of retry rounds. */
  readonly roundTemperature: number;
  /** What the metric's own calls go to: never a tuned model. */
  readonly baseModel: string;
  /** See `RunTask.asks`. */
  readonly asks?: AskedModel;
  readonly signal: AbortSignal;
  readonly onAnswer: (answer: LmAnswer) => void;
}

export interface RolloutLm {
  readonly call: CallLm;
  /** An error that means this program run has no result, whatever the user's code made of it. */
  readonly fatal: () => Error | null;
  /** A call that the endpoint did not answer while it answered others: whatever came of it may be gone the next time. */
  readonly unanswered: () => CallUnanswered | null;
}

/**
 * The LM of one program run. It numbers identical calls within the run, so that a program that asks the same thing
 * twice to vote gets two answers, the same two on every replay.
 */
export function rolloutLm(lm: LanguageModel, options: RolloutOptions): RolloutLm {
  const repeats = new Map<string, number>();
  let fatal: Error | null = null;
  let unanswered: CallUnanswered | null = null;
  return {
    fatal: () => fatal,
    unanswered: () => unanswered,
    call: async (asked: LmCall, purpose = 'program') => {
      const call = addressed(asked, purpose, options);
      // One predictor renders a call the same way each time, so plain JSON identifies equal ones.
      const identity = JSON.stringify(call);
      const repeat = repeats.get(identity) ?? 0;
      repeats.set(identity, repeat + 1);
      try {
        const answer = await lm.complete(call, rolloutOf(options, repeat, purpose), options.signal);
        options.onAnswer(answer);
        return answer;
      } catch (error) {
        if (givesNoResult(error)) fatal ??= error;
        if (error instanceof CallUnanswered) unanswered ??= error;
        throw error;
      }
    },
  };
}

/** Where a call goes: an LM that its author named takes it in any case. */
export function addressed(
  asked: LmCall,
  purpose: 'program' | 'metric',
  { baseModel, asks }: Pick<RolloutOptions, 'baseModel' | 'asks'>,
): LmCall {
  if (asked.authors === true) return asked;
  if (purpose === 'metric') return { ...asked, model: baseModel };
  return asks === undefined ? asked : { ...asked, ...asks };
}

function rolloutOf(options: RolloutOptions, repeat: number, purpose: 'program' | 'metric'): Rollout {
  if (options.round === 0 || purpose === 'metric') return { round: 0, repeat };
  return { round: options.round, repeat, temperature: options.roundTemperature };
}
