/** Optimize Program: what is configured or asked, then one look at the price, then the run. */
import * as vscode from 'vscode';
import type { BudgetCaps, ResolvedProgram } from '../../config/resolved.ts';
import { checkPrices } from '../../config/resolve.ts';
import { messageOf } from '../../data/errors.ts';
import { consequencesOf } from '../../run/consequences.ts';
import type { RunPlan } from '../../run/request.ts';
import { planTable } from '../../run/text/planTable.ts';
import { pick, programTarget } from '../commands/targets.ts';
import type { Session } from '../context.ts';
import { isSetUp, setUpEmbedded } from '../embeddedModel.ts';
import { followRun } from '../runs/follow.ts';
import { commandIds } from '../names.ts';
import type { ProgramItem } from '../programs/programItem.ts';
import { readSettings } from '../settings.ts';
import { requireTrust } from '../trust.ts';
import { parseCap } from './caps.ts';
import { configured } from './configured.ts';
import type { Configured } from './configured.ts';
import { showConfig, writeConfig } from './configFile.ts';
import { estimate } from './estimate.ts';
import { askText, choose } from './picker.ts';
import type { Choice } from './picker.ts';
import { capText, destinationText, expectedText, mostText } from './planText.ts';

type Decision = 'start' | 'steps' | 'cap' | 'change' | 'file' | 'estimate';

export async function optimizeProgram(session: Session, argument: unknown): Promise<void> {
  requireTrust('Optimizing a program');
  const program = await programTarget(session, argument, 'Optimize Program');
  let chosen = await configured(session, program, 'Optimize Program');
  let plan = await priceOf(session, chosen, readSettings().estimate);
  for (;;) {
    const decision = await decide(chosen, plan);
    if (decision === 'start') return start(session, chosen);
    if (decision === 'file') return showConfig(chosen.root, chosen.key, false);
    if (decision === 'steps') await showPlan(plan!);
    if (decision === 'cap') chosen = await changeCap(session, program, chosen);
    if (decision === 'change') chosen = await configured(session, program, 'Optimize Program', true);
    if (decision === 'change' || decision === 'estimate') plan = await priceOf(session, chosen, true);
  }
}

/** Consent comes first: an estimate sends rows too. */
async function priceOf(session: Session, chosen: Configured, wanted: boolean): Promise<RunPlan | null> {
  await session.consents.ask(chosen.config);
  if (chosen.config.endpoint.kind === 'embedded' && !isSetUp(session.home())) {
    await setUpEmbedded(session.cli, session.home());
  }
  return wanted ? estimate(session, chosen) : null;
}

async function decide({ key, config }: Configured, plan: RunPlan | null): Promise<Decision> {
  const what = `${config.strategy} with ${config.model} on ${config.endpoint.name}`;
  const price = plan === null ? 'not estimated' : expectedText(plan);
  const separator = { kind: vscode.QuickPickItemKind.Separator };
  const choices: Choice<Decision>[] = [
    {
      label: '$(play) Start',
      description: price,
      detail: [capText(config.budget), plan === null ? '' : mostText(plan)].filter(Boolean).join('; '),
      value: 'start',
    },
    { ...separator, label: destinationText(consequencesOf(config)) },
    ...(plan === null
      ? [{ label: '$(pulse) Estimate what it takes', description: 'runs five rows', value: 'estimate' as const }]
      : [{ label: '$(table) Every step', description: 'calls, tokens and dollars of each', value: 'steps' as const }]),
    { label: '$(dashboard) Change the cap…', description: capText(config.budget), value: 'cap' },
    { label: '$(settings-gear) Change data, metric, model or strategy…', value: 'change' },
    { label: '$(json) Open bettertogether.json', value: 'file' },
  ];
  return pick(await choose({ title: `Optimize ${key}`, placeholder: what, choices }));
}

async function start(session: Session, { root, config }: Configured): Promise<void> {
  const consent = await session.consents.ask(config);
  const run = await session.starter.start(root, config, consent);
  await followRun(session, root, run, `optimize ${config.key}`);
  await vscode.commands.executeCommand(commandIds.openRun, run.folder);
}

async function showPlan(plan: RunPlan): Promise<void> {
  const document = await vscode.workspace.openTextDocument({ language: 'plaintext', content: planTable(plan) });
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
