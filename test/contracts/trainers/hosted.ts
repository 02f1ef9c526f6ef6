import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Trainer } from '../../../src/engine/interfaces.ts';
import type { BackEnd } from '../../../src/finetune/serving/backEnd.ts';
import { fireworksBackEnd } from '../../../src/finetune/fireworks/backEnd.ts';
import type { FireworksSettings } from '../../../src/finetune/fireworks/settings.ts';
import { togetherBackEnd } from '../../../src/finetune/together/backEnd.ts';
import type { TogetherSettings } from '../../../src/finetune/together/settings.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { FakeFireworks } from '../../fakes/fakeFireworks.ts';
import { FakeJobProcesses } from '../../fakes/fakeJobProcesses.ts';
import { FakeTogether } from '../../fakes/fakeTogether.ts';
import { secret } from '../trainer.ts';
import type { TrainingService } from '../trainer.ts';
import { connections, pollSeconds, quick } from './connections.ts';

/** A service that trains, deploys and answers at one address. */
interface HostedFake {
  handle(request: IncomingMessage, response: ServerResponse): boolean;
  serves(model: string): boolean;
}

/** @param settingsAt of the back end, for a service at this address. */
async function hosted<S>(fake: HostedFake, backEnd: BackEnd<S>, settingsAt: (baseURL: string) => S) {
  const { baseURL, close } = await startFakeEndpoint({
    apiKey: secret,
    intercept: (request, response) => fake.handle(request, response),
    serves: (model) => fake.serves(model),
  }).then((endpoint) => ({ baseURL: endpoint.baseURL, close: () => endpoint.close() }));
  const { connect, closeAll } = connections();
  return {
    connect: (): Trainer =>
      backEnd.models!(settingsAt(baseURL), {
        endpoint: 'lab',
        model: 'base',
        connection: connect(defineEndpoint({ name: 'lab', baseURL, apiKeyEnv: 'LAB_KEY' })),
        service: connect(defineEndpoint({ name: 'lab.fineTune', baseURL, apiKeyEnv: 'LAB_KEY' })),
        capabilities: { completions: false, continueFinal: false, structuredChoice: false, jsonSchema: true },
        processes: new FakeJobProcesses(),
        warn: () => undefined,
        retry: quick,
      }),
    close: async () => {
      await closeAll();
      await close();
    },
  };
}

/** Fireworks, as its fake plays it; a job takes a step when its metrics have one more row. */
export async function fireworksTraining(): Promise<TrainingService> {
  const fake = new FakeFireworks({ apiKey: secret });
  const service = await hosted<FireworksSettings>(fake, fireworksBackEnd, (baseURL) => ({
    kind: 'fireworks',
    ...{ account: 'me', deploy: { usdPerHour: 6, idleMinutes: 30, shape: 'default' }, baseURL },
    ...{ apiKeyEnv: 'LAB_KEY', model: 'accounts/fireworks/models/base', minRows: 1, pollSeconds },
  }));
  const job = () => fake.jobs.at(-1)!;
  return {
    ...service,
    started: async () => fake.jobs.length,
    step: async (step) => {
      job().metrics.push(JSON.stringify({ step, total_steps: 9, 'train/loss': 1 / step, epoch: step / 9 }));
    },
    succeed: async () => {
      job().state = 'JOB_STATE_COMPLETED';
    },
    fail: async (reason) => {
      job().reason = reason;
      job().state = 'JOB_STATE_FAILED';
    },
  };
}

/** Together, as its fake plays it. */
export async function togetherTraining(): Promise<TrainingService> {
  const fake = new FakeTogether({ apiKey: secret });
  const service = await hosted<TogetherSettings>(fake, togetherBackEnd, (baseURL) => ({
    kind: 'together',
    ...{ deploy: { usdPerHour: 6, idleMinutes: 30 }, baseURL },
    ...{ apiKeyEnv: 'LAB_KEY', model: 'meta/base', pollSeconds },
  }));
  const job = () => fake.jobs.at(-1)!;
  return {
    ...service,
    started: async () => fake.jobs.length,
    step: async (step) => {
      const timestamp = Date.parse(`2026-11-29T08:00:${String(step).padStart(2, '0')}Z`) / 1000;
      job().metrics.push({ 'train/global_step': step, 'train/loss': 1 / step, 'train/epoch': step / 9, timestamp });
    },
    succeed: async () => {
      job().status = 'completed';
    },
    fail: async (reason) => {
      job().reason = reason;
      job().status = 'error';
    },
  };
}
