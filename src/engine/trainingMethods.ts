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
 * @throws UsageError where a step of the strategy trains on what the back end does not take, or goes on where that begins anew.
 */
export function requireMethods(
  strategy: readonly Pick<Step, 'name' | 'changes' | 'trains'>[],
  { methods = ['supervised'], continues = true }: Pick<Trainer, 'methods'> & Partial<Pick<Trainer, 'continues'>>,
): void {
  const weights = strategy.filter(({ changes }) => changes === 'weights');
  // A policy goes on from each of its updates, and preferences are those of the weights before.
  const stranded = continues
    ? undefined
    : weights.find(({ trains }, at) => trains === 'grpo' || (trains === 'dpo' && at > 0));
  if (stranded !== undefined) throw new UsageError(beginsAnew(stranded.name));
  const step = weights.find(({ trains }) => !methods.includes(trains));
  if (step === undefined) return;
  throw new UsageError(
    `Step "${step.name}" trains on ${words[step.trains]}, which the endpoint's training service does not take: it takes ` +
      `${methods.map((method) => words[method]).join(' and ')}. Leave the step out of the strategy, or name another service ` +
      'under "fineTune" (docs/training-back-ends.md says which takes what).',
  );
}

function beginsAnew(step: string): string {
  return (
    `Step "${step}" goes on from the weights before it, and each job of the endpoint's training service begins from the base ` +
    'model. Leave the step out of the strategy, or name a service under "fineTune" that goes on (a "command" does with ' +
    '"parentArguments").'
  );
}
