/** One look at the price: what a run or a comparison takes, where data goes, the cap; and what can still be changed. */
import * as l10n from '../../base/l10n.ts';
import type { BudgetCaps, ResolvedProgram } from '../../config/resolved.ts';
import { checkPrices } from '../../config/resolve.ts';
import { messageOf } from '../../base/errors.ts';
import { consequencesOf } from '../../run/work/consequences.ts';
import type { RunPlan } from '../../run/work/request.ts';
import { planTable } from '../../run/text/planTable.ts';
import { earlyStopSentences } from '../../run/text/price.ts';
import { pick } from '../session/targets.ts';
import { notify } from '../base/messages.ts';
import type { Session } from '../session/session.ts';
import type { ProgramItem } from '../../editor/items/programItem.ts';
import { parseCap, writeCap } from '../../editor/settings/caps.ts';
import { configured } from './configured.ts';
import type { Configured } from './configured.ts';
import { showConfig, writeConfig } from './configFile.ts';
import { showReadOnlyText } from '../base/readOnlyText.ts';
import { uiText } from '../../editor/uiText.ts';
import { runBefore } from '../../editor/items/runBefore.ts';
import { rowsTell } from '../../view/rowsTell.ts';
import { askText, choose } from '../base/picker.ts';
import type { Choice } from '../base/picker.ts';
import { otlpInSettings } from '../base/otlp.ts';
import { capText, destinationText, expectedText, startDetail, warningText } from '../../editor/settings/planText.ts';

type Decision = 'start' | 'steps' | 'cap' | 'change' | 'file' | 'estimate' | 'withoutTraining' | 'module' | Note;

/** When chosen, it is shown in full: a line of the picker holds no more than its beginning. */
interface Note {
  readonly kind: 'info' | 'warning';
  readonly text: string;
}

export interface Deciding {
  readonly session: Session;
  readonly program: ProgramItem;
  readonly chosen: Configured;
  readonly title: string;
  /** What it is about, in a line. */
  what(chosen: Configured): string;
  readonly plan: RunPlan | null;
  price(): Promise<RunPlan | null>;
  /** Cap or settings are others now. */
  changed(chosen: Configured): void;
  /** Changes the settings to what an endpoint that does not train can do; left out where there is no such change. */
  withoutTraining?(): Promise<Configured>;
}

/** Resolves to `start`, or to how it ended otherwise: `change` asks for the whole question again. */
export async function decidePrice(deciding: Deciding): Promise<'start' | 'change' | 'file'> {
  const { session, program, changed } = deciding;
  let { chosen, plan } = deciding;
  for (;;) {
    const decision = await decide(deciding, chosen, plan);
    if (decision === 'start' || decision === 'change') return decision;
    if (decision === 'file') {
      await showConfig(chosen.root, chosen.key, false);
      return 'file';
    }
    if (typeof decision === 'object') void notify(decision.kind, decision.text);
    if (decision === 'module') await session.run('showGatheredModule', { program });
    if (decision === 'steps') await showPlan(plan!, chosen);
    if (decision === 'estimate') plan = await deciding.price();
    if (decision === 'withoutTraining') {
      chosen = await deciding.withoutTraining!();
      changed(chosen);
      plan = await deciding.price();
    }
    if (decision === 'cap') {
      chosen = await changeCap(session, program, chosen);
      changed(chosen);
    }
  }
}

async function decide(deciding: Deciding, chosen: Configured, plan: RunPlan | null): Promise<Decision> {
  const { config } = chosen;
  const choices: Choice<Decision>[] = [
    ...beginning(deciding, chosen, plan),
    ...(plan === null ? [] : notesOf(plan)),
    ...noteBefore(deciding.session, chosen),
    // A separator with a long text would cover the line below it.
    noteChoice('info', l10n.t('Data and keys'), destinationText(consequencesOf(config, 'run', otlpInSettings()))),
    plan === null ? estimateChoice : stepsChoice,
    ...(deciding.program.cell === undefined ? [] : [moduleChoice]),
    { icon: 'dashboard', label: l10n.t('Change the cap…'), description: capText(config.budget), value: 'cap' },
    { icon: 'settings-gear', label: l10n.t('Change data, metric, model or strategy…'), value: 'change' },
    { icon: 'json', label: l10n.t('Open bettertogether.json'), value: 'file' },
  ];
  return pick(await choose({ title: deciding.title, placeholder: deciding.what(chosen), choices }));
}

const estimateChoice: Choice<Decision> = {
  icon: 'pulse',
  label: l10n.t('Estimate what it takes'),
  description: l10n.t('runs five rows'),
  value: 'estimate',
};

const stepsChoice: Choice<Decision> = {
  icon: 'table',
  label: l10n.t('Every step'),
  description: l10n.t('calls, tokens and dollars of each'),
  value: 'steps',
};

/** Of a program in a notebook. */
const moduleChoice: Choice<Decision> = {
  icon: 'notebook',
  label: l10n.t('Show the gathered module'),
  description: l10n.t('what the run takes from the cells of the notebook'),
  value: 'module',
};

/** What goes on from here: the run, or what can be run where it would be refused. */
function beginning(
  { withoutTraining }: Deciding,
  { config }: Configured,
  plan: RunPlan | null,
): readonly Choice<Decision>[] {
  if (plan?.noTraining === undefined) {
    const price = plan === null ? l10n.t('not estimated') : expectedText(plan);
    const detail = startDetail(config.budget, plan);
    return [{ icon: 'play', label: l10n.t('Start'), description: price, detail, value: 'start' }];
  }
  if (withoutTraining === undefined) return [];
  const description = l10n.t('strategy p, which this endpoint can do');
  return [{ icon: 'search', label: l10n.t('Search prompts alone'), description, value: 'withoutTraining' }];
}

function notesOf(plan: RunPlan): readonly Choice<Decision>[] {
  const { noTraining, devRows } = plan;
  const less = earlyStopSentences(plan.plan);
  const rows = warningText(plan);
  const told = rowsTell(devRows);
  return [
    ...(noTraining === undefined ? [] : [noteChoice('warning', l10n.t('This cannot be trained'), noTraining)]),
    ...less.map((text) => noteChoice('info', l10n.t('The price'), text)),
    ...(rows === null ? [] : [noteChoice('warning', l10n.t('The rows'), rows)]),
    noteChoice('info', told.rows, told.tell, `${told.rows}: ${told.tell}.`),
  ];
}

function noteBefore({ runs }: Session, { config }: Configured): readonly Choice<Decision>[] {
  const before = runBefore(runs.all, config);
  return before === null ? [] : [noteChoice('info', l10n.t('The same run before'), before)];
}

function noteChoice(kind: Note['kind'], label: string, description: string, text = description): Choice<Decision> {
  return { icon: kind, label, description, value: { kind, text } };
}

function showPlan(plan: RunPlan, { key, config }: Configured): Promise<void> {
  return showReadOnlyText(uiText(l10n.t`Price of ${key}`), String(planTable(plan, config)));
}

async function changeCap(session: Session, program: ProgramItem, chosen: Configured): Promise<Configured> {
  const budget = await askCap(chosen.config);
  await writeConfig(chosen.root, [{ path: ['programs', chosen.key, 'budget'], value: budget }]);
  await session.roots.refresh();
  return configured(session, { ...program, keys: [chosen.key] }, l10n.t('Optimize Program'));
}

/** `$5`, `2000 calls`, `1.5M tokens`, any of them with commas between; nothing: no cap. */
async function askCap(config: ResolvedProgram): Promise<Partial<BudgetCaps> | undefined> {
  const text = await askText({
    title: l10n.t`Cap of ${config.key}`,
    prompt: l10n.t('At most this much is spent, resumes included. Empty: no cap'),
    placeholder: '$5, 2000 calls, 1.5M tokens',
    value: writeCap(config.budget),
    check: (each) => capProblem(each, config),
  });
  return parseCap(text);
}

function capProblem(text: string, config: ResolvedProgram): string | null {
  try {
    const { calls = null, tokens = null, usd = null } = parseCap(text) ?? {};
    checkPrices(config, { calls, tokens, usd });
    return null;
  } catch (error) {
    return messageOf(error);
  }
}
