/**
 * `bettertogether.json` as zod schemas. The JSON schema that editors complete and check with is
 * made from these by `scripts/build.mjs`; defaults that depend on other keys are filled in by `resolve.ts`.
 */
import * as z from 'zod';
import { priceAtMost } from '../base/limits.ts';
import { metricSpellings } from '../data/builtInMetrics.ts';
import { endingsText } from '../data/language.ts';
import { apiKeyEnvSchema, baseURLSchema, jsonRecordSchema, nameSchema, refuseSecrets } from '../data/settingSchemas.ts';
import { optimizers } from '../engine/optimizers/all.ts';
import { writtenAdapterTrainers, writtenTrainers } from '../finetune/settings.ts';
import { defaultFormat, formatNames } from '../program/formats/registry.ts';
import { count, positive } from '../engine/settingSchemas.ts';
import { stepNames, stepsSchema, strategyForm, strategyProblem } from './steps.ts';
import { headersSchema, missingKey } from './furtherHeaders.ts';
import { ownKeysIn } from './requestKeys.ts';

const price = z.number().nonnegative().max(priceAtMost);

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
    tokens: count
      .optional()
      .describe('Tokens that may be paid for, resumes included: in and out of calls, and those that jobs train on.'),
    usd: positive.optional().describe('US dollars that may be spent, resumes included. Needs prices at the endpoint.'),
  })
  .describe('Caps that hold over a run and its resumes. What the memo answers is free.');

const reference = nameSchema;

const programEntrySchema = z
  .strictObject({
    program: reference.describe(`file#export: a class, a factory or an instance; ${endingsText()}.`),
    metric: reference.describe(`${metricSpellings}.`),
    threshold: z
      .number()
      .optional()
      .describe('A trace is correct when the metric is true or at least this. Default: the highest of metricRange.'),
    metricRange: z
      .tuple([z.number(), z.number()])
      .optional()
      .describe(
        'Lowest and highest value of the metric. Default [0, 1]; a row with a value outside fails and scores 0, and many far outside end the run.',
      ),
    train: reference.describe(
      'Rows to optimize on: .jsonl, .json, .csv or .tsv (also .gz), .parquet, file.json#key, or built in code: file.py#name, file.ipynb#name, file.ts#name.',
    ),
    dev: reference
      .optional()
      .describe('Rows to choose between states on. Default: a fifth of train is held out, the same for every seed.'),
    test: reference.optional().describe('Rows that are only reported on.'),
    inputs: z
      .array(nameSchema)
      .min(1)
      .optional()
      .describe("Fields the program is called with. Default: all fields of a row but the metric's."),
    endpoint: nameSchema.optional().describe('A key of "endpoints". Default "embedded".'),
    model: nameSchema.optional().describe('The LM to start from. Default on the embedded endpoint: its own.'),
    adapter: z
      .enum(formatNames)
      .optional()
      .describe(`Prompt format of a TypeScript program. Default ${defaultFormat}.`),
    frozen: z.array(nameSchema).optional().describe('Predictors left alone. Default: none.'),
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

const pricesSchema = z
  .record(
    nameSchema,
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
    fineTune: z.discriminatedUnion('kind', writtenAdapterTrainers).optional().describe('Another trainer than its own.'),
    prices: pricesSchema.optional(),
  })
  .describe('Serves a small model on this machine and trains its adapters.');

const requestSchema = jsonRecordSchema
  .superRefine((request, context) => {
    for (const { key, message } of ownKeysIn(request)) context.addIssue({ code: 'custom', path: [key], message });
    refuseSecrets(context, request, [], ' and name its variable under "apiKeyEnv"');
  })
  .describe(
    'Further keys of the body of each request, sent as they are, such as {"chat_template_kwargs": {"enable_thinking": ' +
      'false}} or {"reasoning_effort": "low"}; null leaves one of ours out. Part of what answers are remembered by.',
  );

const revision = z
  .string()
  .optional()
  .describe('Change it when the models behind the same names changed: remembered answers are then not used.');

const timeoutSeconds = positive
  .max(86_400)
  .optional()
  .describe('Seconds a request may take until it counts as lost and is sent again. Default 600.');

const openaiEndpointSchema = z
  .strictObject({
    kind: z.literal('openai').describe('Any endpoint that speaks the OpenAI wire.'),
    baseURL: baseURLSchema.describe('Such as http://gpu-box:8000/v1.'),
    apiKeyEnv: apiKeyEnvSchema.optional(),
    revision,
    concurrency,
    timeoutSeconds,
    patienceSeconds: positive
      .max(604_800)
      .optional()
      .describe(
        'Seconds that a call is tried again while the endpoint gives no answer; then the run pauses, or the row fails ' +
          'where the endpoint answers others. Default 120.',
      ),
    request: requestSchema.optional(),
    headers: headersSchema.optional(),
    loraServing: z
      .union([
        z.enum(['vllm', 'sglang', 'none']),
        z.strictObject({
          kind: z.literal('llama-server'),
          preset: z.string().min(1).describe('The file that llama-server was started with as --models-preset.'),
        }),
      ])
      .optional()
      .describe('How the endpoint loads adapters that were trained elsewhere. Default none.'),
    pathMap: pathMapSchema.optional(),
    fineTune: z.discriminatedUnion('kind', writtenTrainers).describe('Where weights are trained.').optional(),
    prices: pricesSchema.optional(),
  })
  .describe('An OpenAI-compatible endpoint.')
  .superRefine((endpoint, context) => {
    const message = missingKey(endpoint);
    if (message !== null) context.addIssue({ code: 'custom', path: ['headers'], message });
  });

const editorEndpointSchema = z
  .strictObject({
    kind: z.literal('editor').describe("The models of VS Code, Copilot's for one. No key is needed."),
    revision,
    concurrency: count.optional().describe('Requests in flight at most. Default 4: vendors limit extensions.'),
    timeoutSeconds,
    patienceSeconds: positive
      .max(604_800)
      .optional()
      .describe(
        'Seconds that a call is tried again while a model gives no answer; then the run pauses. Default 120; 30 while ' +
          'no window has the folder open.',
      ),
    prices: pricesSchema.optional(),
  })
  .describe(
    'The models of VS Code, while a window has this folder open: for proposers, teachers, judges and other LMs that steps ' +
      "or a program's code name, not for a program's own LM. They are paid by the plan of their vendor.",
  );

const endpointEntrySchema = z.discriminatedUnion('kind', [
  embeddedEndpointSchema,
  openaiEndpointSchema,
  editorEndpointSchema,
]);

export const configSchema = z
  .strictObject({
    $schema: z.string().optional().describe('The JSON schema of this file.'),
    programs: z.record(nameSchema, programEntrySchema).optional().describe('Programs by name.'),
    endpoints: z
      .record(nameSchema, endpointEntrySchema)
      .optional()
      .describe(
        'Endpoints by name: where programs run, and services that LMs named in a DSPy program may be asked at.',
      ),
  })
  .describe('Configuration of BetterTogether.');

export type Config = z.infer<typeof configSchema>;
export type ProgramEntry = z.infer<typeof programEntrySchema>;
export type EndpointEntry = z.infer<typeof endpointEntrySchema>;
export type Prices = z.infer<typeof pricesSchema>;
export const pricesByModelSchema = pricesSchema;
