/** The picture of a run as the view draws it: the common fold and the view's own details put together. Pure. */
import { given } from '../base/given.ts';
import { formatStrategy } from '../data/strategy.ts';
import type { RunLabel } from '../run/record/label.ts';
import type { Manifest } from '../run/record/manifest.ts';
import { sourceText } from '../view/words.ts';
import { runVerdict } from '../view/gain.ts';
import { activityOf } from '../view/activity.ts';
import { cutShort } from '../view/runView.ts';
import type { RunView, StepView } from '../view/runView.ts';
import { candidateText } from '../engine/optimizers/candidateText.ts';
import { unitScore } from '../engine/score.ts';
import type { RunStatus } from '../run/reading/summary.ts';
import type { Snapshot, StepRow } from '../viewProtocol/snapshot.ts';
import type { Act } from './acts.ts';
import type { JobCourse, RunDetails } from './runDetails.ts';

export interface SnapshotParts {
  readonly run: string;
  readonly manifest: Manifest;
  readonly view: RunView;
  readonly details: RunDetails;
  readonly status: RunStatus;
  readonly complete: boolean;
  readonly version: number;
  readonly label: RunLabel;
  readonly acts: readonly Act[];
  readonly problem: string | null;
}

/** Points of a curve sent at most: more than a screen has columns. */
const pointsAtMost = 2000;

export function snapshotOf(parts: SnapshotParts): Snapshot {
  const { run, manifest, view, details, status, complete, version, label, acts, problem } = parts;
  const { asked } = manifest;
  const { key, strategy, seed, model, endpoint, metric, threshold, budget } = asked;
  const isOver = status === 'stopped' || status === 'crashed';
  const steps = view.steps.map((step) => stepRow(isOver ? cutShort(step) : step, details, view));
  const best = view.result?.best ?? bestSoFar(steps);
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
    worked: view.worked,
    usage: view.usage,
    warnings: view.warnings,
    stopped: view.stopped === null ? null : { reason: view.stopped.reason, message: view.stopped.message },
    best,
    verdict: runVerdict({ steps, started: view.started }, best),
    final: view.result?.final ?? null,
    steps,
    name: label.name ?? null,
    note: label.note ?? null,
    acts,
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

function stepRow(step: StepView, details: RunDetails, view: RunView): StepRow {
  const { step: info, candidates, job } = step;
  const course = details.jobCourse(step.prefix);
  return {
    ...step,
    evaluations: withGains(step, details),
    activity: activityOf(step, view.started?.splits ?? null),
    course: details.course.ofStep(step.prefix),
    candidates: candidates.map((one) => ({
      ...one,
      ...candidateText(info?.kind, one.about),
      at: details.course.ofCandidate(step.prefix, one.candidate),
    })),
    job: job === null ? null : { ...job, ...shownCourse(course ?? { curve: [], events: [] }) },
  };
}

function withGains({ prefix, evaluations }: StepView, details: RunDetails): StepView['evaluations'] {
  const withGain = (split: 'train' | 'dev' | 'test') => {
    const evaluation = evaluations[split];
    return evaluation === undefined
      ? {}
      : { [split]: { ...evaluation, ...given({ gain: details.gain(prefix, split) }) } };
  };
  return { ...withGain('train'), ...withGain('dev'), ...withGain('test') };
}

/** As the page draws it: its curve thinned out. */
export function shownCourse({ curve, events }: JobCourse): { curve: [number, number][]; events: JobCourse['events'] } {
  return { curve: thinned(curve), events: [...events] };
}

/** Every n-th point, the last one always. */
function thinned(points: readonly (readonly [number, number])[]): [number, number][] {
  const every = Math.ceil(points.length / pointsAtMost);
  return points.filter((_, i) => i % every === 0 || i === points.length - 1).map(([x, y]) => [x, y]);
}
