import type { Trainer } from '../../../src/engine/interfaces.ts';
import type { TrainerProfile } from '../../../src/finetune/base/hyperParameters.ts';
import { createOpenAiTrainer } from '../../../src/finetune/openai/openaiTrainer.ts';
import type { Connection } from '../../../src/lm/connection.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { secret } from '../trainer.ts';
import type { TrainingService } from '../trainer.ts';
import { connections, pollSeconds, quick } from './connections.ts';

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

/** A trainer of the OpenAI wire. */
export function openAiTrainer(profile: TrainerProfile, connection: Connection): Trainer {
  return createOpenAiTrainer({
    connection,
    profile,
    rows: { layout: 'apart', textAsChat: false },
    pollSeconds,
    onWarning: () => undefined,
    retry: quick,
  });
}
