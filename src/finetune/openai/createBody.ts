import type { TrainingMethod } from '../../data/trainingSet.ts';
import type { TrainingJob } from '../../engine/interfaces.ts';
import { methodHyperParameters, methodsOf, wireHyperParameters, type TrainerProfile } from '../base/hyperParameters.ts';
import { withKeys } from '../base/furtherKeys.ts';
import type { Keys } from '../base/furtherKeys.ts';
import { suffixOf } from '../base/jobMark.ts';
import { hashKey } from './jobMark.ts';

/** Where hyper-parameters are in a job: OpenAI's current place, or the one that older servers know alone. */
export type BodyForm = 'method' | 'hyperparameters';

/** What a service learns from; the older place says no method. @param form left out: the current one is tried. */
export function methodsIn(form: BodyForm | undefined, profile: TrainerProfile): readonly TrainingMethod[] {
  return form === 'hyperparameters' ? ['supervised'] : methodsOf(profile);
}

export interface BodyOptions {
  readonly profile: TrainerProfile;
  /** The base model's name at the endpoint and, where the service knows it under another one, at the service. */
  readonly base?: { readonly served: string; readonly trainedAs: string } | undefined;
  /** More hyper-parameters and more keys of the job, as the user wrote them; `null` leaves one of ours out. */
  readonly hyperParameters?: Keys | undefined;
  readonly extra?: Keys | undefined;
}

export interface CreateBody {
  readonly model: string;
  readonly body: Keys;
  /** Settings of ours that are not sent. */
  readonly leftOut: readonly string[];
}

/**
 * The body of `POST /fine_tuning/jobs`. The older place of hyper-parameters says no method: what is not supervised is
 * sent in the current one.
 */
export function createBody(job: TrainingJob, file: string, form: BodyForm, options: BodyOptions): CreateBody {
  const { profile, base, hyperParameters = {}, extra = {} } = options;
  const { fields, leftOut } = wireHyperParameters(job.hyperParameters, profile);
  const { method } = job.set;
  const all =
    method === 'supervised' ? withKeys(fields, hyperParameters) : { ...fields, ...methodHyperParameters(job.set) };
  const model = job.parent === base?.served ? base.trainedAs : job.parent;
  const ours: Keys = {
    model,
    training_file: file,
    suffix: suffixOf(job.hash),
    metadata: { [hashKey]: job.hash },
    seed: job.hyperParameters.seed,
    ...(form === 'method' || method !== 'supervised'
      ? { method: { type: method, [method]: { hyperparameters: all } } }
      : { hyperparameters: all }),
  };
  return { model, body: withKeys(ours, method === 'supervised' ? extra : withoutMethod(extra)), leftOut };
}

/** What was written of hyper-parameters is meant for fine-tuning, and must not make another job of this one. */
function withoutMethod(extra: Keys): Keys {
  return Object.fromEntries(Object.entries(extra).filter(([key]) => !['method', 'hyperparameters'].includes(key)));
}

/** Whether a service turned a job away because it does not know the current place of hyper-parameters. */
export function asksForOlderForm(said: string): boolean {
  return /\bmethod\b|extra (inputs|fields)|(unknown|unexpected|unrecognized|additional) (key|field|parameter|argument|propert)/i.test(
    said,
  );
}
