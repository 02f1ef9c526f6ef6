/** What a page may ask. */
import * as z from 'zod';
import { comparisonAskSchema } from './comparison.ts';
import { callPlace, count, page, rowNumbers, split, stateName } from './parts.ts';
import { runTableAskSchema } from './runTable.ts';
import { actSchema } from './snapshot.ts';
import { listedTracesSchema, traceFilterSchema, traceSortSchema } from './traces.ts';

/**
 * What the view of a run may ask. Reading, and opening what the run itself names, runs and sends nothing; `act` alone has
 * effects, those of the editor's own commands, under their own conditions.
 */
export const runAskSchema = z.discriminatedUnion('ask', [
  z.object({ ask: z.literal('examples'), split }),
  z.object({ ask: z.literal('example'), split: z.enum(['train', 'dev', 'test']), example: z.number() }),
  /** What the program gave on these rows in each step: rows in sight, not all there are. */
  z.object({ ask: z.literal('predictions'), split, rows: rowNumbers }),
  /** How often which label was given which prediction in a step. */
  z.object({ ask: z.literal('confusion'), split, step: z.string() }),
  z.object({ ask: z.literal('traces'), filter: listedTracesSchema, sort: traceSortSchema, ...page }),
  z.object({ ask: z.literal('trace'), trace: count }),
  z.object({ ask: z.literal('findTrace'), filter: traceFilterSchema }),
  z.object({ ask: z.literal('messages'), keys: z.array(z.string()).max(200) }),
  /** With the states of the candidates that are named; of all others it says only that they are there. */
  z.object({ ask: z.literal('states'), candidates: z.array(stateName).max(2) }),
  /** How the candidates of a step stand to each other, row by row. */
  z.object({ ask: z.literal('standing'), step: z.string() }),
  z.object({ ask: z.literal('front'), step: z.string() }),
  z.object({ ask: z.literal('changes'), before: stateName, after: stateName }),
  z.object({ ask: z.literal('sentPrompts'), state: stateName }),
  z.object({ ask: z.literal('trainingRows'), step: z.string(), ...page }),
  /** What the calls of each predictor took. */
  z.object({ ask: z.literal('costs') }),
  /** Of a job that was taken from the memo: the run that trained it, and how that went. */
  z.object({ ask: z.literal('trainedBy'), step: z.string() }),
  z.object({ ask: z.literal('openTrainingRun'), step: z.string() }),
  z.object({ ask: z.literal('openDiff'), left: stateName, right: stateName, predictor: z.string().nullable() }),
  z.object({ ask: z.literal('openSource'), predictor: z.string() }),
  z.object({ ask: z.literal('copyCurl'), ...callPlace }),
  z.object({ ask: z.literal('act'), act: actSchema }),
  /** Puts a trace, as it was recorded, or a row with what came of it into the clipboard, as JSON. */
  z.object({ ask: z.literal('copyTrace'), trace: count }),
  z.object({ ask: z.literal('copyRow'), split, example: count }),
  /** Opens a file that an error names; the host looks whether it is one of the folder that the run belongs to. */
  z.object({
    ask: z.literal('openFile'),
    file: z.string().max(4096),
    line: z.int().positive(),
    cell: z.int().positive().optional(),
  }),
]);
export type RunAsk = z.infer<typeof runAskSchema>;

export const askSchema = z.union([runAskSchema, comparisonAskSchema, runTableAskSchema]);
export type Ask = z.infer<typeof askSchema>;
