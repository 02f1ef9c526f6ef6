/** A service on the OpenAI fine-tuning wire, as `bettertogether.json` and runs say it. */
import * as z from 'zod';
import { given } from '../../base/given.ts';
import { normaliseBaseURL } from '../../data/baseUrl.ts';
import { apiKeyEnvSchema, baseURLSchema, jsonRecordSchema } from '../../data/settingSchemas.ts';
import type { TrainingMethod } from '../../data/trainingSet.ts';
import { countOrNone } from '../../engine/settingSchemas.ts';
import { profileOf } from '../base/hyperParameters.ts';
import { keyFor } from '../base/keyFor.ts';
import { resolvedOfAll, trainsElsewhere, writtenByAll } from '../base/settings.ts';
import type { BackEndSettings, ServicePlace } from '../base/settings.ts';
import { methodsIn } from './createBody.ts';

const written = z
  .strictObject({
    kind: z.literal('openai').optional().describe('The OpenAI fine-tuning wire.'),
    baseURL: baseURLSchema.optional().describe("Default: the endpoint's own."),
    apiKeyEnv: apiKeyEnvSchema.optional(),
    model: writtenByAll.model,
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
    hyperParameters: jsonRecordSchema
      .optional()
      .describe(
        'More hyper-parameters, sent as they are, such as {"warmup_ratio": 0.05}; null leaves one of ours out.',
      ),
    extra: jsonRecordSchema
      .optional()
      .describe('More keys of the job, sent as they are, such as {"trainingType": "standard"}; null leaves one out.'),
    checkpoints: countOrNone
      .optional()
      .describe('Checkpoints of a job, the latest first, that are tried on dev beside its model. Default 2.'),
    minRows: writtenByAll.minRows,
    pollSeconds: writtenByAll.pollSeconds,
    stallMinutes: writtenByAll.stallMinutes,
  })
  .describe("A service on the OpenAI wire. Default: the endpoint's own base URL and key.");

const resolved = z.object({
  kind: z.literal('openai'),
  ...resolvedOfAll,
  baseURL: z.string(),
  apiKeyEnv: z.string().nullable(),
  dialect: z.enum(['openai', 'nebius']).exactOptional(),
  form: z.enum(['method', 'hyperparameters']).exactOptional(),
  hyperParameters: jsonRecordSchema.exactOptional(),
  extra: jsonRecordSchema.exactOptional(),
  checkpoints: z.number().exactOptional(),
});

export type OpenAiSettings = z.infer<typeof resolved>;

/** Hosted services keep the last epochs' weights: of those two are tried besides the last. */
const checkpointsTried = 2;

/** A service of another host may be an embedded endpoint of ours, which takes more; it says so when it is asked. */
function methodsKnown({ form, dialect, baseURL }: OpenAiSettings): readonly TrainingMethod[] | null {
  const profile = dialect ?? profileOf(baseURL, false);
  const isOpen = form !== 'hyperparameters' && dialect === undefined && profile === 'nebius';
  return isOpen ? null : methodsIn(form, profile);
}

export const openaiSettings = {
  ...trainsElsewhere,
  kind: 'openai',
  written,
  resolved,
  resolve(asked, { setting, file, endpoint }) {
    const { baseURL: own, apiKeyEnv: ownKey, dialect, form, hyperParameters, extra, checkpoints } = asked;
    const { minRows, stallMinutes } = asked;
    const baseURL = own === undefined ? endpoint.baseURL : normaliseBaseURL(own, `${setting}.baseURL in ${file}`);
    return {
      ...given({ dialect, form, hyperParameters, extra, checkpoints, minRows, stallMinutes }),
      kind: 'openai',
      baseURL,
      apiKeyEnv: keyFor(baseURL, ownKey, endpoint),
      model: asked.model ?? null,
      pollSeconds: asked.pollSeconds ?? 5,
    };
  },
  methods: methodsKnown,
  checkpoints: ({ checkpoints }) => checkpoints ?? checkpointsTried,
  adviceWhereMissing: () => 'Copy it from the machine of the service that trained it.',
} as const satisfies BackEndSettings<typeof written, typeof resolved, ServicePlace>;
