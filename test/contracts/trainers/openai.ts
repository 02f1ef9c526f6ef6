import type { Trainer } from '../../../src/engine/interfaces.ts';
import type { TrainerProfile } from '../../../src/finetune/base/hyperParameters.ts';
import { createOpenAiTrainer } from '../../../src/finetune/openai/openaiTrainer.ts';
import type { Connection } from '../../../src/lm/connection.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';
import { adaptersOf } from '../../../src/finetune/serving/folderModels.ts';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { secret } from '../trainer.ts';
import type { TrainingService } from '../trainer.ts';
import { connections, pollSeconds, quick } from './connections.ts';
import { adapterSurroundings } from './served.ts';

/** A service of the OpenAI wire; its jobs take a step whenever they are asked for. */
export async function openAiTraining(): Promise<TrainingService> {
  const fake = await startFakeEndpoint({ apiKey: secret, fineTuning: { polls: Number.MAX_SAFE_INTEGER } });
  const { connect, closeAll } = connections();
  const settings = { name: 'lab', baseURL: fake.baseURL, apiKeyEnv: 'LAB_KEY' };
  return {
    connect: () => openAiTrainer('openai', connect(defineEndpoint(settings))),
    started: async () => fake.jobs.length,
    step: () => Promise.resolve(),
    succeed: async () => {
      fake.setFineTuning({ polls: 0 });
    },
    fail: async (reason) => {
      fake.setFineTuning({ polls: 0, failWith: reason });
    },
    close: async () => {
      await closeAll();
      await fake.close();
    },
  };
}

/** A service that names folders as its tuned models: a server loads what lies in them. */
export async function folderTraining(): Promise<TrainingService> {
  const around = await adapterSurroundings();
  const modelsIn = '/models/tuned';
  const fineTuning = { polls: Number.MAX_SAFE_INTEGER, modelsIn };
  const fake = await startFakeEndpoint({ apiKey: secret, fineTuning });
  const settings = { name: 'lab.fineTune', baseURL: fake.baseURL, apiKeyEnv: 'LAB_KEY' };
  return {
    connect: () => {
      const trainer = openAiTrainer('openai', around.connect(defineEndpoint(settings)));
      return around.serve(adaptersOf(trainer, 'endpoints.lab.fineTune'));
    },
    started: async () => fake.jobs.length,
    step: () => Promise.resolve(),
    succeed: async () => {
      fake.setFineTuning({ polls: 0, modelsIn });
      const { id } = fake.jobs.at(-1)!;
      await fetch(`${fake.baseURL}/fine_tuning/jobs/${id}`, { headers: { authorization: `Bearer ${secret}` } });
      around.see(fake.jobs.at(-1)!.model!);
    },
    fail: async (reason) => {
      fake.setFineTuning({ polls: 0, modelsIn, failWith: reason });
    },
    close: async () => {
      await around.close();
      await fake.close();
    },
  };
}

/** A trainer of the OpenAI wire. */
export function openAiTrainer(profile: TrainerProfile, connection: Connection): Trainer {
  return createOpenAiTrainer({
    connection,
    profile,
    rows: { layout: profile === 'embedded' ? 'apart' : 'joined', textAsChat: false },
    pollSeconds,
    onWarning: () => undefined,
    retry: quick,
  });
}
