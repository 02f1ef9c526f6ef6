/** Optimize Program: what is configured or asked, then one look at the price, then the run. */
import * as l10n from '../../base/l10n.ts';
import { formatStrategy } from '../../data/strategy.ts';
import * as vscode from 'vscode';
import type { RunPlan } from '../../run/work/request.ts';
import { programTarget } from '../session/targets.ts';
import type { Session } from '../session/session.ts';
import type { ProgramItem } from '../../editor/items/programItem.ts';
import { followRun } from './followRun.ts';
import { commandIds } from '../../editor/names.ts';
import { readSettings } from '../base/settings.ts';
import { requireSaved } from '../base/saving.ts';
import { requireTrust } from '../base/trust.ts';
import { configured } from '../optimize/configured.ts';
import type { Configured } from '../optimize/configured.ts';
import { decidePrice } from '../optimize/decide.ts';
import { writeConfig } from '../optimize/configFile.ts';
import { estimate } from '../optimize/estimate.ts';
import { offeringInputs } from '../optimize/offeringInputs.ts';
import { prepareEmbedded } from '../processes/embeddedModel.ts';

const title = l10n.t('Optimize Program');

export async function optimizeProgram(session: Session, argument: unknown): Promise<void> {
  requireTrust(l10n.t('Optimizing a program'));
  const program = await programTarget(session, argument, title);
  await requireSaved(program.file);
  for (let again = false; ; again = true) {
    let chosen = await configured(session, program, title, again);
    const decision = await decidePrice({
      session,
      program,
      chosen,
      title: l10n.t`Optimize ${chosen.key}`,
      what: ({ config }) => l10n.t`${formatStrategy(config.strategy)} with ${config.model} on ${config.endpoint.name}`,
      plan: await priceOf(session, program, chosen, again || readSettings().estimate),
      price: () => priceOf(session, program, chosen, true),
      changed: (changed) => {
        chosen = changed;
      },
      withoutTraining: () => searchAlone(session, program, chosen),
    });
    if (decision === 'start') return start(session, chosen);
    if (decision === 'file') return;
  }
}

/** Consent comes first: an estimate sends rows too. */
async function priceOf(
  session: Session,
  program: ProgramItem,
  chosen: Configured,
  wanted: boolean,
): Promise<RunPlan | null> {
  await session.consents.ask(chosen.config);
  await prepareEmbedded(session, chosen.config);
  const price = (): Promise<RunPlan | null> => estimate(session, chosen, ['optimize', chosen.key]);
  const again = (): Promise<void> => optimizeProgram(session, { ...program, keys: [chosen.key] });
  return wanted ? offeringInputs(session, program, chosen, price, again) : null;
}

/** The strategy that every endpoint can do. */
async function searchAlone(session: Session, program: ProgramItem, { root, key }: Configured): Promise<Configured> {
  await writeConfig(root, [{ path: ['programs', key, 'strategy'], value: 'p' }]);
  await session.roots.refresh();
  return configured(session, { ...program, keys: [key] }, title);
}

async function start(session: Session, { root, config }: Configured): Promise<void> {
  const consent = await session.consents.ask(config);
  const run = await session.starter.start({ root, config, consent });
  await followRun(session, root, run, l10n.t`optimize ${config.key}`);
  await vscode.commands.executeCommand(commandIds.openRun, run.folder);
}
