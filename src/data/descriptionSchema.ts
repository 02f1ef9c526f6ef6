import * as z from 'zod';
import { fieldsSchema } from './fieldsSchema.ts';
import type {
  FieldDescription,
  FieldType,
  PredictorDescription,
  ProgramDescription,
  SignatureDescription,
} from './program.ts';
import { demoSchema } from './programSchema.ts';

const fieldTypeSchema: z.ZodType<FieldType> = z.lazy(() =>
  z.discriminatedUnion('kind', [
    z.object({ kind: z.enum(['string', 'int', 'bigint', 'float', 'boolean', 'any']) }),
    z.object({ kind: z.literal('literal'), values: z.array(z.union([z.string(), z.number(), z.boolean()])) }),
    z.object({ kind: z.literal('list'), items: fieldTypeSchema }),
    z.object({ kind: z.literal('dict'), values: fieldTypeSchema }),
    z.object({ kind: z.literal('optional'), of: fieldTypeSchema }),
    z.object({ kind: z.literal('json'), name: z.string(), schema: fieldsSchema }),
  ]),
);

const fieldSchema = z.object({
  name: z.string(),
  type: fieldTypeSchema,
  prefix: z.string(),
  description: z.string(),
}) satisfies z.ZodType<FieldDescription>;

const signatureSchema = z.object({
  instructions: z.string(),
  inputs: z.array(fieldSchema).readonly(),
  outputs: z.array(fieldSchema).readonly(),
}) satisfies z.ZodType<SignatureDescription>;

const predictorSchema = z.object({
  name: z.string(),
  signature: signatureSchema,
  demos: z.array(demoSchema).readonly(),
  frozen: z.boolean(),
  model: z.string().exactOptional(),
  endpoint: z.string().exactOptional(),
  source: z.object({ file: z.string(), line: z.number() }).exactOptional(),
}) satisfies z.ZodType<PredictorDescription>;

/** A program as its host describes it. The manifest keeps it: what exports and diffs are made from. */
export const programDescriptionSchema = z.object({
  name: z.string(),
  language: z.enum(['typescript', 'python']),
  exported: z.enum(['class', 'function', 'object']).exactOptional(),
  predictors: z.array(predictorSchema).readonly(),
  saved: z.record(z.string(), fieldsSchema).exactOptional(),
  runtime: z.string().exactOptional(),
  sources: z.record(z.string(), z.string()),
}) satisfies z.ZodType<ProgramDescription>;
