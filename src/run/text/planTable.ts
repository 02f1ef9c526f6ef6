import type { Estimate } from '../../engine/estimate.ts';
import type { PlannedStep } from '../../engine/plan.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import type { RunPlan } from '../work/request.ts';
import { codeSentences } from './codeSentences.ts';
import { capLines, missingPrice } from './price.ts';
import { deploymentSentences } from './deploymentSentences.ts';
import { keySentences, serviceKeySentences } from './keySentences.ts';
import { plainTable } from './table.ts';
import { onScreen, screenLines } from './screenText.ts';
import type { ScreenText } from './screenText.ts';
import { rowsTell } from '../../view/rowsTell.ts';
import { dollars, fromText, plural, short, startName, stepName } from '../../view/words.ts';

const head = ['step', '', 'calls', 'tokens in', 'tokens out', 'dollars', 'training rows'];

/** `--dry-run`: what a run would take, and at most; and whether the caps of `config` are enough for it. */
export function planTable(
  planned: RunPlan,
  config: Pick<ResolvedProgram, 'endpoint' | 'services' | 'model' | 'strategy' | 'steps' | 'budget'>,
): ScreenText {
  const { program, strategy, from, plan, promptsTo, servicesTo = [], rowsTo, keys = [], serviceKeys = [] } = planned;
  const { codeTo = [], warnings = [], noTraining } = planned;
  const rows = plan.steps.map((step) => [
    stepName(step.prefix, startName(from)),
    step.title,
    ...cells(step),
    step.job === undefined ? '' : range(step.job.rows, short),
  ]);
  const total = ['in all', '', ...cells(plan), plan.jobs === 0 ? '' : plural(plan.jobs, 'job')];
  const { sample } = plan;
  const told = rowsTell(planned.devRows);
  const notes = [
    ...(noTraining === undefined ? [] : [noTraining]),
    ...capLines(planned, config.budget),
    ...missingPrice(planned, config),
    ...warnings.map((warning) => `Warning: ${warning}`),
    `${told.rows}: ${told.tell}.`,
    `Estimated from ${plural(sample.runs, 'run')} of the program (${plural(sample.paidCalls, 'call')} paid for them), ` +
      `${Math.round(100 * sample.correct)} % correct. In brackets: at most. What the memo knows is free.`,
    ...(plan.steps.some(({ kind }) => kind === 'p') ? ['Candidates that stop early make it less.'] : []),
    promptsTo === null ? 'Prompts stay on this machine.' : `Prompts go to ${promptsTo}.`,
    ...(servicesTo.length === 0
      ? []
      : [`LMs that the program or its steps name may be asked at ${servicesTo.join(', ')}.`]),
    ...codeSentences(codeTo),
    ...(plan.jobs === 0
      ? []
      : [rowsTo === null ? 'Training rows stay on this machine.' : `Training rows go to ${rowsTo}.`]),
    ...deploymentSentences(planned.deploysAt),
    ...keySentences(keys),
    ...serviceKeySentences(serviceKeys),
    'The run was not started.',
  ];
  const title = `${program}, ${strategy === '' ? `${startName(from)} only` : strategy}${fromText(from)}`;
  return onScreen`${title}\n\n${plainTable(head, [...rows, total], 2)}\n${screenLines(notes)}`;
}

function cells(step: Pick<PlannedStep, 'calls' | 'inputTokens' | 'outputTokens' | 'usd'>): string[] {
  return [
    range(step.calls, short),
    range(step.inputTokens, short),
    range(step.outputTokens, short),
    range(step.usd, dollars),
  ];
}

function range(estimate: Estimate | null, format: (value: number) => string): string {
  if (estimate === null) return 'unknown';
  const { expected, most } = estimate;
  return expected === most ? format(expected) : `${format(expected)} (${format(most)})`;
}
