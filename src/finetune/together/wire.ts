/** Records of Together's API, as far as they are read. */
import * as z from 'zod';
import type { WireFile } from '../base/fileWait.ts';

const text = z.string().nullish().catch(null);

export const fileSchema = z
  .object({
    id: z.string().min(1),
    processing_status: text,
    validation_report: z.object({ error: text }).nullish().catch(null),
  })
  .transform((file): WireFile => ({
    id: file.id,
    status: file.processing_status,
    status_details: file.validation_report?.error ?? null,
  }));

export const jobSchema = z.object({
  id: z.string().min(1),
  status: z.string(),
  suffix: text,
  model_output_name: text,
  token_count: z.unknown().optional(),
  /** The weights in its registry: whole, with the adapter merged in, or the adapter alone. */
  model_object_id: text,
  adapter_object_id: text,
});
export type Job = z.infer<typeof jobSchema>;

export const listSchema = z.object({ data: z.array(z.unknown()).nullish(), next_cursor: text });

export const metricsSchema = z.object({ metrics: z.array(z.record(z.string(), z.unknown())).nullish().catch(null) });

export const projectSchema = z.object({ project: z.object({ id: z.string().min(1), slug: z.string().min(1) }) });
export type Project = z.infer<typeof projectSchema>['project'];

const deploymentSchema = z.object({
  id: z.string(),
  state: z.string(),
  readyReplicas: z.number().nullish().catch(null),
});
export type DeploymentRecord = z.infer<typeof deploymentSchema>;

export const endpointSchema = z.object({
  id: z.string(),
  /** `<project slug>/<name>`. */
  name: z.string(),
  deployments: z.array(deploymentSchema).nullish().catch(null),
});
export type EndpointRecord = z.infer<typeof endpointSchema>;

export const deploymentStatusSchema = z.object({ status: z.object({ message: text }).nullish().catch(null) });

export const configSchema = z.object({
  id: z.string(),
  projectId: z.string(),
  selectors: z
    .array(z.object({ key: z.string(), value: z.string() }))
    .nullish()
    .catch(null),
});
export type Config = z.infer<typeof configSchema>;
