/** What the events of a run add up to: the one picture that the command line, the editor and the webview draw. */
import type { UserCodeError } from '../data/trace.ts';
import type { CandidateFacts, LoggedEvent, RunResult, Score, StepInfo, Usage } from '../protocol.ts';

export type Started = Extract<LoggedEvent, { type: 'run.started' }>;
export type Stopped = Extract<LoggedEvent, { type: 'run.stopped' }>;
export type Purpose = Extract<LoggedEvent, { type: 'example' }>['purpose'];
export type Split = Extract<LoggedEvent, { type: 'evaluated' }>['split'];

export interface CandidateView {
  readonly candidate: number;
  /** What its optimizer noted of it. */
  readonly about: CandidateFacts;
  readonly status: 'running' | 'done' | 'stoppedEarly';
  readonly score: Score | null;
}

export interface JobView {
  readonly hash: string;
  readonly id: string | null;
  readonly status: 'intended' | 'running' | 'succeeded' | 'failed';
  readonly rows: number;
  readonly step: number | null;
  readonly steps: number | null;
  readonly loss: number | null;
  readonly message: string;
  /** The served name of the tuned model. */
  readonly model: string | null;
  readonly cached: boolean;
}

/** Program runs of one kind in a step: how many, what they scored, how many the memo answered. */
export interface ActivityView {
  readonly purpose: Purpose;
  readonly candidate: number | null;
  readonly done: number;
  /** Sum of the scores, each from 0 to 1. */
  readonly sum: number;
  readonly cached: number;
  readonly failed: number;
}

export interface EvaluationView {
  readonly score: Score;
  readonly usage: Usage;
  readonly seconds: number;
}

/** A row whose program run ended in an error; numbered from 0. */
export interface FailedRow {
  readonly example: number;
  readonly error: UserCodeError;
}

export interface StepView {
  /** '' is the baseline. */
  readonly prefix: string;
  /** `null`: the baseline, or a point of the lattice. */
  readonly step: StepInfo | null;
  readonly status: 'waiting' | 'running' | 'done' | 'skipped';
  /** Why it was skipped. */
  readonly reason: string | null;
  readonly examples: number | null;
  readonly candidates: readonly CandidateView[];
  /** The candidate that was chosen. */
  readonly chosen: number | null;
  readonly collected: { readonly tried: number; readonly correct: number; readonly rows: number } | null;
  readonly job: JobView | null;
  /** What is being run just now. */
  readonly activity: ActivityView | null;
  readonly evaluations: Readonly<Partial<Record<Split, EvaluationView>>>;
  /** Of the rows that failed when the step's own result was evaluated, the first of each split. */
  readonly failing: Readonly<Partial<Record<Split, FailedRow>>>;
  /** Content hash of the state the step ended with. */
  readonly state: string | null;
  /** Of the step itself, its evaluations not among them; over all sessions that got to its end. */
  readonly usage: Usage | null;
  readonly seconds: number | null;
}

export interface RunView {
  readonly started: Started | null;
  readonly steps: readonly StepView[];
  readonly usage: Usage;
  readonly warnings: readonly string[];
  /** How the log ends: with a result, with a stop, or in the middle (a process is at it, or was killed). */
  readonly end: 'open' | 'finished' | 'stopped';
  readonly stopped: Stopped | null;
  readonly result: RunResult | null;
  /** ISO 8601; of the first and the last event. */
  readonly began: string | null;
  readonly updated: string | null;
}

const noUsage: Usage = { calls: 0, cached: 0, inputTokens: 0, outputTokens: 0, usd: 0 };

export const emptyView: RunView = {
  started: null,
  steps: [],
  usage: noUsage,
  warnings: [],
  end: 'open',
  stopped: null,
  result: null,
  began: null,
  updated: null,
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

/** Steps of logs that do not say what they are: there were two. */
export function stepBefore(name: string): StepInfo {
  return name === 'w'
    ? { name, kind: 'w', title: 'fine-tuning', changes: 'weights' }
    : { name, kind: 'p', title: 'prompt search', changes: 'prompts' };
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
    collected: null,
    job: null,
    activity: null,
    evaluations: {},
    failing: {},
    state: null,
    usage: null,
    seconds: null,
  };
}
