import * as z from 'zod';
import type { FieldType, ProgramDescription } from '../data/program.ts';

const json = z.json();

const fieldTypeSchema: z.ZodType<FieldType> = z.lazy(() =>
  z.discriminatedUnion('kind', [
    z.object({ kind: z.enum(['string', 'int', 'float', 'boolean', 'any']) }),
    z.object({ kind: z.literal('literal'), values: z.array(z.union([z.string(), z.number(), z.boolean()])) }),
    z.object({ kind: z.literal('list'), items: fieldTypeSchema }),
    z.object({ kind: z.literal('dict'), values: fieldTypeSchema }),
    z.object({ kind: z.literal('optional'), of: fieldTypeSchema }),
    z.object({ kind: z.literal('json'), name: z.string(), schema: z.record(z.string(), json) }),
  ]),
);

const fieldSchema = z.object({ name: z.string(), type: fieldTypeSchema, prefix: z.string(), description: z.string() });

/** A program as its host described it, kept in the manifest: what exports and diffs are made from. */
export const programDescriptionSchema = z.object({
  name: z.string(),
  language: z.enum(['typescript', 'python']),
  predictors: z.array(
    z.object({
      name: z.string(),
      signature: z.object({
        instructions: z.string(),
        inputs: z.array(fieldSchema),
        outputs: z.array(fieldSchema),
      }),
      demos: z.array(z.object({ fields: z.record(z.string(), json), augmented: z.boolean() })),
      frozen: z.boolean(),
      model: z.string().exactOptional(),
      endpoint: z.string().exactOptional(),
      source: z.object({ file: z.string(), line: z.number() }).exactOptional(),
    }),
  ),
  saved: z.record(z.string(), z.record(z.string(), json)).exactOptional(),
  sources: z.record(z.string(), z.string()),
}) satisfies z.ZodType<ProgramDescription>;
