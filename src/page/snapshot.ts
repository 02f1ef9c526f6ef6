/** The picture of a run as the view draws it: the common fold and the view's own details put together. Pure. */
import { formatStrategy } from '../data/strategy.ts';
import type { Manifest } from '../run/record/manifest.ts';
import { sourceText } from '../view/words.ts';
import type { CandidateView, JobView, RunView, StepView } from '../view/runView.ts';
import { candidateText } from '../engine/optimizers/candidateText.ts';
import type { RunStatus } from '../run/reading/summary.ts';
import type { CandidateRow, JobRow, Snapshot, StepRow } from '../viewProtocol.ts';
import type { JobDetails, RunDetails, StepDetails } from './runDetails.ts';

export interface SnapshotParts {
  readonly run: string;
  readonly manifest: Manifest;
  readonly view: RunView;
  readonly details: RunDetails;
  readonly status: RunStatus;
  readonly complete: boolean;
  readonly version: number;
  readonly problem: string | null;
}

/** Points of a curve sent at most: more than a screen has columns. */
const pointsAtMost = 2000;

export function snapshotOf(parts: SnapshotParts): Snapshot {
  const { run, manifest, view, details, status, complete, version, problem } = parts;
  const { asked } = manifest;
  const { key, strategy, seed, model, endpoint, metric, threshold, budget } = asked;
  const now = status === 'running' || status === 'finished' ? still : cutShort;
  const steps = view.steps.map((step) => stepRow(step, details.step(step.prefix), view, now));
  return {
    type: 'snapshot',
    run,
    status,
    complete,
    version,
    asked: {
      program: key,
      strategy: formatStrategy(strategy),
      from: view.started?.from === undefined ? null : sourceText(view.started.from),
      seed,
      model,
      endpoint: endpoint.name,
      metric: metric.kind === 'builtin' ? `${metric.name}:${metric.field}` : metric.name,
      threshold,
      budget,
    },
    splits: view.started?.splits ?? null,
    began: view.began,
    updated: view.updated,
    usage: view.usage,
    warnings: [...view.warnings],
    stopped: view.stopped === null ? null : { reason: view.stopped.reason, message: view.stopped.message },
    best: view.result?.best ?? bestSoFar(steps),
    final: view.result?.final ?? null,
    steps,
    problem,
  };
}

/** What the log says of a part of the run, as it is now: where a run that stopped was at work, nobody works any more. */
type Now = <S extends string>(status: S) => S | 'stopped';
const still: Now = (status) => status;
const cutShort: Now = (status) => (status === 'running' || status === 'intended' ? 'stopped' : status);

/** The step with the best dev score so far; the earlier wins ties. */
function bestSoFar(steps: readonly StepRow[]): string | null {
  let best: StepRow | null = null;
  for (const step of steps) {
    if (step.dev !== null && (best?.dev == null || step.dev.score.score > best.dev.score.score)) best = step;
  }
  return best?.prefix ?? null;
}

function stepRow(step: StepView, details: StepDetails | undefined, view: RunView, now: Now): StepRow {
  const { prefix, step: info, status, reason, seconds, usage, chosen, evaluations, collected, job } = step;
  return {
    prefix,
    step: info,
    status: now(status),
    reason,
    seconds,
    usage,
    chosen,
    dev: evaluations.dev ?? null,
    test: evaluations.test ?? null,
    activity: activityOf(step, view),
    candidates: step.candidates.map((candidate) => candidateRow(candidate, info?.kind, details, now)),
    validation: details?.validation ?? null,
    collected: collected === null ? null : { ...collected, byPredictor: { ...details?.byPredictor } },
    job: job === null ? null : jobRow(job, details?.job ?? null, now),
  };
}

function activityOf({ activity, examples }: StepView, view: RunView): StepRow['activity'] {
  if (activity === null) return null;
  const { purpose, done, sum, failed } = activity;
  const splits = view.started?.splits;
  const of =
    purpose === 'dev' || purpose === 'test' || purpose === 'train'
      ? (splits?.[purpose] ?? null)
      : purpose === 'collect'
        ? examples
        : null;
  return { purpose, done, of, sum, failed };
}

function candidateRow(
  { candidate, about, status, score }: CandidateView,
  kind: string | undefined,
  details: StepDetails | undefined,
  now: Now,
): CandidateRow {
  const progress = details?.candidates.get(candidate);
  const { name, brief, facts } = candidateText(kind, about);
  return {
    candidate,
    ...{ name, brief, facts: [...facts] },
    status: now(status),
    score,
    scored: score?.n ?? progress?.scored ?? 0,
    sum: progress?.sum ?? 0,
    state: progress?.state ?? null,
  };
}

function jobRow(job: JobView, details: JobDetails | null, now: Now): JobRow {
  const { hash, id, status, rows, step, steps, message, model, cached } = job;
  return {
    hash,
    id,
    status: now(status),
    rows,
    step,
    steps,
    message,
    model,
    cached,
    trainedTokens: details?.trainedTokens ?? null,
    seconds: details?.seconds ?? null,
    loss: thinned(details?.loss ?? []),
    events: [...(details?.events ?? [])],
  };
}

/** Every n-th point, the last one always. */
function thinned(points: readonly (readonly [number, number])[]): [number, number][] {
  const every = Math.ceil(points.length / pointsAtMost);
  return points.filter((_, i) => i % every === 0 || i === points.length - 1).map(([x, y]) => [x, y]);
}
