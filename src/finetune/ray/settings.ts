/** A Ray cluster that trains, as `bettertogether.json` and runs say it. */
import { resolve } from 'node:path';
import * as z from 'zod';
import { given } from '../../base/given.ts';
import { normaliseBaseURL } from '../../data/baseUrl.ts';
import { apiKeyEnvSchema, baseURLSchema, jsonRecordSchema, refuseSecrets } from '../../data/settingSchemas.ts';
import { trainingMethods } from '../../data/trainingSet.ts';
import { count, positive } from '../../engine/settingSchemas.ts';
import { resolvedOfAll, writtenByAll } from '../base/settings.ts';
import type { BackEndSettings } from '../base/settings.ts';

const written = z
  .strictObject({
    kind: z.literal('ray').describe('Ray Train on a Ray cluster, through its Jobs REST API.'),
    baseURL: baseURLSchema.describe('The dashboard of the cluster, such as http://ray-head:8265.'),
    apiKeyEnv: apiKeyEnvSchema.optional(),
    model: writtenByAll.model,
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
    runtimeEnv: jsonRecordSchema
      .superRefine((runtimeEnv, context) => {
        refuseSecrets(context, runtimeEnv['env_vars'], ['env_vars'], ' of the nodes of the cluster');
      })
      .optional()
      .describe('More of the runtime environment, such as {"env_vars": {…}}. No secrets: they would be kept.'),
    minRows: writtenByAll.minRows,
    pollSeconds: writtenByAll.pollSeconds,
    stallMinutes: writtenByAll.stallMinutes,
  })
  .describe('A Ray cluster that trains.');

const resolved = z.object({
  kind: z.literal('ray'),
  ...resolvedOfAll,
  baseURL: z.string(),
  apiKeyEnv: z.string().nullable(),
  workers: z.number(),
  cpusPerWorker: z.number(),
  gpusPerWorker: z.number(),
  dtype: z.enum(['auto', 'float32', 'bfloat16']),
  storage: z.string(),
  /** Absolute; `null`: rows are uploaded. */
  sharedFolder: z.string().nullable(),
  python: z.string(),
  runtimeEnv: jsonRecordSchema,
});

export type RaySettings = z.infer<typeof resolved>;

export const raySettings = {
  kind: 'ray',
  leaves: 'adapter',
  written,
  resolved,
  resolve: (asked, { workspace, setting, file }) => ({
    kind: 'ray',
    ...given({ minRows: asked.minRows, stallMinutes: asked.stallMinutes }),
    model: asked.model ?? null,
    pollSeconds: asked.pollSeconds ?? 5,
    baseURL: normaliseBaseURL(asked.baseURL, `${setting}.baseURL in ${file}`),
    apiKeyEnv: asked.apiKeyEnv ?? null,
    workers: asked.workers ?? 1,
    cpusPerWorker: asked.cpusPerWorker ?? 1,
    gpusPerWorker: asked.gpusPerWorker ?? 0,
    dtype: asked.dtype ?? 'auto',
    storage: asked.storage.replace(/\/+$/, ''),
    sharedFolder: asked.sharedFolder === undefined ? null : resolve(workspace, asked.sharedFolder),
    python: asked.python ?? 'python',
    runtimeEnv: asked.runtimeEnv ?? {},
  }),
  service: ({ baseURL, apiKeyEnv }) => ({ baseURL, apiKeyEnv }),
  withPaths: (settings, change) => ({
    ...settings,
    sharedFolder: settings.sharedFolder === null ? null : change(settings.sharedFolder),
  }),
  uses: ({ sharedFolder, python, baseURL, storage, runtimeEnv }) => ({
    files: sharedFolder === null ? [] : [sharedFolder],
    commands: [
      {
        command: [python],
        where: `the cluster at ${baseURL}`,
        env: { storage, runtimeEnv: JSON.stringify(runtimeEnv) },
      },
    ],
    written: [],
  }),
  methods: () => trainingMethods,
  checkpoints: () => 0,
  foldersHere: ({ storage, sharedFolder }): Record<string, string> =>
    sharedFolder === null ? {} : { [storage]: sharedFolder },
  adviceWhereMissing: (setting) =>
    `Say in ${setting}.sharedFolder what "storage" is called here, or copy the folder from the cluster.`,
} as const satisfies BackEndSettings<typeof written, typeof resolved>;
