import { expect } from 'vitest';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';
import { startFakeEmbedded } from '../../fakes/fakeEmbedded.ts';
import type { TrainingService } from '../trainer.ts';
import { connections } from './connections.ts';
import { openAiTrainer } from './openai.ts';

/** The embedded endpoint, of which only the Python that trains is played. */
export async function embeddedTraining(): Promise<TrainingService> {
  const { home, baseURL, worker, store, close } = await startFakeEmbedded();
  const settings = { name: 'embedded', baseURL, modelFile: 'abc', tokenFile: home.token };
  const { connect, closeAll } = connections();
  /** The latest job, once it is being trained. */
  const current = async () => {
    const [latest] = await store.list();
    await expect.poll(() => worker.started.at(-1)).toBe(latest!.id);
    return latest!;
  };
  return {
    connect: () => openAiTrainer('embedded', connect(defineEndpoint(settings))),
    started: async () => (await store.list()).length,
    step: async (step) => {
      worker.step((await current()).id, step, 9);
    },
    succeed: async () => {
      worker.end(await current(), { end: 'done', trainedTokens: 120, loss: 0.5 });
    },
    fail: async (error) => {
      worker.end(await current(), { end: 'failed', error });
    },
    close: async () => {
      await closeAll();
      await close();
    },
  };
}
