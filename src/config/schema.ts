/**
 * `bettertogether.json` as zod schemas. The JSON schema that editors complete and check with is
 * made from these by `scripts/build.mjs`; defaults that depend on other keys are filled in by `resolve.ts`.
 */
import * as z from 'zod';
import { priceAtMost } from '../base/limits.ts';
import { metricSpellings } from '../data/builtInMetrics.ts';
import { nameProblem } from '../data/names.ts';
import { optimizers } from '../engine/optimizers/all.ts';
import { defaultFormat, formatNames } from '../program/formats/registry.ts';
import { count, countOrNone, positive } from '../engine/settingSchemas.ts';
import { stepNames, stepsSchema, strategyForm, strategyProblem } from './steps.ts';
import { ownKeysIn } from './requestKeys.ts';
import { secretsAmong } from './secretNames.ts';

const price = z.number().nonnegative().max(priceAtMost);

/** Chosen by whoever wrote the file, and shown in questions and tables. */
const name = z
  .string()
  .min(1)
  .superRefine((text, context) => {
    const message = nameProblem(text);
    if (message !== null) context.addIssue({ code: 'custom', message });
  });

/** Texts of files by their names, which lead into no other folder. */
export const filesByNameSchema = z
  .record(z.string(), z.string())
  .refine((files) => Object.keys(files).every((name) => /^[\w-][\w.-]*$/.test(name)), {
    message: 'must hold names of files, without a folder',
  });

const samplingSchema = z
  .strictObject({
    temperature: z
      .number()
      .min(0)
      .max(2)
      .nullable()
      .optional()
      .describe('Default 0.1, as in the paper. null: none is sent, for models that take none.'),
    topP: z
      .number()
      .gt(0)
      .max(1)
      .nullable()
      .optional()
      .describe('Nucleus sampling (top_p). Default 0.97, as in the paper. null: none is sent.'),
    maxTokens: count
      .optional()
      .describe('Tokens of a completion at most. Default 1024. It is always sent: a cap counts calls in flight by it.'),
    guided: z
      .enum(['auto', 'off'])
      .optional()
      .describe('Constrained decoding where the format and the endpoint have it ("auto", default), or never.'),
  })
  .describe('How answers are sampled.');

const budgetSchema = z
  .strictObject({
    calls: count.optional().describe('LM calls that may be paid for, resumes included.'),
    tokens: count.optional().describe('Tokens, in and out together, that may be paid for, resumes included.'),
    usd: positive.optional().describe('US dollars that may be spent, resumes included. Needs prices at the endpoint.'),
  })
  .describe('Caps that hold over a run and its resumes. What the memo answers is free.');

const reference = name;

const programEntrySchema = z
  .strictObject({
    program: reference.describe('file#export: a class, a factory or an instance; .ts, .js, .mjs or .py.'),
    metric: reference.describe(`${metricSpellings}.`),
    threshold: z
      .number()
      .optional()
      .describe('A trace is correct when the metric is true or at least this. Default: the highest of metricRange.'),
    metricRange: z
      .tuple([z.number(), z.number()])
      .optional()
      .describe('Lowest and highest value of the metric. Default [0, 1]; a value outside is an error naming the row.'),
    train: reference.describe(
      'Rows to optimize on: .jsonl, .json, .csv or .tsv, or built in code: file.py#name, file.ts#name.',
    ),
    dev: reference
      .optional()
      .describe('Rows to choose between states on. Default: a fifth of train is held out, the same for every seed.'),
    test: reference.optional().describe('Rows that are only reported on.'),
    inputs: z
      .array(name)
      .min(1)
      .optional()
      .describe("Fields the program is called with. Default: all fields of a row but the metric's."),
    endpoint: name.optional().describe('A key of "endpoints". Default "embedded".'),
    model: name.optional().describe('The LM to start from. Default on the embedded endpoint: its own.'),
    adapter: z
      .enum(formatNames)
      .optional()
      .describe(`Prompt format of a TypeScript program. Default ${defaultFormat}.`),
    frozen: z.array(name).optional().describe('Predictors left alone. Default: none.'),
    hostWorkers: z
      .int()
      .min(1)
      .max(64)
      .optional()
      .describe(
        'Processes that run the program, at once and always. By default one, and more (all cores but one, at most 8) ' +
          'while it uses up its CPU.',
      ),
    exampleSeconds: positive
      .max(86_400)
      .optional()
      .describe(
        'Seconds one run of the program may take, not counting those in which it waits for an LM. Default 600.',
      ),
    remember: z
      .boolean()
      .optional()
      .describe(
        'Whether outcomes of the program are remembered (default true). false: it is run each time, because it reads ' +
          'what cannot be noticed, such as a database or a service. Answers of LMs stay remembered.',
      ),
    strategy: z
      .string()
      .regex(strategyForm, 'must be steps joined by ->, as in "p -> w -> p"')
      .optional()
      .describe(
        'Steps in order, such as "p -> w -> p" (default): p, w, another kind by its name, or a key of "steps".',
      ),
    seed: z.number().int().nonnegative().optional().describe('Seed of every shuffle. Default 0.'),
    p: optimizers.get('p').written.optional(),
    w: optimizers.get('w').written.optional(),
    steps: stepsSchema.optional(),
    sampling: samplingSchema.optional(),
    budget: budgetSchema.optional(),
  })
  .describe('A program, the data and metric it is measured with, and how to make it better.')
  .superRefine(({ strategy, steps }, context) => {
    // What its form does not say: whether each piece is a step.
    if (strategy === undefined || !strategyForm.test(strategy)) return;
    const message = strategyProblem(strategy, stepNames(steps));
    if (message !== null) context.addIssue({ code: 'custom', path: ['strategy'], message });
  });

const apiKeyEnv = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable, never the key itself')
  .describe('Name of the environment variable that holds the key. The key itself never stands in this file.');

const baseURL = z.url({
  protocol: /^https?$/,
  // As URLs are read: names of hosts in ASCII, addresses of IPv6 in brackets.
  hostname: /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])$/,
});

const pricesSchema = z
  .record(
    name,
    z.strictObject({
      input: price.describe('Per million prompt tokens.'),
      cachedInput: price
        .optional()
        .describe('Per million prompt tokens from the cache of the endpoint. Default: input.'),
      output: price.describe('Per million completion tokens.'),
      training: price.optional().describe('Per million trained tokens.'),
    }),
  )
  .describe('US dollars per million tokens, by model name; "*" is any other model.');

const trainedModel = name.optional().describe("The trainer's name of the base model. Default: the program's model.");
const pollSeconds = positive.optional().describe('Seconds between polls of a job. Default 5.');
const stallMinutes = positive
  .optional()
  .describe('Minutes without any news of a job, or of its rows, after which the run pauses and says so. Default 120.');
const minRows = count
  .optional()
  .describe('Rows a job needs at least; with fewer the step has no result. Default 10 at OpenAI and Azure, else 1.');
const jsonRecord = z.record(z.string(), z.json());

/** What stands here is kept in the folders of runs and jobs, and nothing secret is ever in any of it. */
function refuseSecrets(context: z.RefinementCtx, variables: unknown, path: readonly string[], how: string): void {
  for (const name of secretsAmong(variables)) {
    const message = `must not stand here, where it would be kept with every run: set it in the environment${how}`;
    context.addIssue({ code: 'custom', path: [...path, name], message });
  }
}

const openaiFineTuneSchema = z
  .strictObject({
    kind: z.literal('openai').optional().describe('The OpenAI fine-tuning wire.'),
    baseURL: baseURL.optional().describe("Default: the endpoint's own."),
    apiKeyEnv: apiKeyEnv.optional(),
    model: trainedModel,
    dialect: z
      .enum(['openai', 'nebius'])
      .optional()
      .describe("Whose hyper-parameters it takes: OpenAI's alone, or LoRA settings too. Default: by its host."),
    form: z
      .enum(['method', 'hyperparameters'])
      .optional()
      .describe(
        'Where hyper-parameters stand. Default: "method", and the older "hyperparameters" where that is refused.',
      ),
    hyperParameters: jsonRecord
      .optional()
      .describe(
        'More hyper-parameters, sent as they are, such as {"warmup_ratio": 0.05}; null leaves one of ours out.',
      ),
    extra: jsonRecord
      .optional()
      .describe('More keys of the job, sent as they are, such as {"trainingType": "standard"}; null leaves one out.'),
    checkpoints: countOrNone
      .optional()
      .describe('Checkpoints of a job, the latest first, that are tried on dev beside its model. Default 2.'),
    minRows,
    pollSeconds,
    stallMinutes,
  })
  .describe("A service on the OpenAI wire. Default: the endpoint's own base URL and key.");

const commandFineTuneSchema = z
  .strictObject({
    kind: z.literal('command').describe('Any trainer that is started as a command on this machine.'),
    command: z
      .array(z.string())
      .min(1)
      .describe('Program and arguments, with placeholders such as {rows}, {out} and {model}. No shell is involved.'),
    parentArguments: z
      .array(z.string())
      .min(1)
      .optional()
      .describe('Added where a job goes on from an adapter, with {parent}. Default: jobs start from the base.'),
    rowsFormat: z
      .enum(['messages', 'prompt-completion', 'apart'])
      .optional()
      .describe("How rows are written: OpenAI's messages (default), prompt and completion, or all parts apart."),
    files: filesByNameSchema
      .optional()
      .describe("Files to write into the job's folder first, such as the trainer's own configuration."),
    env: z
      .record(z.string(), z.string())
      .superRefine((env, context) => {
        refuseSecrets(context, env, [], '; the command inherits it');
      })
      .optional()
      .describe('Environment variables, beside those of this process. No secrets: they would be kept with the run.'),
    folder: z.string().min(1).optional().describe('Where jobs lie. Default .bettertogether/jobs.'),
    model: trainedModel,
    minRows,
    pollSeconds: positive.optional().describe('Seconds between looks at the job. Default 1.'),
    stallMinutes,
  })
  .describe('A command that reads rows from a file and leaves an adapter in a folder.');

const rayFineTuneSchema = z
  .strictObject({
    kind: z.literal('ray').describe('Ray Train on a Ray cluster, through its Jobs REST API.'),
    baseURL: baseURL.describe('The dashboard of the cluster, such as http://ray-head:8265.'),
    apiKeyEnv: apiKeyEnv.optional(),
    model: trainedModel,
    workers: count.optional().describe('Training processes. Default 1.'),
    cpusPerWorker: positive.optional().describe('CPUs of each. Default 1.'),
    gpusPerWorker: z.number().nonnegative().optional().describe('GPUs of each. Default 0.'),
    dtype: z.enum(['auto', 'float32', 'bfloat16']).optional().describe('What the model computes in. Default auto.'),
    storage: z.string().regex(/^\//, 'must be an absolute path').describe('Folder that all nodes share, for adapters.'),
    sharedFolder: z
      .string()
      .min(1)
      .optional()
      .describe('The same folder as this machine sees it: rows then go through it. Default: rows are uploaded to Ray.'),
    python: z
      .string()
      .min(1)
      .optional()
      .describe('Python of the nodes, with torch, transformers and peft. Default python.'),
    runtimeEnv: jsonRecord
      .superRefine((runtimeEnv, context) => {
        refuseSecrets(context, runtimeEnv['env_vars'], ['env_vars'], ' of the nodes of the cluster');
      })
      .optional()
      .describe('More of the runtime environment, such as {"env_vars": {…}}. No secrets: they would be kept.'),
    minRows,
    pollSeconds,
    stallMinutes,
  })
  .describe('A Ray cluster that trains.');

const fineTuneSchema = z
  .discriminatedUnion('kind', [openaiFineTuneSchema, commandFineTuneSchema, rayFineTuneSchema])
  .describe('Where weights are trained.');

const pathMapSchema = z
  .record(z.string().min(1), z.string())
  .describe('Folders as the trainer sees them, and as the endpoint does: {"/trainer/adapters": "/mnt/adapters"}.');

const concurrency = count
  .optional()
  .describe(
    'Requests in flight at most. Default 32; embedded 8. With 1, one row is run at a time: for programs that are not ' +
      'safe in threads, or keep what they work on in `self` (num_threads=1 in DSPy).',
  );

const embeddedEndpointSchema = z
  .strictObject({
    kind: z.literal('embedded').describe('The endpoint that comes with BetterTogether, on this machine.'),
    modelFile: z
      .string()
      .regex(/\.gguf$/i, 'must be a model file that ends in .gguf')
      .optional()
      .describe('A GGUF of your own to serve and train, named after its file. Default: the small model it comes with.'),
    concurrency,
    fineTune: z
      .discriminatedUnion('kind', [commandFineTuneSchema, rayFineTuneSchema])
      .optional()
      .describe('Another trainer than its own.'),
    prices: pricesSchema.optional(),
  })
  .describe('Serves a small model on this machine and trains its adapters.');

const requestSchema = jsonRecord
  .superRefine((request, context) => {
    for (const { key, message } of ownKeysIn(request)) context.addIssue({ code: 'custom', path: [key], message });
    refuseSecrets(context, request, [], ' and name its variable under "apiKeyEnv"');
  })
  .describe(
    'Further keys of the body of each request, sent as they are, such as {"chat_template_kwargs": {"enable_thinking": ' +
      'false}} or {"reasoning_effort": "low"}; null leaves one of ours out. Part of what answers are remembered by.',
  );

const openaiEndpointSchema = z
  .strictObject({
    kind: z.literal('openai').describe('Any endpoint that speaks the OpenAI wire.'),
    baseURL: baseURL.describe('Such as http://gpu-box:8000/v1.'),
    apiKeyEnv: apiKeyEnv.optional(),
    revision: z
      .string()
      .optional()
      .describe('Change it when the models behind the same names changed: remembered answers are then not used.'),
    concurrency,
    timeoutSeconds: positive
      .max(86_400)
      .optional()
      .describe('Seconds a request may take until it counts as lost and is sent again. Default 600.'),
    patienceSeconds: positive
      .max(604_800)
      .optional()
      .describe(
        'Seconds that a call is tried again while the endpoint gives no answer; then the run pauses, or the row fails ' +
          'where the endpoint answers others. Default 120.',
      ),
    request: requestSchema.optional(),
    loraServing: z
      .enum(['vllm', 'sglang', 'none'])
      .optional()
      .describe('How the endpoint loads adapters that were trained elsewhere. Default none.'),
    pathMap: pathMapSchema.optional(),
    fineTune: fineTuneSchema.optional(),
    prices: pricesSchema.optional(),
  })
  .describe('An OpenAI-compatible endpoint.');

const endpointEntrySchema = z.discriminatedUnion('kind', [embeddedEndpointSchema, openaiEndpointSchema]);

export const configSchema = z
  .strictObject({
    $schema: z.string().optional().describe('The JSON schema of this file.'),
    programs: z.record(name, programEntrySchema).optional().describe('Programs by name.'),
    endpoints: z
      .record(name, endpointEntrySchema)
      .optional()
      .describe(
        'Endpoints by name: where programs run, and services that LMs named in a DSPy program may be asked at.',
      ),
  })
  .describe('Configuration of BetterTogether.');

export type Config = z.infer<typeof configSchema>;
export type ProgramEntry = z.infer<typeof programEntrySchema>;
export type EndpointEntry = z.infer<typeof endpointEntrySchema>;
export type FineTuneEntry = z.infer<typeof fineTuneSchema>;
export type Prices = z.infer<typeof pricesSchema>;
export const pricesByModelSchema = pricesSchema;
