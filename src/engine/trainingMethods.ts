import { UsageError } from '../base/errors.ts';
import type { TrainingMethod } from '../data/trainingSet.ts';
import type { Trainer } from './interfaces.ts';
import type { Step } from './optimizer.ts';

const words: Readonly<Record<TrainingMethod, string>> = {
  supervised: 'answers to imitate',
  dpo: 'pairs of answers',
  grpo: 'answers with rewards',
};

/**
 * Before anything is paid for.
 *
 * @throws UsageError where a step of the strategy trains on what the back end does not take.
 */
export function requireMethods(
  strategy: readonly Pick<Step, 'name' | 'changes' | 'trains'>[],
  { methods = ['supervised'] }: Pick<Trainer, 'methods'>,
): void {
  const step = strategy.find(({ changes, trains }) => changes === 'weights' && !methods.includes(trains));
  if (step === undefined) return;
  throw new UsageError(
    `Step "${step.name}" trains on ${words[step.trains]}, which the endpoint's training service does not take: it takes ` +
      `${methods.map((method) => words[method]).join(' and ')}. Leave the step out of the strategy, or name another service ` +
      'under "fineTune" (docs/training-back-ends.md says which takes what).',
  );
}
