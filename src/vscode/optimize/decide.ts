/** One look at the price: what a run or a comparison takes, where data goes, the cap; and what can still be changed. */
import * as vscode from 'vscode';
import type { BudgetCaps, ResolvedProgram } from '../../config/resolved.ts';
import { checkPrices } from '../../config/resolve.ts';
import { messageOf } from '../../data/errors.ts';
import { consequencesOf } from '../../run/consequences.ts';
import type { RunPlan } from '../../run/request.ts';
import { planTable } from '../../run/text/planTable.ts';
import { pick } from '../commands/targets.ts';
import type { Session } from '../context.ts';
import type { ProgramItem } from '../programs/programItem.ts';
import { parseCap } from './caps.ts';
import { configured } from './configured.ts';
import type { Configured } from './configured.ts';
import { showConfig, writeConfig } from './configFile.ts';
import { askText, choose } from './picker.ts';
import type { Choice } from './picker.ts';
import { capText, destinationText, expectedText, startDetail, warningText } from './planText.ts';

type Decision = 'start' | 'steps' | 'cap' | 'change' | 'file' | 'estimate';

export interface Deciding {
  readonly session: Session;
  readonly program: ProgramItem;
  readonly chosen: Configured;
  /** What it is about, in a line. */
  readonly what: string;
  readonly plan: RunPlan | null;
  price(): Promise<RunPlan | null>;
  /** Cap or settings are others now. */
  changed(chosen: Configured): void;
}

/** Resolves to `start`, or to how it ended otherwise: `change` asks for the whole question again. */
export async function decidePrice(deciding: Deciding): Promise<'start' | 'change' | 'file'> {
  const { session, program, changed } = deciding;
  let { chosen, plan } = deciding;
  for (;;) {
    const decision = await decide(chosen, deciding.what, plan);
    if (decision === 'start' || decision === 'change') return decision;
    if (decision === 'file') {
      await showConfig(chosen.root, chosen.key, false);
      return 'file';
    }
    if (decision === 'steps') await showPlan(plan!, chosen);
    if (decision === 'estimate') plan = await deciding.price();
    if (decision === 'cap') {
      chosen = await changeCap(session, program, chosen);
      changed(chosen);
    }
  }
}

async function decide({ key, config }: Configured, what: string, plan: RunPlan | null): Promise<Decision> {
  const price = plan === null ? 'not estimated' : expectedText(plan);
  const warning = plan === null ? null : warningText(plan);
  const separator = { kind: vscode.QuickPickItemKind.Separator };
  const choices: Choice<Decision>[] = [
    {
      icon: 'play',
      label: 'Start',
      description: price,
      detail: startDetail(config.budget, plan),
      value: 'start',
    },
    { ...separator, label: destinationText(consequencesOf(config)) },
    ...(warning === null
      ? []
      : [{ icon: 'warning', label: 'The rows', description: warning, value: 'change' as const }]),
    ...(plan === null
      ? [{ icon: 'pulse', label: 'Estimate what it takes', description: 'runs five rows', value: 'estimate' as const }]
      : [
          {
            icon: 'table',
            label: 'Every step',
            description: 'calls, tokens and dollars of each',
            value: 'steps' as const,
          },
        ]),
    { icon: 'dashboard', label: 'Change the cap…', description: capText(config.budget), value: 'cap' },
    { icon: 'settings-gear', label: 'Change data, metric, model or strategy…', value: 'change' },
    { icon: 'json', label: 'Open bettertogether.json', value: 'file' },
  ];
  return pick(await choose({ title: `Optimize ${key}`, placeholder: what, choices }));
}

async function showPlan(plan: RunPlan, { config }: Configured): Promise<void> {
  const content = String(planTable(plan, config));
  const document = await vscode.workspace.openTextDocument({ language: 'plaintext', content });
  await vscode.window.showTextDocument(document, {
    viewColumn: vscode.ViewColumn.Beside,
    preserveFocus: true,
    preview: true,
  });
}

async function changeCap(session: Session, program: ProgramItem, chosen: Configured): Promise<Configured> {
  const budget = await askCap(chosen.config);
  await writeConfig(chosen.root, [{ path: ['programs', chosen.key, 'budget'], value: budget }]);
  await session.roots.refresh();
  return configured(session, { ...program, keys: [chosen.key] }, 'Optimize Program');
}

/** `$5`, `2000 calls`, `1.5M tokens`, any of them with commas between; nothing: no cap. */
async function askCap(config: ResolvedProgram): Promise<Partial<BudgetCaps> | undefined> {
  const text = await askText({
    title: `Cap of ${config.key}`,
    prompt: 'At most this much is spent, resumes included. Empty: no cap',
    placeholder: '$5, 2000 calls, 1.5M tokens',
    value: capText(config.budget).replace(/^(no cap|capped at )/, ''),
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
