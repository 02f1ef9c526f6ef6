import { messageOf } from '../base/errors.ts';
import { knowKey } from '../base/keys.ts';
import { FileStore } from './files/fileStore.ts';
import type { Home } from '../home/home.ts';
import { openHome } from '../home/private.ts';
import { ownToken } from '../home/token.ts';
import { JobStore } from './jobs/jobStore.ts';
import { JobRunner } from './jobs/runner.ts';
import { Worker } from './jobs/worker.ts';
import type { EngineOptions } from './llama/engine.ts';
import { Engine } from './llama/engine.ts';
import type { Routes } from '../loopback/router.ts';
import { serveLoopback } from '../loopback/server.ts';
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
  const advice =
    `Send the token in ${home.token} as the API key (Authorization: Bearer …); in bettertogether.json, "apiKeyEnv" ` +
    'names the environment variable that holds it.';
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
  const server = await serveLoopback({
    routes: routes(services),
    credential: { token, advice },
    ...(options.port === undefined ? {} : { port: options.port }),
    onError: (error) => {
      onLog(error instanceof Error ? (error.stack ?? error.message) : messageOf(error));
    },
  });
  await runner.look();
  return {
    port: server.port,
    baseURL: server.baseURL,
    async close() {
      await Promise.all([server.close(), runner.close()]);
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
