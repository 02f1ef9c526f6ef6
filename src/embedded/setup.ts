import type { Home } from '../home/home.ts';
import { openHome } from '../home/private.ts';
import type { ModelFile } from './setup/model.ts';
import { ensureModel } from './setup/model.ts';
import type { SetupOptions } from './setup/progress.ts';
import { ensureRuntime } from './setup/runtime.ts';
import type { TrainerCommand } from './setup/trainer.ts';
import { ensureTrainer } from './setup/trainer.ts';

export interface Setup {
  readonly model: ModelFile;
  readonly trainer: TrainerCommand;
}

/**
 * Sets up everything the embedded endpoint needs, one part after the other: runtime, model, trainer. Idempotent, goes
 * on after an interruption, and asks no network when everything is there.
 *
 * @throws HumanError naming the part that could not be had and what to do.
 */
export async function ensureEmbedded(home: Home, options: SetupOptions = {}): Promise<Setup> {
  openHome(home);
  await ensureRuntime(home, options);
  const model = await ensureModel(home, options);
  const trainer = await ensureTrainer(home, options);
  return { model, trainer };
}
