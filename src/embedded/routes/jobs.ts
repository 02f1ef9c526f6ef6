import * as z from 'zod';
import { contentHash } from '../../base/contentHash.ts';
import type { FileStore } from '../files/fileStore.ts';
import type { Call, Handler } from '../../loopback/http.ts';
import { ApiError, check, readJson } from '../../loopback/http.ts';
import { decide, requestedSchema } from '../models/hyperParameters.ts';
import type { RequestedHyperParameters } from '../models/hyperParameters.ts';
import { decideMethod, ownHyperParameters, requestedOfMethod, trainingMethodSchema } from '../models/trainingMethod.ts';
import type { TrainingMethod } from '../models/trainingMethod.ts';
import type { Job, JobStore, StoredJobEvent } from '../jobs/jobStore.ts';
import type { JobRunner } from '../jobs/runner.ts';
import { tokenizeRows } from '../jobs/trainingRows.ts';
import type { Engine } from '../llama/engine.ts';
import type { ServedModels } from '../models/servedModels.ts';
import { page } from './page.ts';

export interface JobServices {
  readonly engine: Engine;
  readonly models: ServedModels;
  readonly files: FileStore;
  readonly store: JobStore;
  readonly runner: JobRunner;
}

const methodTypes = trainingMethodSchema.options.map(({ shape }) => shape.type.value);
const ofMethod = z.object({ hyperparameters: z.record(z.string(), z.unknown()).optional() }).optional();

/** OpenAI's methods, and one of our own that is written as those are. */
const method = z.object({
  type: z.enum(methodTypes, { error: `the embedded endpoint trains by ${methodTypes.join(', ')}` }),
  supervised: ofMethod,
  dpo: ofMethod,
  grpo: ofMethod,
});

const createSchema = z.object({
  model: z.string(),
  training_file: z.string(),
  validation_file: z.null({ error: 'the embedded endpoint takes no validation file' }).optional(),
  suffix: z.string().max(64).nullish(),
  seed: z.int().min(0).nullish(),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
  method: method.nullish(),
  /** OpenAI's older place for them. */
  hyperparameters: z.record(z.string(), z.unknown()).nullish(),
});
type CreateBody = z.infer<typeof createSchema>;

/** Part of a tuned model's identity: what a job means. Raise it when training changes its results. */
const trainingVersion = 1;

/** `POST /v1/fine_tuning/jobs` */
export function createJob({ engine, models, files, store, runner }: JobServices): Handler {
  return async (call) => {
    const body = await readJson(call, createSchema);
    const parent = await models.find(body.model);
    const asked = requestedHyperParameters(body);
    const hyperParameters = decide(asked.common, parent.meta?.hyperParameters ?? null, asked.type === 'supervised');
    const method = decideMethod(asked.type, asked.own);
    const content = await files.content(body.training_file).catch((error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
      throw new ApiError(400, error.message, { param: 'training_file', code: 'invalid_training_file' });
    });
    const rows = tokenizeRows(content.toString('utf8'), engine, method.type);
    const modelHash = models.base.hash;
    const identity = contentHash({
      ...{ trainingVersion, modelHash, parent: parent.name, hyperParameters, rows },
      // Of a supervised job it is what it was before there were others: its models are found again.
      ...(method.type === 'supervised' ? {} : { method }),
    });
    const job = await store.create(
      {
        status: 'queued',
        model: parent.name,
        modelHash,
        tunedName: `${models.base.name}-ft-${identity.slice(0, 12)}`,
        trainingFile: body.training_file,
        suffix: body.suffix ?? null,
        metadata: body.metadata ?? {},
        hyperParameters,
        method,
        rows: rows.length,
        created: Date.now(),
        finished: null,
        trainedTokens: null,
        error: null,
        kills: 0,
      },
      rows,
    );
    await runner.submit(job);
    return describe(job);
  };
}

interface AskedHyperParameters {
  readonly type: TrainingMethod['type'];
  /** Those of every job, and those of its method. */
  readonly common: RequestedHyperParameters;
  readonly own: Readonly<Record<string, unknown>>;
}

/** @throws ApiError 400 that names the whole key. */
function requestedHyperParameters({ method, hyperparameters, seed }: CreateBody): AskedHyperParameters {
  const type = method?.type ?? 'supervised';
  const within = method?.[type]?.hyperparameters;
  const place = within === undefined ? ['hyperparameters'] : ['method', type, 'hyperparameters'];
  const given = within ?? hyperparameters ?? {};
  const seeded = seed === null || seed === undefined ? given : { seed, ...given };
  // Checked under its own path, so that the error names the whole key.
  const schema = requestedSchema.extend(requestedOfMethod[type]);
  check(
    place.reduceRight<z.ZodType>((inner, key) => z.object({ [key]: inner }), schema),
    place.reduceRight<unknown>((inner, key) => ({ [key]: inner }), seeded),
  );
  const own = Object.fromEntries(Object.entries(seeded).filter(([key]) => key in requestedOfMethod[type]));
  const common = Object.fromEntries(Object.entries(seeded).filter(([key]) => !(key in own)));
  return { type, common: requestedSchema.parse(common), own };
}

/** `GET /v1/fine_tuning/jobs`, newest first; `metadata[key]=value` selects. */
export function listJobs({ store }: JobServices): Handler {
  return async (call) => {
    const wanted = [...call.query].flatMap(([key, value]) => {
      const name = /^metadata\[(.+)\]$/.exec(key)?.[1];
      return name === undefined ? [] : [[name, value] as const];
    });
    const jobs = await store.list();
    const chosen = jobs.filter((job) => wanted.every(([key, value]) => job.metadata[key] === value));
    return page(withoutMetadata(call), chosen.map(describe), 20);
  };
}

function withoutMetadata(call: Call): Call {
  const kept = [...call.query].filter(([key]) => !key.startsWith('metadata'));
  return { ...call, query: new URLSearchParams(kept) };
}

/** `GET /v1/fine_tuning/jobs/:id` */
export function getJob({ store }: JobServices): Handler {
  return async ({ params }) => describe(await store.find(params['id'] ?? ''));
}

/** `POST /v1/fine_tuning/jobs/:id/cancel` */
export function cancelJob({ runner }: JobServices): Handler {
  return async ({ params }) => describe(await runner.cancel(params['id'] ?? ''));
}

/** `GET /v1/fine_tuning/jobs/:id/events`, newest first. */
export function listJobEvents({ store }: JobServices): Handler {
  return async (call) => {
    const job = await store.find(call.params['id'] ?? '');
    const events = await store.events(job.id);
    return page(call, events.map(describeEvent).reverse(), 20);
  };
}

/** `GET /v1/fine_tuning/jobs/:id/checkpoints`: none are kept. */
export function listCheckpoints({ store }: JobServices): Handler {
  return async (call) => {
    await store.find(call.params['id'] ?? '');
    return page(call, [], 10);
  };
}

function describe(job: Job): { readonly id: string } {
  return {
    id: job.id,
    ...{
      object: 'fine_tuning.job',
      status: job.status,
      model: job.model,
      fine_tuned_model: job.status === 'succeeded' ? job.tunedName : null,
      training_file: job.trainingFile,
      validation_file: null,
      result_files: [],
      organization_id: 'local',
      suffix: job.suffix,
      seed: job.hyperParameters.seed,
      metadata: job.metadata,
      created_at: Math.floor(job.created / 1000),
      finished_at: job.finished === null ? null : Math.floor(job.finished / 1000),
      trained_tokens: job.trainedTokens,
      error: job.error === null ? null : { code: 'training_failed', message: job.error, param: null },
      hyperparameters: job.hyperParameters,
      method: {
        type: job.method.type,
        [job.method.type]: { hyperparameters: { ...job.hyperParameters, ...ownHyperParameters(job.method) } },
      },
    },
  };
}

function describeEvent(event: StoredJobEvent): { readonly id: string } {
  return {
    id: event.id,
    ...{
      object: 'fine_tuning.job.event',
      created_at: Math.floor(event.created / 1000),
      level: event.level,
      message: event.message,
      type: event.data === null ? 'message' : 'metrics',
      data: event.data ?? {},
    },
  };
}
