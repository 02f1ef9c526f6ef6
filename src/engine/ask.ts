/** The LM that a step asks by itself: to reflect on answers, to propose instructions. */
import type { Guide, LmAnswer, LmCall, LmPrompt, Sampling } from '../data/lm.ts';
import { stopped } from './abort.ts';
import { CallRejected } from './errors.ts';
import type { LanguageModel } from './interfaces.ts';
import type { Scope } from './scope.ts';

/** A model by its served name, at an endpoint of the configuration; left out: the run's own. */
export interface AskedModel {
  readonly model: string;
  readonly endpoint?: string;
}

export function askedModel(model: string, endpoint: string | null | undefined): AskedModel {
  return endpoint === null || endpoint === undefined ? { model } : { model, endpoint };
}

/** What a step asks. */
export interface Question {
  readonly prompt: LmPrompt;
  /** Default: the run's base model. */
  readonly of?: AskedModel;
  /** Default: the run's. */
  readonly sampling?: Partial<Sampling>;
  readonly stop?: readonly string[];
  readonly guide?: Guide;
}

/**
 * Asks an LM under the run's memo and cap. The same question asked again within a step is another sample, the same
 * one on every replay; a run of another seed gets samples of its own.
 *
 * @throws CallRejected when this one question cannot be answered, and else as `LanguageModel.complete`: that ends the run.
 */
export type Ask = (question: Question) => Promise<LmAnswer>;

export interface StepLm {
  readonly lm: LanguageModel;
  /** The base model's served name. */
  readonly model: string;
  readonly seed: number;
}

/** @param scope of the step: what it asks counts as the step's, and so does what is not answered. */
export function askFor({ lm, model, seed }: StepLm, scope: Pick<Scope, 'meter' | 'failures' | 'signal'>): Ask {
  const repeats = new Map<string, number>();
  return async (question) => {
    const call = callOf(question, model);
    const identity = JSON.stringify(call);
    const repeat = repeats.get(identity) ?? 0;
    repeats.set(identity, repeat + 1);
    try {
      const answer = await lm.complete(call, { round: seed, repeat }, scope.signal);
      scope.meter.answered(answer);
      return answer;
    } catch (error) {
      if (error instanceof CallRejected) scope.failures.addUnansweredQuestion();
      throw scope.signal.aborted ? stopped(scope.signal) : error;
    }
  };
}

function callOf({ prompt, of, sampling, stop = [], guide }: Question, base: string): LmCall {
  const { model, endpoint } = of ?? { model: base };
  return {
    model,
    ...(endpoint === undefined ? {} : { endpoint }),
    prompt,
    stop,
    ...(guide === undefined ? {} : { guide }),
    ...(sampling === undefined ? {} : { sampling }),
  };
}
