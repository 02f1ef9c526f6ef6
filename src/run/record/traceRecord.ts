/** A trace record (`TraceRecord`) as it is read back: the store may have come with the folder. */
import * as z from 'zod';
import { countSchema } from '../../base/counts.ts';
import { programOutcomeSchema } from '../../data/trace.ts';
import { purposeSchema } from '../../protocol.ts';

export const traceRecordSchema = z.object({
  step: z.string(),
  candidate: countSchema.nullable(),
  purpose: purposeSchema,
  example: countSchema,
  round: countSchema,
  state: z.string(),
  outcome: programOutcomeSchema,
});
