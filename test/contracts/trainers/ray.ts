import { contentHash } from '../../../src/base/contentHash.ts';
import { createRayTrainer } from '../../../src/finetune/ray/rayTrainer.ts';
import { trainerSources } from '../../../src/home/home.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';
import { startFakeRay } from '../../fakes/fakeRay.ts';
import type { TrainingService } from '../trainer.ts';
import { pollSeconds, quick } from './connections.ts';
import { adapterSurroundings } from './served.ts';

/** A Ray cluster's Jobs API, and a server that loads what its jobs leave on the shared disk. */
export async function rayTraining(): Promise<TrainingService> {
  const around = await adapterSurroundings();
  const fake = await startFakeRay();
  const endpoint = defineEndpoint({ name: 'lab.fineTune', baseURL: fake.baseURL, apiKeyEnv: 'RAY_KEY' });
  const print = async (line: object) => {
    const job = fake.jobs.at(-1)!;
    job.status = 'RUNNING';
    job.logs += `(train_fn pid=7) bettertogether: ${JSON.stringify(line)}\n`;
  };
  return {
    connect: () =>
      around.serve(
        createRayTrainer({
          connection: around.connect(endpoint),
          sources: trainerSources(),
          model: 'org/base',
          workers: 1,
          cpusPerWorker: 1,
          gpusPerWorker: 0,
          dtype: 'auto',
          storage: '/shared/adapters',
          sharedFolder: null,
          python: 'python',
          runtimeEnv: {},
          textAsChat: false,
          pollSeconds,
          stallSeconds: 60,
          retry: quick,
        }),
      ),
    started: async () => fake.jobs.length,
    step: (step) => print({ type: 'progress', step, steps: 9, epoch: step / 9, loss: 1 / step }),
    succeed: async () => {
      const job = fake.jobs.at(-1)!;
      const adapter = `/shared/adapters/${job.id}`;
      around.see(adapter);
      await print({ type: 'done', adapter, sha256: contentHash(adapter), trained_tokens: 120 });
      job.status = 'SUCCEEDED';
    },
    fail: async (reason) => {
      const job = fake.jobs.at(-1)!;
      if (reason !== '') await print({ type: 'failed', error: reason });
      job.status = 'FAILED';
    },
    close: async () => {
      await around.close();
      await fake.close();
    },
  };
}
