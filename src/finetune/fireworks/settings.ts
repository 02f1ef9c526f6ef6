/** Fireworks as a training service, as `bettertogether.json` and runs say it. */
import * as z from 'zod';
import { given } from '../../base/given.ts';
import { normaliseBaseURL } from '../../data/baseUrl.ts';
import { apiKeyEnvSchema, baseURLSchema, jsonRecordSchema } from '../../data/settingSchemas.ts';
import { positive } from '../../engine/settingSchemas.ts';
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

const writtenDeploy = z.union([
  noDeployments,
  z.strictObject({
    ...writtenOfDeployments,
    idleMinutes: positive
      .min(5)
      .optional()
      .describe('Minutes without a call after which Fireworks scales the deployment to nothing. Default 30, least 5.'),
    shape: z.string().min(1).optional().describe('The deployment shape. Default "default": Fireworks chooses one.'),
  }),
]);

const written = z
  .strictObject({
    kind: z.literal('fireworks').describe('Supervised fine-tuning by Fireworks.'),
    account: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]*$/)
      .describe("The account's id, as in accounts/<id>/models."),
    deploy: writtenDeploy.optional().describe('How tuned models are deployed, or "none": not by runs. Must be said.'),
    baseURL: baseURLSchema.optional().describe("Default: the endpoint's host, with /v1."),
    apiKeyEnv: apiKeyEnvSchema.optional(),
    model: writtenByAll.model,
    extra: jsonRecordSchema
      .optional()
      .describe('More keys of the job, sent as they are, such as {"maxContextLength": 8192}; null leaves one out.'),
    minRows: writtenByAll.minRows,
    pollSeconds: writtenByAll.pollSeconds,
    stallMinutes: writtenByAll.stallMinutes,
  })
  .describe('Fireworks: LoRA adapters, each deployed for itself while a run asks it.');

const resolvedDeploy = z.union([noDeployments, z.object({ ...resolvedOfDeployments, shape: z.string() })]);

const resolved = z.object({
  kind: z.literal('fireworks'),
  ...resolvedOfAll,
  account: z.string(),
  deploy: resolvedDeploy,
  baseURL: z.string(),
  apiKeyEnv: z.string().nullable(),
  extra: jsonRecordSchema.exactOptional(),
});

export type FireworksSettings = z.infer<typeof resolved>;

export const fireworksSettings = {
  ...trainsElsewhere,
  methods: () => ['supervised'],
  kind: 'fireworks',
  written,
  resolved,
  resolve(asked, place) {
    const { setting, file, endpoint } = place;
    const { account, extra, minRows, stallMinutes } = asked;
    const deploy = requireDeploy(asked.deploy, 'Fireworks', place);
    const own = `${new URL(endpoint.baseURL).origin}/v1`;
    const baseURL = normaliseBaseURL(asked.baseURL ?? own, `${setting}.baseURL in ${file}`);
    return {
      ...given({ extra, minRows, stallMinutes }),
      kind: 'fireworks',
      account,
      deploy:
        deploy === 'none'
          ? deploy
          : {
              usdPerHour: deploy.usdPerHour,
              idleMinutes: deploy.idleMinutes ?? 30,
              shape: deploy.shape ?? 'default',
              ...given({ extra: deploy.extra }),
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
  adviceWhereMissing: () => 'Fireworks keeps it: `firectl model download` copies it.',
} as const satisfies BackEndSettings<typeof written, typeof resolved, ServicePlace>;
