import * as z from 'zod';

/** `UserCodeError`, as the schema of outcomes checks. Apart from it: the run view needs this one alone. */
export const userCodeErrorSchema = z.object({
  kind: z.enum(['parse', 'program', 'metric', 'timeout', 'crash', 'rejected']),
  message: z.string(),
  file: z.string().exactOptional(),
  line: z.number().exactOptional(),
});
