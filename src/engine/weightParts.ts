import { HumanError } from '../base/errors.ts';
import type { Trainer } from './interfaces.ts';
import type { Skipped, StepContext } from './optimizer.ts';

/** What a step that changes weights works with. */
export type WeightParts = StepContext & { readonly trainer: Trainer };

/** @throws HumanError where nothing is set up that trains. */
export function weightParts(context: StepContext): WeightParts | Skipped {
  const { trainer, tuned } = context;
  if (trainer === null) throw new HumanError('The strategy has a weight step, but no fine-tune endpoint is set up.');
  if (tuned.length === 0) return { skipped: 'nothing to train: every predictor has an LM of its own' };
  return { ...context, trainer };
}
