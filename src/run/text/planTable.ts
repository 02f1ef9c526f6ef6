import * as l10n from '../../base/l10n.ts';
import type { Estimate } from '../../engine/estimate.ts';
import type { PlannedStep } from '../../engine/plan.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import type { RunPlan } from '../work/request.ts';
import { codeSentences } from './codeSentences.ts';
import { capLines, earlyStopSentences, missingPrice } from './price.ts';
import { trainedOn } from '../../engine/plan.ts';
import { deploymentSentences } from './deploymentSentences.ts';
import { keySentences, serviceKeySentences } from './keySentences.ts';
import { plainTable } from './table.ts';
import { onScreen, screenLines } from './screenText.ts';
import type { ScreenText } from './screenText.ts';
import { rowsTell } from '../../view/rowsTell.ts';
import { dollars, fromText, short, startName, stepName } from '../../view/words.ts';
import { counted } from '../../view/counted.ts';

const head = (): readonly string[] => [
  l10n.t('step'),
  '',
  l10n.t('calls'),
  l10n.t('tokens in'),
  l10n.t('tokens out'),
  l10n.t('dollars'),
  l10n.t('training rows'),
  l10n.t('training tokens'),
];

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
    ...(step.job === undefined ? ['', ''] : [range(step.job.rows, short), range(step.job.tokens, short)]),
  ]);
  const jobs = plan.jobs === 0 ? ['', ''] : [counted(plan.jobs, 'job'), range(trainedOn(plan), short)];
  const total = [l10n.t('in all'), '', ...cells(plan), ...jobs];
  const { sample } = plan;
  const told = rowsTell(planned.devRows);
  const notes = [
    ...(noTraining === undefined ? [] : [noTraining]),
    ...capLines(planned, config.budget),
    ...missingPrice(planned, config),
    ...warnings.map((warning) => l10n.t`Warning: ${warning}`),
    `${told.rows}: ${told.tell}.`,
    sampleText(sample),
    ...earlyStopSentences(plan),
    promptsTo === null ? l10n.t('Prompts stay on this machine.') : l10n.t`Prompts go to ${promptsTo}.`,
    ...(servicesTo.length === 0
      ? []
      : [l10n.t`LMs that the program or its steps name may be asked at ${servicesTo.join(', ')}.`]),
    ...codeSentences(codeTo),
    ...(plan.jobs === 0
      ? []
      : [rowsTo === null ? l10n.t('Training rows stay on this machine.') : l10n.t`Training rows go to ${rowsTo}.`]),
    ...deploymentSentences(planned.deploysAt),
    ...keySentences(keys),
    ...serviceKeySentences(serviceKeys),
    l10n.t('The run was not started.'),
  ];
  const title = `${program}, ${strategy === '' ? l10n.t`${startName(from)} only` : strategy}${fromText(from)}`;
  return onScreen`${title}\n\n${plainTable(head(), [...rows, total], 2)}\n${screenLines(notes)}`;
}

function sampleText({ runs, paidCalls, correct }: RunPlan['plan']['sample']): string {
  const [ran, paid] = [counted(runs, 'run'), counted(paidCalls, 'call')];
  return l10n.t`Estimated from ${ran} of the program (${paid} paid for them), ${Math.round(100 * correct)} % correct. In brackets: at most. What the memo knows is free.`;
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
  if (estimate === null) return l10n.t('unknown');
  const { expected, most } = estimate;
  return expected === most ? format(expected) : `${format(expected)} (${format(most)})`;
}
