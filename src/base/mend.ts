/** What a person can do about an error, so that it can be offered as a button; another process can be told of it. */
import * as z from 'zod';

export const mendSchema = z.discriminatedUnion('kind', [
  /** Choose another Python. */
  z.object({ kind: z.literal('interpreter') }),
  /** Look at a place in a file. `file` is absolute, `line` is from 1; of a notebook, the cell's line. */
  z.object({ kind: z.literal('place'), file: z.string(), line: z.number(), cell: z.number().exactOptional() }),
  /** Install a package with a program and its arguments, run in a folder. */
  z.object({ kind: z.literal('install'), what: z.string(), command: z.array(z.string()), folder: z.string() }),
  /** Enter the key of an endpoint. */
  z.object({ kind: z.literal('apiKey') }),
  /** Ask an endpoint what is wrong. */
  z.object({ kind: z.literal('endpoint') }),
]);
export type Mend = Readonly<z.infer<typeof mendSchema>>;
