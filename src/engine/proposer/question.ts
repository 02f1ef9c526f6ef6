/** How a proposer is asked. */
import { askedModel } from '../ask.ts';
import type { AskedModel, Question } from '../ask.ts';
import type { NamedLm } from '../optimizer.ts';
import type { Proposer } from './settings.ts';

/** Who is asked, where it is not the run's base model. */
export function askedOf({ model, endpoint }: Pick<Proposer, 'model' | 'endpoint'>): AskedModel | undefined {
  return model === null ? undefined : askedModel(model, endpoint);
}

/** See `OptimizerSpec.asks`. */
export function lmsOfProposer(proposer: Proposer): readonly NamedLm[] {
  const asked = askedOf(proposer);
  return asked === undefined ? [] : [{ ...asked, setting: 'proposer' }];
}

/** @param content the whole prompt. */
export function questionOf(content: string, proposer: Proposer): Question {
  const { temperature, maxTokens } = proposer;
  const of = askedOf(proposer);
  return {
    prompt: { kind: 'chat', messages: [{ role: 'user', content }] },
    sampling: { temperature, maxTokens },
    ...(of === undefined ? {} : { of }),
  };
}
