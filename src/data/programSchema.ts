/** The state of a program where it comes in: from files, from the memo, over the wire. */
import * as z from 'zod';
import { fieldsSchema } from './fieldsSchema.ts';
import type { Demo, PredictorState, ProgramState } from './program.ts';

export const demoSchema = z.object({ fields: fieldsSchema, augmented: z.boolean() }) satisfies z.ZodType<Demo>;

const predictorStateSchema = z.object({
  instructions: z.string(),
  demos: z.array(demoSchema).readonly(),
  model: z.string(),
}) satisfies z.ZodType<PredictorState>;

export const programStateSchema = z.object({
  predictors: z.record(z.string(), predictorStateSchema),
}) satisfies z.ZodType<ProgramState>;
