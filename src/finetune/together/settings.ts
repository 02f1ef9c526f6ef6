/** Together as a training service, as `bettertogether.json` and runs say it. */
import * as z from 'zod';
import { given } from '../../base/given.ts';
import { normaliseBaseURL } from '../../data/baseUrl.ts';
import { apiKeyEnvSchema, baseURLSchema, jsonRecordSchema } from '../../data/settingSchemas.ts';
import type { TrainingMethod } from '../../data/trainingSet.ts';
import { count } from '../../engine/settingSchemas.ts';
import {
  hostingOf,
  noDeployments,
  requireDeploy,
  resolvedOfDeployments,
  writtenOfDeployments,
} from '../base/deploySettings.ts';
import { keyFor } from '../base/keyFor.ts';
import { resolvedOfAll, trainsElsewhere, writtenByAll } from '../base/settings.ts';
import type { BackEndSettings, ServicePlace } from '../base/settings.ts';

const configSchema = z.string().min(1);

const writtenDeploy = z.union([
  noDeployments,
  z.strictObject({
    ...writtenOfDeployments,
    idleMinutes: count
      .min(30)
      .max(1440)
      .optional()
      .describe('Minutes without a call after which Together stops the deployment. Default 30, which is the least.'),
    config: configSchema
      .optional()
      .describe('The hardware, as a configuration (cr_…). Default: the only one that there is for the model.'),
  }),
]);

const written = z
  .strictObject({
    kind: z.literal('together').describe('Fine-tuning by Together.'),
    deploy: writtenDeploy.optional().describe('How tuned models are deployed, or "none": not by runs. Must be said.'),
    baseURL: baseURLSchema.optional().describe("Default: the endpoint's own."),
    apiKeyEnv: apiKeyEnvSchema.optional(),
    model: writtenByAll.model,
    extra: jsonRecordSchema
      .optional()
      .describe('More keys of the job, sent as they are, such as {"warmup_ratio": 0.1}; null leaves one of ours out.'),
    minRows: writtenByAll.minRows,
    pollSeconds: writtenByAll.pollSeconds,
    stallMinutes: writtenByAll.stallMinutes,
  })
  .describe('Together: LoRA adapters, each deployed for itself while a run asks it.');

const resolved = z.object({
  kind: z.literal('together'),
  ...resolvedOfAll,
  deploy: z.union([noDeployments, z.object({ ...resolvedOfDeployments, config: configSchema.exactOptional() })]),
  baseURL: z.string(),
  apiKeyEnv: z.string().nullable(),
  extra: jsonRecordSchema.exactOptional(),
});

export type TogetherSettings = z.infer<typeof resolved>;

export const togetherMethods: readonly TrainingMethod[] = ['supervised', 'dpo'];

export const togetherSettings = {
  ...trainsElsewhere,
  methods: () => togetherMethods,
  kind: 'together',
  written,
  resolved,
  resolve(asked, place) {
    const { setting, file, endpoint } = place;
    const { extra, minRows, stallMinutes } = asked;
    const deploy = requireDeploy(asked.deploy, 'Together', place);
    const baseURL = normaliseBaseURL(asked.baseURL ?? endpoint.baseURL, `${setting}.baseURL in ${file}`);
    return {
      ...given({ extra, minRows, stallMinutes }),
      kind: 'together',
      deploy:
        deploy === 'none'
          ? deploy
          : {
              usdPerHour: deploy.usdPerHour,
              idleMinutes: deploy.idleMinutes ?? 30,
              ...given({ config: deploy.config, extra: deploy.extra }),
            },
      baseURL,
      apiKeyEnv: keyFor(baseURL, asked.apiKeyEnv, endpoint),
      model: asked.model ?? null,
      pollSeconds: asked.pollSeconds ?? 10,
    };
  },
  // Each would need a deployment of its own.
  checkpoints: () => 0,
  hosting: ({ deploy }) => hostingOf(deploy),
  adviceWhereMissing: () => 'Together keeps it: `tg fine-tuning download` copies it.',
} as const satisfies BackEndSettings<typeof written, typeof resolved, ServicePlace>;
