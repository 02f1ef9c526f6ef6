/** What a run's program runs were given and answered, from its trace store. */
import * as z from 'zod';
import type { Fields } from '../../base/json.ts';
import { programOutcomeSchema } from '../../data/trace.ts';
import type { ProgramOutcome } from '../../data/trace.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { runFiles } from '../record/runFolder.ts';
import type { RunLocation } from '../record/runFolder.ts';
import { readTrace } from '../record/traceStore.ts';
import type { Answer } from './answer.ts';

const recordSchema = z.object({ outcome: programOutcomeSchema });

/**
 * One of each program run, in their order; with a predictor one of each call of it. Records that are damaged are passed over.
 *
 * @param asked what the run was asked to do: a score below its threshold is a failure.
 */
export function* runAnswers(
  run: RunLocation,
  { threshold }: Pick<ResolvedProgram, 'threshold'>,
  predictor: string | null,
): Generator<Answer> {
  const { traces } = runFiles(run.folder);
  for (let place = 0; ; place++) {
    const value = readTrace(traces, place);
    if (value === undefined) return;
    const outcome = recordSchema.safeParse(value).data?.outcome;
    if (outcome === undefined) continue;
    const failed = outcome.error !== undefined || outcome.score < threshold;
    if (predictor === null) yield { inputs: inputsOf(outcome), outputs: outcome.prediction, failed };
    else for (const call of outcome.trace) if (call.predictor === predictor) yield { ...call, failed };
  }
}

/** A trace has no row: what calls were given and no call before them gave is what the program was given. */
function inputsOf({ trace }: ProgramOutcome): Fields {
  const inputs: Record<string, Fields[string]> = {};
  const made = new Set<string>();
  for (const call of trace) {
    for (const [name, value] of Object.entries(call.inputs)) if (!made.has(name)) inputs[name] ??= value;
    for (const name of Object.keys(call.outputs ?? {})) made.add(name);
  }
  return inputs;
}
