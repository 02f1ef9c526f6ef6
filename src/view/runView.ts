/** What the events of a run add up to: the one picture that the command line, the editor and the webview draw. */
import * as z from 'zod';
import type { Immutable } from '../base/immutable.ts';
import { countSchema } from '../base/counts.ts';
import { userCodeErrorSchema } from '../data/trace.ts';
import { differenceSchema, scoreSchema, stepInfoSchema, usageSchema } from '../protocol.ts';
import type { LoggedEvent, RunResult, StepInfo, Usage } from '../protocol.ts';
import { candidateViewSchema } from './candidate.ts';
import { jobViewSchema } from './job.ts';
import { policyUpdateSchema } from './policy.ts';
import { proposalCountsSchema } from './proposals.ts';
import { workCountSchema, workSchema } from './work.ts';
import { noWorkTime, workTimeSchema } from './workTime.ts';

export type Started = Extract<LoggedEvent, { type: 'run.started' }>;
export type Stopped = Extract<LoggedEvent, { type: 'run.stopped' }>;
export type Split = Extract<LoggedEvent, { type: 'evaluated' }>['split'];

const evaluationSchema = z.object({
  score: scoreSchema,
  gain: differenceSchema.exactOptional(),
  usage: usageSchema,
  seconds: z.number(),
});
export type EvaluationView = Immutable<z.infer<typeof evaluationSchema>>;

/** A row whose program run ended in an error; numbered from 0. */
const failedRowSchema = z.object({ example: countSchema, error: userCodeErrorSchema });

const bySplit = <T extends z.ZodType>(of: T) =>
  z.object({ train: of.exactOptional(), dev: of.exactOptional(), test: of.exactOptional() });

export const stepViewSchema = z.object({
  /** '' is the baseline. */
  prefix: z.string(),
  /** `null`: the baseline, or a point of the lattice. */
  step: stepInfoSchema.nullable(),
  /** `stopped`: the run stopped, or is gone, while it was running. */
  status: z.enum(['waiting', 'running', 'stopped', 'done', 'skipped']),
  /** Why it was skipped. */
  reason: z.string().nullable(),
  examples: countSchema.nullable(),
  candidates: z.array(candidateViewSchema),
  /** The candidate that was chosen. */
  chosen: countSchema.nullable(),
  search: z.object({
    /** How many are tried, where it is known before. */
    candidates: countSchema.nullable(),
    /** Rows a candidate is validated on. */
    validation: countSchema.nullable(),
    /** Rows that are not run: of candidates that were stopped early, or that are scored on some rows alone. */
    spared: countSchema,
  }),
  /** `null`: the step proposes nothing, or nothing yet. */
  proposals: proposalCountsSchema.nullable(),
  /** Of a step that learns from rewards: its updates so far, the latest of them where there are many. */
  policy: z.array(policyUpdateSchema),
  collected: z
    .object({
      tried: countSchema,
      correct: countSchema,
      rows: countSchema,
      byPredictor: z.record(z.string(), countSchema),
    })
    .nullable(),
  job: jobViewSchema.nullable(),
  /** Program runs since the step was begun, and those of them that are being made just now. */
  work: z.partialRecord(workSchema, workCountSchema),
  atWork: workSchema.nullable(),
  evaluations: bySplit(evaluationSchema),
  /** Of the rows that failed when the step's own result was evaluated, the first of each split. */
  failing: bySplit(failedRowSchema),
  /** Content hash of the state the step ended with. */
  state: z.string().nullable(),
  /** Of the step itself, its evaluations not among them; over all sessions that got to its end. */
  usage: usageSchema.nullable(),
  seconds: z.number().nullable(),
});
export type StepView = Immutable<z.infer<typeof stepViewSchema>>;

/** What a page is sent of the picture as it is; the rest of `RunView` are whole events. */
export const runPictureSchema = z.object({
  steps: z.array(stepViewSchema),
  usage: usageSchema,
  warnings: z.array(z.string()),
  /** ISO 8601; of the first and the last event. */
  began: z.string().nullable(),
  updated: z.string().nullable(),
  worked: workTimeSchema,
});

export interface RunView extends Immutable<z.infer<typeof runPictureSchema>> {
  /** Calls that count against a cap: those of `usage`, and what was under way when a session was cut off. */
  readonly countedCalls: number;
  readonly started: Started | null;
  /** How the log ends: with a result, with a stop, or in the middle (a process is at it, or was killed). */
  readonly end: 'open' | 'finished' | 'stopped';
  readonly stopped: Stopped | null;
  readonly result: RunResult | null;
}

const noUsage: Usage = { calls: 0, cached: 0, inputTokens: 0, outputTokens: 0, usd: 0 };

export const emptyView: RunView = {
  started: null,
  steps: [],
  usage: noUsage,
  countedCalls: 0,
  warnings: [],
  end: 'open',
  stopped: null,
  result: null,
  began: null,
  updated: null,
  worked: noWorkTime,
};

/** A sum with one unknown in it is unknown. */
export function addUsage(a: Usage, b: Usage): Usage {
  const both = (x: number | null, y: number | null): number | null => (x === null || y === null ? null : x + y);
  return {
    calls: a.calls + b.calls,
    cached: a.cached + b.cached,
    inputTokens: both(a.inputTokens, b.inputTokens),
    outputTokens: both(a.outputTokens, b.outputTokens),
    usd: both(a.usd, b.usd),
  };
}

/** With something that the reader of the log has to say, once. */
export function withNote(view: RunView, note: string): RunView {
  return view.warnings.includes(note) ? view : { ...view, warnings: [...view.warnings, note] };
}

/** A lattice point has scores, but no step: it is measured and nothing else. */
export function isLatticeKey(prefix: string): boolean {
  return prefix.includes(' × ');
}

/** The step in a run that is no longer worked on: what the log shows as running has stopped. */
export function cutShort(step: StepView): StepView {
  const { status, candidates, job } = step;
  return {
    ...step,
    status: status === 'running' ? 'stopped' : status,
    candidates: candidates.map((one) => (one.status === 'running' ? { ...one, status: 'stopped' } : one)),
    job: job?.status === 'running' || job?.status === 'intended' ? { ...job, status: 'stopped' } : job,
  };
}

export function waitingStep(prefix: string, step: StepInfo | null): StepView {
  return {
    prefix,
    step,
    status: prefix === '' ? 'running' : 'waiting',
    reason: null,
    examples: null,
    candidates: [],
    chosen: null,
    search: { candidates: null, validation: null, spared: 0 },
    proposals: null,
    policy: [],
    collected: null,
    job: null,
    work: {},
    atWork: null,
    evaluations: {},
    failing: {},
    state: null,
    usage: null,
    seconds: null,
  };
}
