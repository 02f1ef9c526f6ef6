/** What is known of an endpoint, as `bettertogether endpoint --json` prints it and the editor reads it. */
import * as z from 'zod';
import type { RequestPart } from '../wire/requestParts.ts';

export const endpointReportSchema = z.object({
  type: z.literal('endpoint'),
  name: z.string(),
  /** As it is set. */
  baseURL: z.string(),
  /** Where requests go: another one where `/v1` was missing. */
  answersAt: z.string(),
  apiKeyEnv: z.string().nullable(),
  revision: z.string().nullable(),
  /** Keys that each body is sent with. */
  request: z.record(z.string(), z.json()),
  /** Names of the models it lists; `null` where it lists none. */
  listed: z.array(z.string()).nullable(),
  models: z.array(
    z.object({
      model: z.string(),
      /** Owner, weights, length and version of what serves it, as far as reported; '' where they are not. */
      server: z.string(),
      /** `null`: it answered a short question; else why not. */
      problem: z.string().nullable(),
      /** How long that answer took; `null` where there was none. */
      milliseconds: z.number().nullable(),
      /** What is sent to it, as requests name it. */
      takes: z.array(z.string()),
      /** What is not sent to it, each with what that means, and what the endpoint said of it. */
      lacks: z.array(z.object({ part: z.string(), means: z.string(), said: z.string().nullable() })),
    }),
  ),
  /** What to change in `bettertogether.json`, or at the server. */
  change: z.array(z.string()),
  /** LM calls that were paid for to find this out. */
  calls: z.number(),
});
export type EndpointReport = z.infer<typeof endpointReportSchema>;
export type ModelReport = EndpointReport['models'][number];

/** How requests name each part. */
export const partNames: Readonly<Record<RequestPart | 'completions', string>> = {
  completions: '/v1/completions',
  topP: 'top_p',
  temperature: 'temperature',
  seed: 'seed',
  stop: 'stop',
  max_tokens: 'max_tokens',
  max_completion_tokens: 'max_completion_tokens',
  jsonSchema: 'response_format json_schema',
  jsonObject: 'response_format json_object',
  choice: 'structured choice',
  opened: 'opened assistant turns',
  systemRole: 'system role',
  whole: 'answers that are not streamed',
  streamUsage: 'stream_options',
};
