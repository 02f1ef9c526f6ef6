/** Records of Fireworks' gateway, as far as they are read. */
import * as z from 'zod';
import type { DeploymentState } from '../base/deployments.ts';

const text = z.string().nullish().catch(null);
/** A record's own account of what it is at. */
const statusSchema = z.object({ code: text, message: text }).nullish().catch(null);
/** Numbers of 64 bits come as text. */
const numeric = z.coerce.number().nullish().catch(null);

export const datasetSchema = z.object({
  name: z.string(),
  state: z.string(),
  status: statusSchema,
  estimatedTokenCount: numeric,
});
export type Dataset = z.infer<typeof datasetSchema>;

export const jobSchema = z.object({
  name: z.string(),
  state: z.string(),
  status: statusSchema,
  dataset: text,
  outputModel: text,
  epochs: numeric,
  metricsFileSignedUrl: text,
  jobProgress: z.object({ percent: numeric, epoch: numeric }).nullish().catch(null),
  updateTime: text,
});
export type Job = z.infer<typeof jobSchema>;

export const modelSchema = z.object({ name: z.string(), state: text });

const deploymentSchema = z.object({ state: z.string(), status: statusSchema, replicaCount: numeric });

/** @param record `null`: there is none. */
export function deploymentState(record: unknown): DeploymentState {
  if (record === null) return { phase: 'none' };
  const { state, status, replicaCount } = deploymentSchema.parse(record);
  switch (state) {
    case 'READY':
      // Scaled to nothing: it answers once it was scaled up again.
      return { phase: replicaCount === 0 ? 'stopped' : 'ready' };
    case 'DELETED':
      return { phase: 'stopped' };
    case 'FAILED':
      return { phase: 'failed', said: status?.message ?? 'no reason is given' };
    default:
      return { phase: 'changing' };
  }
}

/** Whether a deployment was deleted and is still known by its name. */
export const isDeleted = (record: unknown): boolean =>
  record !== null && deploymentSchema.parse(record).state === 'DELETED';

/** The last part of a record's name: `accounts/a/models/m` → `m`. */
export const idIn = (name: string): string => name.split('/').at(-1)!;
