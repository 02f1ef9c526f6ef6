import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf } from '../base/errors.ts';
import { knowKey } from '../base/keys.ts';
import { FileStore } from './http/fileStore.ts';
import type { Home } from '../home/home.ts';
import { openHome } from '../home/private.ts';
import { ownToken } from '../home/token.ts';
import { JobStore } from './jobs/jobStore.ts';
import { JobRunner } from './jobs/runner.ts';
import { Worker } from './jobs/worker.ts';
import type { EngineOptions } from './llama/engine.ts';
import { Engine } from './llama/engine.ts';
import type { Routes } from './http/router.ts';
import { listener } from './http/router.ts';
import { loadAdapter, unloadAdapter } from './routes/adapters.ts';
import { chatCompletions } from './routes/chat.ts';
import { textCompletions } from './routes/completions.ts';
import { deleteFile, getFile, getFileContent, listFiles, uploadFile } from './routes/files.ts';
import type { JobServices } from './routes/jobs.ts';
import { cancelJob, createJob, getJob, listCheckpoints, listJobEvents, listJobs } from './routes/jobs.ts';
import { getModel, listModels } from './routes/models.ts';
import { ServedModels } from './models/servedModels.ts';
import type { ModelFile } from './setup/model.ts';
import { ensureTrainer } from './setup/trainer.ts';

export interface ServerOptions extends EngineOptions {
  readonly home: Home;
  readonly model: ModelFile;
  /** 0 (the default): any free one. */
  readonly port?: number;
  readonly onLog?: (line: string) => void;
}

export interface EmbeddedServer {
  readonly port: number;
  /** `http://127.0.0.1:<port>/v1` */
  readonly baseURL: string;
  /** Stops listening, generating and training; what is unfinished goes on with the next server. */
  close(): Promise<void>;
}

/**
 * Serves a model and its adapters on the OpenAI wire, on 127.0.0.1 only and to who sends the home's token, and trains.
 * The runtime must be installed (`ensureRuntime`); the trainer is set up with the first job if it is not there.
 *
 * @throws HumanError when the home is not the user's own or the runtime cannot be loaded; the `listen` error when the
 *   port is taken.
 */
export async function startServer(options: ServerOptions): Promise<EmbeddedServer> {
  const { home, model, onLog = () => undefined } = options;
  openHome(home);
  const token = ownToken(home);
  knowKey(token);
  const credential = { token, file: home.token };
  const engine = await Engine.load(home, model, options);
  const models = new ServedModels(home, model);
  const store = new JobStore(home);
  const worker = async (say: (message: string) => void): Promise<Worker> => {
    const onProgress = (progress: { readonly state: string; readonly message: string }): void => {
      if (progress.state !== 'present') say(progress.message);
    };
    const command = await ensureTrainer(home, { onProgress });
    return new Worker({ command, model: model.path, onLog, ...(options.threads && { threads: options.threads }) });
  };
  const runner = new JobRunner({ store, models, worker, onLog });
  const services: JobServices = { engine, models, files: new FileStore(home), store, runner };
  const server = createServer(
    listener(routes(services), credential, (error) => {
      onLog(error instanceof Error ? (error.stack ?? error.message) : messageOf(error));
    }),
  );
  // Generations take as long as they take; the client decides how long it waits.
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  await runner.look();
  const { port } = server.address() as AddressInfo;
  return {
    port,
    baseURL: `http://127.0.0.1:${String(port)}/v1`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await Promise.all([closed, runner.close()]);
      await engine.dispose();
    },
  };
}

function routes(services: JobServices): Routes {
  const { files, models, runner } = services;
  return {
    'GET /health': () => Promise.resolve({ status: 'ok', model: models.base.name }),
    'GET /v1/models': listModels(models),
    'GET /v1/models/:id': getModel(models),
    'POST /v1/chat/completions': chatCompletions(services),
    'POST /v1/completions': textCompletions(services),
    'POST /v1/files': uploadFile(files, () => {
      runner.prepare();
    }),
    'GET /v1/files': listFiles(files),
    'GET /v1/files/:id': getFile(files),
    'GET /v1/files/:id/content': getFileContent(files),
    'DELETE /v1/files/:id': deleteFile(files),
    'POST /v1/load_lora_adapter': loadAdapter(services),
    'POST /v1/unload_lora_adapter': unloadAdapter(services),
    'POST /v1/fine_tuning/jobs': createJob(services),
    'GET /v1/fine_tuning/jobs': listJobs(services),
    'GET /v1/fine_tuning/jobs/:id': getJob(services),
    'GET /v1/fine_tuning/jobs/:id/events': listJobEvents(services),
    'GET /v1/fine_tuning/jobs/:id/checkpoints': listCheckpoints(services),
    'POST /v1/fine_tuning/jobs/:id/cancel': cancelJob(services),
  };
}
