import type { Example } from '../../../data/program.ts';
import { PythonRandom } from '../../pythonRandom.ts';
import type { GrpoSettings } from './settings.ts';

/** An example of an update. */
export interface Drawn {
  readonly example: Example;
  /** How often it was drawn before: its rollouts are other samples each time, also of weights that stayed the same. */
  readonly epoch: number;
}

/** The examples of each update: all of them in an order of its own for each epoch, the same for a seed. */
export function drawsOf(
  examples: readonly Example[],
  { updates, examplesPerUpdate }: Pick<GrpoSettings, 'updates' | 'examplesPerUpdate'>,
  seed: number,
): readonly (readonly Drawn[])[] {
  const random = new PythonRandom(seed);
  const epochs = Math.ceil((updates * examplesPerUpdate) / examples.length);
  const all = Array.from({ length: epochs }, (_, epoch) =>
    random.shuffle(examples).map((example): Drawn => ({ example, epoch })),
  ).flat();
  return Array.from({ length: updates }, (_, update) =>
    all.slice(update * examplesPerUpdate, (update + 1) * examplesPerUpdate),
  );
}
