import type { Home } from '../home/home.ts';
import { openHome } from '../home/private.ts';
import { servedForm } from './forms/servedForm.ts';
import type { ModelFile } from './setup/model.ts';
import { ensureModel, isModelThere } from './setup/model.ts';
import type { SetupOptions } from './setup/progress.ts';
import { ensureRuntime, isRuntimeThere } from './setup/runtime.ts';
import type { TrainerCommand } from './setup/trainer.ts';
import { ensureTrainer, isTrainerThere } from './setup/trainer.ts';

export interface Setup {
  readonly model: ModelFile;
  readonly trainer: TrainerCommand;
}

/**
 * Sets up everything the embedded endpoint needs: runtime and model, then the form that the model is served in, and beside
 * them the trainer, which is mostly waited for. Idempotent, goes on after an interruption, and asks no network when
 * everything is there.
 *
 * @throws HumanError naming the part that could not be had and what to do.
 */
export async function ensureEmbedded(home: Home, options: SetupOptions = {}): Promise<Setup> {
  openHome(home);
  const [model, trainer] = await together(
    options,
    async (beside) => {
      const [given] = await Promise.all([ensureModel(home, beside), ensureRuntime(home, beside)]);
      return await servedForm(home, given, beside);
    },
    (beside) => ensureTrainer(home, beside),
  );
  return { model, trainer };
}

export type SetupPart = 'model' | 'runtime' | 'trainer';

/** What of the set-up is there. Installs nothing and asks no network. */
export async function lookAtEmbedded(home: Home): Promise<Readonly<Record<SetupPart, boolean>>> {
  const [model, runtime, trainer] = await Promise.all([isModelThere(home), isRuntimeThere(home), isTrainerThere(home)]);
  return { model, runtime, trainer };
}

/** Both at once. Where one fails the other is stopped, and has stopped when the error is thrown. */
async function together<A, B>(
  options: SetupOptions,
  first: (options: SetupOptions) => Promise<A>,
  second: (options: SetupOptions) => Promise<B>,
): Promise<[A, B]> {
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const ends = (error: unknown): never => {
    failed.abort(error);
    throw error;
  };
  const both = [first({ ...options, signal }).catch(ends), second({ ...options, signal }).catch(ends)] as const;
  await Promise.allSettled(both);
  options.signal?.throwIfAborted();
  failed.signal.throwIfAborted();
  return await Promise.all(both);
}
