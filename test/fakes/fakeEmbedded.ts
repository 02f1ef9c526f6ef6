/** The embedded endpoint's own files, jobs and routes in a home of its own; its model and its Python are played. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileStore } from '../../src/embedded/files/fileStore.ts';
import type { Routes } from '../../src/loopback/router.ts';
import { serveLoopback } from '../../src/loopback/server.ts';
import { JobStore } from '../../src/embedded/jobs/jobStore.ts';
import { JobRunner } from '../../src/embedded/jobs/runner.ts';
import type { Engine } from '../../src/embedded/llama/engine.ts';
import { ServedModels } from '../../src/embedded/models/servedModels.ts';
import { chatCompletions } from '../../src/embedded/routes/chat.ts';
import { uploadFile, getFile } from '../../src/embedded/routes/files.ts';
import { cancelJob, createJob, getJob, listJobEvents, listJobs } from '../../src/embedded/routes/jobs.ts';
import type { JobServices } from '../../src/embedded/routes/jobs.ts';
import { getModel, listModels } from '../../src/embedded/routes/models.ts';
import { homeAt } from '../../src/home/home.ts';
import type { Home } from '../../src/home/home.ts';
import { openHome } from '../../src/home/private.ts';
import { ownToken } from '../../src/home/token.ts';
import { FakeTrainingWorker } from './fakeTrainingWorker.ts';

/** As much of the model as training asks for: a token a character. */
const engine = {
  maxContext: 1000,
  template: { endOfTurn: 0 },
  chatTokens: (messages: readonly { readonly content: string }[]) =>
    messages.flatMap(({ content }) => [...content].map((letter) => letter.codePointAt(0))),
  promptTokens: (text: string) => [...text].map((letter) => letter.codePointAt(0)),
  tokenize: (text: string) => [...text].map((letter) => letter.codePointAt(0)),
} as unknown as Engine;

export interface FakeEmbedded {
  readonly home: Home;
  readonly baseURL: string;
  readonly token: string;
  readonly worker: FakeTrainingWorker;
  readonly store: JobStore;
  readonly models: ServedModels;
  close(): Promise<void>;
}

/** Serves the model `base`, whose file has the hash `abc`. */
export async function startFakeEmbedded(): Promise<FakeEmbedded> {
  const home = homeAt(await mkdtemp(join(tmpdir(), 'bt-fake-embedded-')));
  openHome(home);
  const credential = { token: ownToken(home), advice: 'Send the token.' };
  const worker = new FakeTrainingWorker();
  const store = new JobStore(home);
  const models = new ServedModels(home, { name: 'base', path: '/model.gguf', hash: 'abc' });
  const runner = new JobRunner({ store, models, worker: () => Promise.resolve(worker), onLog: () => undefined });
  const routes = routesOf({ engine, models, files: new FileStore(home), store, runner });
  const server = await serveLoopback({ routes, credential, onError: () => undefined });
  return {
    ...{ home, worker, store, models },
    baseURL: server.baseURL,
    token: credential.token,
    close: async () => {
      await Promise.all([server.close(), runner.close()]);
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
