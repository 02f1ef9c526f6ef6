/** What a run's program runs were given and answered, from its trace store: one of each row of a split. */
import type * as z from 'zod';
import type { Fields } from '../../base/json.ts';
import type { Example } from '../../data/program.ts';
import type { ProgramOutcome } from '../../data/trace.ts';
import type { Purpose } from '../../protocol.ts';
import { runFiles } from '../record/runFolder.ts';
import type { RunLocation } from '../record/runFolder.ts';
import { traceRecordSchema } from '../record/traceRecord.ts';
import { readTrace } from '../record/traceStore.ts';
import type { Answer } from './answer.ts';

type TracedRun = z.infer<typeof traceRecordSchema>;

export type Split = 'train' | 'dev' | 'test';

export interface BestState {
  /** The step that ended with it. */
  readonly prefix: string;
  /** Content hash; `null` of the baseline, whose evaluation says it. */
  readonly state: string | null;
}

export interface AskedAnswers {
  /** Rows to train on and rows that were held out are never mixed: a score on rows that were trained on says nothing. */
  readonly split: Exclude<Split, 'test'>;
  /** `null`: of the whole program; else of each call of this one. */
  readonly predictor: string | null;
  /** A lower score is a failure. */
  readonly threshold: number;
  /** `null`: there is none yet. */
  readonly best: BestState | null;
  /** The rows of the split by number; `null`: they cannot be read. */
  readonly rows: ReadonlyMap<number, Example> | null;
}

export interface RunAnswers {
  /** In the order of the rows. */
  readonly answers: readonly Answer[];
  /** Rows of other splits that the run has traces of. */
  readonly others: Readonly<Record<Split, number>>;
}

/** Of each row the program run of the best state, else the latest. Records that are damaged are passed over. */
export function runAnswers(run: RunLocation, asked: AskedAnswers): RunAnswers {
  const { traces } = runFiles(run.folder);
  const { places, others } = chosen(traces, asked);
  const answers = [...places.keys()]
    .toSorted((a, b) => a - b)
    .flatMap((example) => answersOf(recordAt(traces, places.get(example)!.place)!, asked));
  return { answers, others: { train: others.train.size, dev: others.dev.size, test: others.test.size } };
}

interface Chosen {
  readonly place: number;
  readonly rank: number;
}

/** Where the records lie that count; one at a time is in memory. */
function chosen(traces: string, { split, best }: AskedAnswers) {
  const places = new Map<number, Chosen>();
  const others = { train: new Set<number>(), dev: new Set<number>(), test: new Set<number>() };
  let state = best?.state ?? null;
  for (let place = 0; ; place++) {
    const record = recordAt(traces, place);
    if (record === undefined) return { places, others };
    if (record === null) continue;
    if (state === null && isEvaluation(record) && record.step === best?.prefix) state = record.state;
    const of = splitOf(record.purpose);
    if (of !== split) {
      others[of].add(record.example);
      continue;
    }
    const rank = rankOf(record, state);
    if (rank >= (places.get(record.example)?.rank ?? 0)) places.set(record.example, { place, rank });
  }
}

/** `null`: it is damaged. `undefined`: there are no more. */
function recordAt(traces: string, place: number): TracedRun | null | undefined {
  const value = readTrace(traces, place);
  return value === undefined ? undefined : (traceRecordSchema.safeParse(value).data ?? null);
}

const splitOf = (purpose: Purpose): Split => (purpose === 'dev' || purpose === 'test' ? purpose : 'train');

/** Of the state that a step ended with. */
const isEvaluation = ({ candidate, purpose }: TracedRun): boolean =>
  candidate === null && /^(?:dev|test)$/.test(purpose);

/** Of the best state what it answers by itself comes before what it was made to answer otherwise. */
function rankOf({ state, round }: TracedRun, best: string | null): number {
  if (state !== best) return 0;
  return round === 0 ? 2 : 1;
}

function answersOf({ example, outcome }: TracedRun, { predictor, threshold, rows }: AskedAnswers): readonly Answer[] {
  const failed = outcome.error !== undefined || outcome.score < threshold;
  if (predictor !== null) {
    const calls = outcome.trace.filter((call) => call.predictor === predictor);
    return calls.map(({ inputs, outputs }) => ({ inputs, outputs, failed }));
  }
  const row = rows?.get(example);
  const given = givenIn(outcome);
  return [{ inputs: row === undefined ? given : inputsOf(row, given, outcome), outputs: outcome.prediction, failed }];
}

/**
 * The row's own inputs. Where nothing says which they are, all of its fields count as such, labels too: then those that a
 * call was given, else those that the program did not answer.
 */
function inputsOf({ inputs, fields }: Example, given: Fields, { prediction }: ProgramOutcome): Fields {
  if (Object.keys(inputs).length < Object.keys(fields).length) return inputs;
  const only = (isIn: (name: string) => boolean): Fields =>
    Object.fromEntries(Object.entries(inputs).filter(([name]) => isIn(name)));
  const known = only((name) => Object.hasOwn(given, name));
  return Object.keys(known).length > 0 ? known : only((name) => !Object.hasOwn(prediction ?? {}, name));
}

/** What calls were given and no call before them gave: the program's inputs, and what it looked up for itself. */
function givenIn({ trace }: ProgramOutcome): Fields {
  const inputs: Record<string, Fields[string]> = {};
  const made = new Set<string>();
  for (const call of trace) {
    for (const [name, value] of Object.entries(call.inputs)) if (!made.has(name)) inputs[name] ??= value;
    for (const name of Object.keys(call.outputs ?? {})) made.add(name);
  }
  return inputs;
}
