import * as l10n from '../../base/l10n.ts';
import * as z from 'zod';
import { isBuiltInCode } from '../../config/dataset.ts';
import type { Fields } from '../../base/json.ts';
import { labelsOf } from '../../data/program.ts';
import { plainText } from '../../view/lineText.ts';
import { readableRows } from '../../page/readableRows.ts';
import type { RunReader } from '../../page/runReader.ts';
import { plural, quoted } from '../../view/words.ts';
import type { TraceRow } from '../../viewProtocol/traces.ts';
import { cut } from '../base/bounded.ts';
import { runNamed } from '../base/find.ts';
import { folderInput, runInput } from '../base/inputs.ts';
import { defineTool } from '../base/tool.ts';
import { failuresTool, traceTool } from '../base/names.ts';
import { nameIn, openReader, stepNamed } from './openReader.ts';

/** Characters of a value in a list. */
const valueAtMost = 300;
const fieldsAtMost = 8;

const rowSchema = z.object({
  /** For `bettertogether_show_trace`. */
  trace: z.number(),
  /** Of the split, from 1. */
  row: z.number(),
  /** 0 to 1. */
  score: z.number().nullable(),
  input: z.string().nullable(),
  /** What the row says is right; left out where that cannot be read. */
  label: z.record(z.string(), z.string()).exactOptional(),
  prediction: z.record(z.string(), z.string()).nullable(),
  error: z.string().nullable(),
  /** What the metric said. */
  feedback: z.string().nullable(),
});

export const listFailures = defineTool({
  name: failuresTool,
  title: 'List failed rows of a run',
  forPeople: 'List the rows of a run that failed or were answered wrongly, with labels, predictions and errors.',
  forModels:
    'Lists rows that an LM program failed on or answered wrongly in a step of a run (default: the last step that was measured, on the dev rows): ' +
    `input, label, prediction, error and what the metric said, each shortened; ${traceTool} shows one of them whole. Use it before changing a program, ` +
    'to see what kind of thing goes wrong, and whether the metric or the labels are at fault. Rows of the test split are never shown: what is learned from them would make ' +
    'the test score worthless. Reads only.',
  icon: '$(error)',
  effect: 'reads',
  input: z.strictObject({
    run: runInput,
    step: z
      .string()
      .max(1000)
      .optional()
      .describe(
        'A step as bettertogether_get_status names it: "baseline", "p", "p -> w". Default: the last that was measured.',
      ),
    outcome: z
      .enum(['failed', 'wrong', 'partly', 'right'])
      .optional()
      .describe('"failed": ended in an error. Default: failed, wrong and partly right rows.'),
    text: z.string().max(200).optional().describe('Only rows whose inputs, outputs or errors hold this text.'),
    offset: z.int().min(0).max(1e6).optional().describe('Rows to pass over, to see more.'),
    limit: z.int().min(1).max(30).optional().describe('Rows to give at most. Default 10.'),
    folder: folderInput,
  }),
  output: z.object({
    run: z.string(),
    made_here: z.boolean(),
    step: z.string(),
    /** That match, in all. */
    total: z.number(),
    rows: z.array(rowSchema),
    /** How to see more; `null`: these are all. */
    more: z.string().nullable(),
    /** Why labels are left out; `null`: they are there. */
    labels: z.string().nullable(),
  }),
  quotes: true,
  narrower: 'Ask with a smaller "limit", and go on with "offset".',
  doing: ({ run }) => l10n.t`Looking at rows of run ${run}`,
  run: async ({ run: asked, step: askedStep, outcome, text, offset = 0, limit = 10, folder }, host, { signal }) => {
    const named = await runNamed(host, asked, folder);
    const reader = await openReader(named, signal);
    const step = stepNamed(reader, askedStep);
    const filter = { step, purpose: 'dev' as const, ...(text === undefined ? {} : { text }) };
    const sort = { by: 'made' as const, descending: false };
    const outcomes = outcome === undefined ? (['failed', 'wrong', 'partly'] as const) : ([outcome] as const);
    const rows: TraceRow[] = [];
    for (const one of outcomes) {
      const { rows: found } = await reader.traces({ ...filter, outcome: one }, sort, 0, 10_000);
      rows.push(...found.filter(({ candidate }) => candidate === null));
    }
    const { shown, problem } = await withLabels(reader, step, rows.slice(offset, offset + limit));
    const rest = rows.length - offset - shown.length;
    const stepText = nameIn(reader, step);
    return {
      say: `${plural(rows.length, 'dev row')} of step ${quoted(stepText)} of run ${named.run.id} ${outcome === undefined ? 'did not come out right' : `came out ${outcome}`}.`,
      data: {
        ...{ run: named.run.id, made_here: reader.madeHere, step: stepText, total: rows.length, rows: shown },
        more: rest > 0 ? `${rest} more: call again with "offset": ${offset + shown.length}.` : null,
        labels: problem,
      },
    };
  },
});

async function withLabels(
  reader: RunReader,
  step: string,
  rows: readonly TraceRow[],
): Promise<{ readonly shown: z.infer<typeof rowSchema>[]; readonly problem: string | null }> {
  const { train, dev } = reader.manifest.asked.data;
  const built = [train, dev].some((file) => file !== null && isBuiltInCode(file));
  const { examples, problem } = built
    ? { examples: null, problem: 'The rows are built by code, which a tool that reads does not run.' }
    : await readableRows(reader, 'dev');
  const given = await reader.givenIn(step, 'dev');
  const shown = rows.map((row) => {
    const example = examples?.find(({ id }) => id === row.example);
    return {
      trace: row.trace,
      row: row.example + 1,
      score: row.score,
      input: row.input === null ? null : cut(row.input, valueAtMost),
      ...(example === undefined ? {} : { label: shortFields(labelsOf(example)) }),
      prediction: given(row.example)?.prediction === undefined ? null : shortOrNull(given(row.example)!.prediction),
      error: row.error === null ? null : cut(row.error, 2 * valueAtMost),
      feedback: row.feedback === null ? null : cut(row.feedback, 2 * valueAtMost),
    };
  });
  return { shown, problem: problem === null ? null : cut(problem, 500) };
}

const shortOrNull = (fields: Fields | null): Record<string, string> | null =>
  fields === null ? null : shortFields(fields);

/** The first fields, each cut. */
export function shortFields(fields: Fields, most = valueAtMost, count = fieldsAtMost): Record<string, string> {
  const entries = Object.entries(fields);
  const rest = entries.length - count;
  return Object.fromEntries([
    ...entries.slice(0, count).map(([name, value]) => [cut(name, 100), cut(plainText(value), most)] as const),
    ...(rest > 0 ? [['…', `${plural(rest, 'more field')}`] as const] : []),
  ]);
}
