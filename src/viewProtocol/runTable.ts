/** The table of all runs, and what its page asks. */
import * as z from 'zod';
import type { Immutable } from '../base/immutable.ts';
import { runRowSchema, tableActs } from '../view/runRow.ts';

/** The whole picture of the table of all runs, oldest first. */
export const runTableSchema = z.object({ type: z.literal('runTable'), rows: z.array(runRowSchema) });
export type RunTable = Immutable<z.infer<typeof runTableSchema>>;

/** Rows of the table, by their key. */
const listed = z.array(z.string()).min(1).max(100_000);

/**
 * What the table of all runs may ask. The host takes keys of rows that it sent, and the name of an act: the command of the
 * editor that stands behind it asks the person what there is to ask.
 */
export const runTableAskSchema = z.discriminatedUnion('ask', [
  z.object({ ask: z.literal('openListed'), runs: listed.max(1) }),
  z.object({ ask: z.literal('actOnListed'), act: z.enum(tableActs), runs: listed }),
  /** Puts their numbers into the clipboard, in this order, as CSV. */
  z.object({ ask: z.literal('copyNumbers'), runs: listed }),
]);
export type RunTableAsk = z.infer<typeof runTableAskSchema>;
