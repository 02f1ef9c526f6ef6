/** The picture of a run as the view draws it: the common fold and the view's own details put together. Pure. */
import { formatStrategy } from '../data/strategy.ts';
import type { Manifest } from '../run/record/manifest.ts';
import { sourceText } from '../view/words.ts';
import { activityOf } from '../view/activity.ts';
import { cutShort } from '../view/runView.ts';
import type { RunView, StepView } from '../view/runView.ts';
import { candidateText } from '../engine/optimizers/candidateText.ts';
import { unitScore } from '../engine/score.ts';
import type { RunStatus } from '../run/reading/summary.ts';
import type { Snapshot, StepRow } from '../viewProtocol.ts';
import type { JobCourse, RunDetails } from './runDetails.ts';

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
  const isOver = status === 'stopped' || status === 'crashed';
  const steps = view.steps.map((step) => stepRow(isOver ? cutShort(step) : step, details.jobCourse(step.prefix), view));
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
      threshold: unitScore(threshold, asked.metricRange),
      budget,
    },
    splits: view.started?.splits ?? null,
    began: view.began,
    updated: view.updated,
    usage: view.usage,
    warnings: view.warnings,
    stopped: view.stopped === null ? null : { reason: view.stopped.reason, message: view.stopped.message },
    best: view.result?.best ?? bestSoFar(steps),
    final: view.result?.final ?? null,
    steps,
    problem,
  };
}

/** The step with the best dev score so far; the earlier wins ties. */
function bestSoFar(steps: readonly StepRow[]): string | null {
  let best: StepRow | null = null;
  for (const step of steps) {
    const [dev, most] = [step.evaluations.dev, best?.evaluations.dev];
    if (dev !== undefined && (most === undefined || dev.score.score > most.score.score)) best = step;
  }
  return best?.prefix ?? null;
}

function stepRow(step: StepView, course: JobCourse | undefined, view: RunView): StepRow {
  const { step: info, candidates, job } = step;
  return {
    ...step,
    activity: activityOf(step, view.started?.splits ?? null),
    candidates: candidates.map((one) => ({ ...one, ...candidateText(info?.kind, one.about) })),
    job: job === null ? null : { ...job, curve: thinned(course?.curve ?? []), events: [...(course?.events ?? [])] },
  };
}

/** Every n-th point, the last one always. */
function thinned(points: readonly (readonly [number, number])[]): [number, number][] {
  const every = Math.ceil(points.length / pointsAtMost);
  return points.filter((_, i) => i % every === 0 || i === points.length - 1).map(([x, y]) => [x, y]);
}
