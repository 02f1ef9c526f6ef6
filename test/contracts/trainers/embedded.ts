import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { FileStore } from '../../../src/embedded/http/fileStore.ts';
import type { Routes } from '../../../src/embedded/http/router.ts';
import { listener } from '../../../src/embedded/http/router.ts';
import { JobStore } from '../../../src/embedded/jobs/jobStore.ts';
import { JobRunner } from '../../../src/embedded/jobs/runner.ts';
import type { Engine } from '../../../src/embedded/llama/engine.ts';
import { ServedModels } from '../../../src/embedded/models/servedModels.ts';
import { chatCompletions } from '../../../src/embedded/routes/chat.ts';
import { uploadFile, getFile } from '../../../src/embedded/routes/files.ts';
import { cancelJob, createJob, getJob, listJobEvents, listJobs } from '../../../src/embedded/routes/jobs.ts';
import type { JobServices } from '../../../src/embedded/routes/jobs.ts';
import { getModel, listModels } from '../../../src/embedded/routes/models.ts';
import { homeAt } from '../../../src/home/home.ts';
import { openHome } from '../../../src/home/private.ts';
import { ownToken } from '../../../src/home/token.ts';
import { defineEndpoint } from '../../../src/lm/endpoint.ts';
import { FakeTrainingWorker } from '../../fakes/fakeTrainingWorker.ts';
import type { TrainingService } from '../trainer.ts';
import { connections } from './connections.ts';
import { openAiTrainer } from './openai.ts';

/** As much of the model as training asks for: a token a character. */
const engine = {
  maxContext: 1000,
  template: { endOfTurn: 0 },
  chatTokens: (messages: readonly { readonly content: string }[]) =>
    messages.flatMap(({ content }) => [...content].map((letter) => letter.codePointAt(0))),
  promptTokens: (text: string) => [...text].map((letter) => letter.codePointAt(0)),
  tokenize: (text: string) => [...text].map((letter) => letter.codePointAt(0)),
} as unknown as Engine;

/** The embedded endpoint's own files, jobs and routes; only the Python that trains is played. */
export async function embeddedTraining(): Promise<TrainingService> {
  const home = homeAt(await mkdtemp(join(tmpdir(), 'bt-contract-embedded-')));
  openHome(home);
  const credential = { token: ownToken(home), file: home.token };
  const worker = new FakeTrainingWorker();
  const store = new JobStore(home);
  const models = new ServedModels(home, { name: 'base', path: '/model.gguf', hash: 'abc' });
  const runner = new JobRunner({ store, models, worker: () => Promise.resolve(worker), onLog: () => undefined });
  const server = createServer(
    listener(routesOf({ engine, models, files: new FileStore(home), store, runner }), credential, () => undefined),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const settings = {
    name: 'embedded',
    baseURL: `http://127.0.0.1:${port}/v1`,
    modelFile: 'abc',
    tokenFile: home.token,
  };
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
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await Promise.all([closed, runner.close()]);
      await rm(home.root, { recursive: true, force: true });
    },
  };
}

function routesOf(services: JobServices): Routes {
  const { files, models } = services;
  return {
    'GET /v1/models': listModels(models),
    'GET /v1/models/:id': getModel(models),
    'POST /v1/chat/completions': chatCompletions(services),
    'POST /v1/files': uploadFile(files),
    'GET /v1/files/:id': getFile(files),
    'POST /v1/fine_tuning/jobs': createJob(services),
    'GET /v1/fine_tuning/jobs': listJobs(services),
    'GET /v1/fine_tuning/jobs/:id': getJob(services),
    'GET /v1/fine_tuning/jobs/:id/events': listJobEvents(services),
    'POST /v1/fine_tuning/jobs/:id/cancel': cancelJob(services),
  };
}
