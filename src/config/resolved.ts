/**
 * A program's settings with every default filled in and every path absolute: what a run is asked to do. Plain data
 * that the manifest keeps, so that resume needs nothing else.
 */
import * as z from 'zod';
import { UsageError } from '../base/errors.ts';
import { strategyStepsAtMost } from '../base/limits.ts';
import { builtInMetricNames } from '../data/builtInMetrics.ts';
import { endingsText, languageOf } from '../data/language.ts';
import type { Language } from '../data/language.ts';
import { jsonRecordSchema } from '../data/settingSchemas.ts';
import { parseStrategy } from '../data/strategy.ts';
import { factsOf, resolvedAdapterTrainers, resolvedTrainers } from '../finetune/settings.ts';
import type { ResolvedTrainer } from '../finetune/settings.ts';
import { formatNames } from '../program/formats/registry.ts';
import { resolvedStepSchema, stepNames, strategyProblem } from './steps.ts';
import { pricesByModelSchema } from './schema.ts';

const codeReferenceSchema = z.object({
  /** Absolute. */
  file: z.string(),
  /** The exported name. */
  name: z.string(),
});

const metricSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('builtin'), name: z.enum(builtInMetricNames), field: z.string() }),
  z.object({ kind: z.literal('code'), file: z.string(), name: z.string() }),
]);

/** What it takes to ask an endpoint on the OpenAI wire. */
const openaiWire = {
  name: z.string(),
  /** Normalised: no trailing slash, no default port. */
  baseURL: z.string(),
  /** Name of the environment variable; `null`: no key is sent. */
  apiKeyEnv: z.string().nullable(),
  revision: z.string().nullable(),
  concurrency: z.number(),
  /** Left out: the defaults of the LM client. */
  timeoutSeconds: z.number().exactOptional(),
  patienceSeconds: z.number().exactOptional(),
  /** Further keys of each request; `null`: one of ours is left out. Left out: none. */
  request: jsonRecordSchema.exactOptional(),
  /** Further headers of each request (`data/requestHeaders.ts`). Left out: none. */
  headers: z.record(z.string(), z.string()).exactOptional(),
  prices: pricesByModelSchema.nullable(),
};

const serviceSchema = z.object({
  ...openaiWire,
  /** The models of the editor: its base URL is a name alone (`data/editorEndpoint.ts`). Left out: an address. */
  editor: z.literal(true).exactOptional(),
});

export const resolvedEndpointSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('embedded'),
    name: z.string(),
    /** Absolute; left out: the model it comes with. */
    modelFile: z.string().exactOptional(),
    concurrency: z.number(),
    /** Left out: its own trainer. */
    fineTune: z.discriminatedUnion('kind', resolvedAdapterTrainers).exactOptional(),
    prices: pricesByModelSchema.nullable(),
  }),
  z.object({
    kind: z.literal('openai'),
    ...openaiWire,
    loraServing: z.union([
      z.enum(['vllm', 'sglang', 'none']),
      /** The list of models is absolute. */
      z.object({ kind: z.literal('llama-server'), preset: z.string() }),
    ]),
    /** The trainer's folders, and what they are called where the endpoint runs. */
    pathMap: z.record(z.string(), z.string()).exactOptional(),
    fineTune: z.discriminatedUnion('kind', resolvedTrainers),
  }),
]);

const budgetCapsSchema = z.object({
  /** `null`: no cap. */
  calls: z.number().nullable(),
  tokens: z.number().nullable(),
  usd: z.number().nullable(),
});

const currentSchema = z.object({
  /** The key of `bettertogether.json`, or `file#export` as it was asked for. */
  key: z.string(),
  program: codeReferenceSchema,
  metric: metricSchema,
  threshold: z.number(),
  metricRange: z.tuple([z.number(), z.number()]),
  data: z.object({
    /** Absolute. */
    train: z.string(),
    /** `null`: a fifth of train is held out, the same for every seed. */
    dev: z.string().nullable(),
    /** `null`: no test rows. */
    test: z.string().nullable(),
  }),
  /** `null`: every field of a row but the metric's. */
  inputs: z.array(z.string()).nullable(),
  endpoint: resolvedEndpointSchema,
  /** The other endpoints, which LMs that a DSPy program or a step names may be asked at; left out where there are none. */
  services: z.array(serviceSchema).exactOptional(),
  model: z.string(),
  adapter: z.enum(formatNames),
  guided: z.enum(['auto', 'off']),
  frozen: z.array(z.string()),
  /** Left out: one process, and more while the program uses up its CPU. */
  hostWorkers: z.number().exactOptional(),
  /** Left out: the default of the program hosts. */
  exampleSeconds: z.number().exactOptional(),
  /** `false`: outcomes of the program are not remembered. Left out: they are. */
  remember: z.boolean().exactOptional(),
  /** Names of its steps, in order. */
  strategy: z.array(z.string().max(200)).max(strategyStepsAtMost),
  seed: z.number(),
  /** Every step that a strategy of this program may name. */
  steps: z.record(z.string(), resolvedStepSchema),
  sampling: z.object({
    /** `null`: not sent. */
    temperature: z.number().nullable(),
    topP: z.number().nullable(),
    maxTokens: z.number(),
  }),
  budget: budgetCapsSchema,
});

/** As runs keep it. Those of earlier versions had settings of p and w alone, and the strategy as it was written. */
export const resolvedProgramSchema = z.preprocess(withSteps, currentSchema);

function withSteps(kept: unknown): unknown {
  if (typeof kept !== 'object' || kept === null || 'steps' in kept || !('p' in kept) || !('w' in kept)) return kept;
  const { p, w, ...rest } = kept;
  const steps = { p: { kind: 'p', settings: p }, w: { kind: 'w', settings: w } };
  const strategy = 'strategy' in rest && typeof rest.strategy === 'string' ? rest.strategy : '';
  // What is not a strategy is left to the schema, which says so.
  if (strategyProblem(strategy, stepNames()) !== null) return kept;
  return { ...rest, steps, strategy: parseStrategy(strategy, stepNames()) };
}

export type ResolvedProgram = z.infer<typeof currentSchema>;
export type ResolvedEndpoint = z.infer<typeof resolvedEndpointSchema>;
/** Another endpoint than the program's own, for LMs that the program names itself. */
export type ResolvedService = z.infer<typeof serviceSchema>;
export type ResolvedMetric = z.infer<typeof metricSchema>;
export type BudgetCaps = z.infer<typeof budgetCapsSchema>;

/**
 * The language that a program is in, and its metric.
 *
 * @throws UsageError: a run of a newer version may have programs that no host here loads.
 */
export function languageOfProgram({ file }: { readonly file: string }): Language {
  const language = languageOf(file);
  if (language !== null) return language;
  throw new UsageError(`The program ${file} cannot be run: it is no ${endingsText()} file.`);
}

/** The metric as the host protocol takes it: `exactMatch:answer` or `/…/file.ts#name`. */
export function metricReference(metric: ResolvedMetric): string {
  return metric.kind === 'builtin' ? `${metric.name}:${metric.field}` : `${metric.file}#${metric.name}`;
}

/** The program as the host protocol takes it: `/…/file.ts#Name`. */
export function programReference(program: { readonly file: string; readonly name: string }): string {
  return `${program.file}#${program.name}`;
}

/** The same program with each of its absolute paths changed; what the user wrote as text stays. */
export function withPaths(program: ResolvedProgram, change: (path: string) => string): ResolvedProgram {
  const { metric, data, endpoint } = program;
  const orNull = (path: string | null) => (path === null ? null : change(path));
  return {
    ...program,
    program: { ...program.program, file: change(program.program.file) },
    metric: metric.kind === 'code' ? { ...metric, file: change(metric.file) } : metric,
    data: { train: change(data.train), dev: orNull(data.dev), test: orNull(data.test) },
    endpoint: endpointWithPaths(endpoint, change),
  };
}

function endpointWithPaths(endpoint: ResolvedEndpoint, change: (path: string) => string): ResolvedEndpoint {
  if (endpoint.kind === 'openai') {
    const { fineTune, loraServing } = endpoint;
    const served =
      typeof loraServing === 'string' ? loraServing : { ...loraServing, preset: change(loraServing.preset) };
    return { ...endpoint, loraServing: served, fineTune: trainerWithPaths(fineTune, change) };
  }
  const { modelFile, fineTune } = endpoint;
  return {
    ...endpoint,
    ...(modelFile === undefined ? {} : { modelFile: change(modelFile) }),
    ...(fineTune === undefined ? {} : { fineTune: trainerWithPaths(fineTune, change) }),
  };
}

function trainerWithPaths<T extends ResolvedTrainer>(fineTune: T, change: (path: string) => string): T {
  return factsOf(fineTune).withPaths(fineTune, change);
}
