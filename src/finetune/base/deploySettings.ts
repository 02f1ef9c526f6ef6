/** What a service needs to be told before it serves a tuned model on hardware of its own, which costs by the time. */
import * as z from 'zod';
import { UsageError } from '../../base/errors.ts';
import { jsonRecordSchema } from '../../data/settingSchemas.ts';
import { positive } from '../../engine/settingSchemas.ts';
import type { Hosting, SettingsPlace } from './settings.ts';

/** Settings of a deployment as they are written, for every service. */
export const writtenOfDeployments = {
  usdPerHour: positive.describe('What one hour of the deployment costs, US dollars: counted against the cap.'),
  extra: jsonRecordSchema
    .optional()
    .describe('More keys of the deployment, sent as they are; null leaves one of ours out.'),
};

/** The same as runs keep them. */
export const resolvedOfDeployments = {
  usdPerHour: z.number(),
  idleMinutes: z.number(),
  extra: jsonRecordSchema.exactOptional(),
};

/** The run deploys nothing: the service serves the model by itself, or the user has it deployed. */
export const noDeployments = z.literal('none');

/** @throws UsageError where nothing is said: it costs money for as long as it is up, so it is the user's to say. */
export function requireDeploy<T>(written: T | undefined, service: string, { setting, file }: SettingsPlace): T {
  if (written !== undefined) return written;
  throw new UsageError(
    `${setting}.deploy in ${file}: ${service} answers with a tuned model only while it is deployed, which costs by the ` +
      'hour. Say {"usdPerHour": …} to have each run deploy its tuned models when they are first asked and stop them at ' +
      'its end, or "none" where you deploy them yourself (docs/training-back-ends.md).',
  );
}

/** What settings say of the price; `null`: nothing is deployed. */
export function hostingOf(deploy: 'none' | Hosting): Hosting | null {
  return deploy === 'none' ? null : deploy;
}
