import * as l10n from '../../base/l10n.ts';
import * as z from 'zod';
import { UsageError } from '../../base/errors.ts';
import { errorText, plural, quoted } from '../../view/words.ts';
import { cut } from '../base/bounded.ts';
import { runNamed } from '../base/find.ts';
import { folderInput, runInput } from '../base/inputs.ts';
import { defineTool } from '../base/tool.ts';
import { failuresTool, traceTool } from '../base/names.ts';
import { shortFields } from './listFailures.ts';
import { isHeldOut, nameIn, openReader } from './openReader.ts';

/** Calls of a trace, and characters of a value in it. */
const callsTold = 20;
const valueAtMost = 2000;
const fieldsAtMost = 20;

const fields = z.record(z.string(), z.string());

export const showTrace = defineTool({
  name: traceTool,
  title: 'Show a trace',
  forPeople: 'Show one run of an LM program on one row: every call with its inputs and outputs.',
  forModels:
    'Shows one program run on one row, call by call: which predictor was asked with which inputs, what it gave, what the metric said, and the error. ' +
    `Take the number from "trace" of ${failuresTool}. Long values are cut, which is said. Test rows are not shown. Reads only.`,
  icon: '$(list-ordered)',
  effect: 'reads',
  input: z.strictObject({
    run: runInput,
    trace: z.int().min(0).max(1e9).describe(`The number that ${failuresTool} gives as "trace".`),
    first_call: z.int().min(1).max(1e6).optional().describe('The first call to show, from 1 (default).'),
    calls: z.int().min(1).max(callsTold).optional().describe(`Calls to show at most. Default ${callsTold}.`),
    folder: folderInput,
  }),
  output: z.object({
    run: z.string(),
    made_here: z.boolean(),
    trace: z.number(),
    step: z.string(),
    purpose: z.string(),
    row: z.number(),
    /** The metric's own value. */
    score: z.number(),
    prediction: fields.nullable(),
    feedback: z.string().nullable(),
    error: z.string().nullable(),
    calls: z.array(
      z.object({
        predictor: z.string(),
        inputs: fields,
        outputs: fields.nullable(),
        error: z.string().nullable(),
        /** LM requests of the call: more than one after an unreadable answer. */
        requests: z.number(),
        finish: z.string().nullable(),
      }),
    ),
    calls_left_out: z.number(),
  }),
  quotes: true,
  narrower: 'Ask for a few calls at a time with "first_call" and "calls".',
  doing: ({ run, trace }) => l10n.t`Looking at trace ${trace} of run ${run}`,
  run: async ({ run: asked, trace, first_call: first = 1, calls = callsTold, folder }, host, { signal }) => {
    const named = await runNamed(host, asked, folder);
    const reader = await openReader(named, signal);
    const { record } = reader.trace(trace);
    if (isHeldOut(record.purpose)) {
      throw new UsageError(
        `Trace ${trace} is of a test row. Test rows are held out and not shown to agents; take one of ${failuresTool}.`,
      );
    }
    const { outcome } = record;
    const step = nameIn(reader, record.step);
    return {
      say: `Row ${record.example + 1} in step ${quoted(step)} of run ${named.run.id}: ${plural(outcome.trace.length, 'call')}.`,
      data: {
        ...{ run: named.run.id, made_here: reader.madeHere, trace, step },
        purpose: record.purpose,
        row: record.example + 1,
        score: outcome.score,
        prediction: outcome.prediction === null ? null : shortFields(outcome.prediction, valueAtMost, fieldsAtMost),
        feedback: outcome.feedback === undefined ? null : cut(outcome.feedback, valueAtMost),
        error: outcome.error === undefined ? null : cut(errorWords(outcome.error), valueAtMost),
        calls: outcome.trace.slice(first - 1, first - 1 + calls).map(({ predictor, inputs, outputs, error, lm }) => ({
          predictor: cut(predictor, 200),
          inputs: shortFields(inputs, valueAtMost, fieldsAtMost),
          outputs: outputs === null ? null : shortFields(outputs, valueAtMost, fieldsAtMost),
          error: error === undefined ? null : cut(error, valueAtMost),
          requests: lm.length,
          finish: lm.at(-1)?.finishReason ?? null,
        })),
        calls_left_out: outcome.trace.length - outcome.trace.slice(first - 1, first - 1 + calls).length,
      },
    };
  },
});

/** A trace of another version may have kinds of errors that this one does not know. */
function errorWords({
  kind,
  message,
  file,
  line,
}: {
  kind: string;
  message: string;
  file?: string;
  line?: number;
}): string {
  const place = file === undefined ? {} : { file, ...(line === undefined ? {} : { line }) };
  return errorText({ kind: kind as 'program', message, ...place }, true);
}
