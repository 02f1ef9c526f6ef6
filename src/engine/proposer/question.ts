/** How a proposer is asked. */
import { askedModel } from '../ask.ts';
import type { AskedModel, Question } from '../ask.ts';
import type { Proposer } from './settings.ts';

/** Who is asked, where it is not the run's base model. */
export function askedOf({ model, endpoint }: Pick<Proposer, 'model' | 'endpoint'>): AskedModel | undefined {
  return model === null ? undefined : askedModel(model, endpoint);
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
