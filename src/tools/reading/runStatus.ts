/** How far a run is and what it reached, in the few facts that a model needs. */
import * as z from 'zod';
import { formatStrategy } from '../../data/strategy.ts';
import { readSpent } from '../../run/record/spendLedger.ts';
import { runFiles } from '../../run/record/runFolder.ts';
import { readRun } from '../../run/reading/summary.ts';
import type { RunSummary } from '../../run/reading/summary.ts';
import { lastOutput } from '../../editor/processes/runProcess.ts';
import { activityOf } from '../../view/activity.ts';
import { gainText, runVerdict } from '../../view/gain.ts';
import type { StepView } from '../../view/runView.ts';
import { purposeName, startName, stepName } from '../../view/words.ts';
import { cut } from '../base/bounded.ts';
import type { HostWords } from '../base/host.ts';
import type { NamedRun } from '../base/find.ts';

const intervalSchema = z.object({
  /** Per cent, with its 95 % interval. */
  score: z.number(),
  low: z.number(),
  high: z.number(),
  rows: z.number(),
  failed: z.number(),
  /** Against what the run began with, on the same rows; left out for that itself. */
  gain: z.string().exactOptional(),
});

export const runStatusSchema = z.object({
  run: z.string(),
  folder: z.string(),
  program: z.string(),
  strategy: z.string(),
  model: z.string(),
  status: z.enum(['running', 'finished', 'stopped', 'crashed']),
  /** Of the person on this machine; else it can be looked at and nothing more. */
  made_here: z.boolean(),
  created: z.string(),
  /** Where the state was found that it began with; `null`: the program as written. */
  from: z.string().nullable(),
  steps: z.array(
    z.object({
      step: z.string(),
      status: z.string(),
      doing: z.string().exactOptional(),
      why: z.string().exactOptional(),
      dev: intervalSchema.exactOptional(),
      test: intervalSchema.exactOptional(),
    }),
  ),
  final: z.string().nullable(),
  best: z.string().nullable(),
  /** Whether the best state is better than what the run began with. */
  verdict: z.string().nullable(),
  calls: z.number(),
  calls_from_memo: z.number(),
  usd: z.number().nullable(),
  cap: z.object({ calls: z.number().nullable(), tokens: z.number().nullable(), usd: z.number().nullable() }),
  /** Why it ended, or what went wrong. */
  problem: z.string().nullable(),
  warnings: z.array(z.string()),
});
export type RunStatusData = z.infer<typeof runStatusSchema>;

/** Steps and warnings of a run that a model is told; the latest of more. */
const stepsTold = 30;
const warningsTold = 5;

export async function runStatus({ root, run }: NamedRun): Promise<RunStatusData> {
  const summary = await readRun(run);
  const { manifest, madeHere, view, status } = summary;
  const { asked } = manifest;
  const name = (prefix: string): string => cut(stepName(prefix, startName(manifest.start?.from)), 300);
  const { result } = view;
  const verdict = runVerdict(view, result?.best ?? null);
  return {
    run: run.id,
    folder: root,
    program: cut(asked.key, 300),
    strategy: cut(stepName(formatStrategy(asked.strategy)), 300),
    model: cut(asked.model, 200),
    status,
    made_here: madeHere,
    created: manifest.created,
    from: manifest.start === undefined ? null : cut(manifest.start.from, 300),
    steps: view.steps.slice(-stepsTold).map((step) => stepData(step, summary, name)),
    final: result === null ? null : name(result.final),
    best: result === null ? null : name(result.best),
    verdict: verdict === null ? null : cut(verdict.text, 600),
    ...costs(summary),
    usd: view.usage.usd,
    cap: asked.budget,
    problem: await problemOf(summary),
    warnings: view.warnings.slice(-warningsTold).map((warning) => cut(warning, 400)),
  };
}

/** Calls as the account has them, where there is one to be trusted: a run that was cut off paid for more than its log says. */
function costs({ run, manifest, madeHere, view }: RunSummary): { calls: number; calls_from_memo: number } {
  const memo = view.usage.cached;
  if (!madeHere || view.result !== null) return { calls: view.usage.calls, calls_from_memo: memo };
  try {
    const { calls } = readSpent(runFiles(run.folder).spent, manifest.program !== null);
    return { calls: Math.max(calls, view.usage.calls), calls_from_memo: memo };
  } catch {
    return { calls: view.usage.calls, calls_from_memo: memo };
  }
}

function stepData(step: StepView, { view }: RunSummary, name: (prefix: string) => string): RunStatusData['steps'][0] {
  const doing = step.status === 'running' ? activityOf(step, view.started?.splits ?? null) : null;
  const { dev, test } = step.evaluations;
  const measured = (one: typeof dev) =>
    one === undefined
      ? undefined
      : {
          ...{ score: one.score.score, low: one.score.low, high: one.score.high },
          ...{ rows: one.score.n, failed: one.score.failed },
          ...(one.gain === undefined ? {} : { gain: gainText(one.gain) }),
        };
  const [onDev, onTest] = [measured(dev), measured(test)];
  return {
    step: name(step.prefix),
    status: step.status,
    ...(doing === null
      ? {}
      : { doing: `${purposeName[doing.work]}, ${doing.done}${doing.of === null ? '' : ` of ${doing.of}`}` }),
    ...(step.reason === null ? {} : { why: cut(step.reason, 400) }),
    ...(onDev === undefined ? {} : { dev: onDev }),
    ...(onTest === undefined ? {} : { test: onTest }),
  };
}

/** What a process printed before its first event is all there is to say why it never began. */
async function problemOf({ run, view, status, madeHere }: RunSummary): Promise<string | null> {
  if (view.stopped !== null && status !== 'running') return cut(view.stopped.message, 1500);
  if (status !== 'crashed') return null;
  if (view.started !== null) return 'Its process is gone, and the run has not finished.';
  const said = madeHere ? await lastOutput(runFiles(run.folder).output).catch(() => '') : '';
  return cut(`It never began. ${said === '' ? 'Its process is gone.' : `Its process said: ${said}`}`, 2000);
}

/** What a model makes of it: how it stands, and what can be done next. */
export function statusSentence(data: RunStatusData, words: HostWords): string {
  const about = `Run ${data.run}`;
  if (!data.made_here) {
    return `${about} came with the folder and was not made by this person on this machine: what it says is somebody else's. ${words.takeOver(data.run)}`;
  }
  switch (data.status) {
    case 'running':
      return `${about} is at work. Ask bettertogether_get_status again, with "wait_seconds" rather than often.`;
    case 'finished':
      return `${about} has finished. ${data.verdict ?? ''}`.trim();
    case 'stopped':
    case 'crashed':
      return `${about} ${data.status === 'stopped' ? 'stopped' : 'broke off'} ("problem" says why). ${words.resume(data.run)} What was answered is remembered, so starting again pays only for the rest.`;
  }
}
