/** Runs that came with the folder: shown to the person, and taken over only if they say so. */
import * as l10n from '../../base/l10n.ts';
import { adoptAll, adoptRun, type Adoption } from '../../run/adopt/adopt.ts';
import { findAdoptable, foreignRun, isNothing } from '../../run/adopt/adoptable.ts';
import { adoptionError, adoptionLines, runAdoptionLines } from '../../run/text/adoption.ts';
import type { Session } from './session.ts';
import { Dismissed } from '../base/errors.ts';
import { agreesTo, notify } from '../base/messages.ts';
import { requireTrust } from '../base/trust.ts';
import { runName } from '../../editor/items/runItem.ts';
import type { RunItem } from '../../editor/items/runItem.ts';

/**
 * Makes sure that a run is the person's own, before anything is done with it but looking.
 *
 * @throws Dismissed when they do not take it over; UsageError in a window that is not trusted.
 */
export async function requireOwnRun(item: RunItem): Promise<void> {
  const foreign = item.madeHere ? null : await foreignRun(item.run);
  if (foreign === null) return;
  requireTrust(l10n.t('Taking over a run'));
  await ask(l10n.t`${runName(item)} was not made by you on this machine. Take it over?`, runAdoptionLines(foreign));
  await adoptRun(foreign);
}

/** Everything of the window's folders that is not the person's own: of an earlier version, say. */
export async function adoptRecords(session: Session): Promise<void> {
  requireTrust(l10n.t('Taking over runs'));
  const found = await Promise.all(
    session.roots.all.map(async ({ folder }) => ({ folder, records: await findAdoptable(folder) })),
  );
  const foreign = found.filter(({ records }) => !isNothing(records));
  if (foreign.length === 0) {
    await notify('info', l10n.t('There is nothing to take over: all runs here are your own.'));
    return;
  }
  const lines = foreign.flatMap(({ records }) => adoptionLines(records));
  await ask(l10n.t('Take over what was not made by you on this machine?'), lines);
  const failed: Adoption['failed'][number][] = [];
  for (const { folder, records } of foreign) failed.push(...(await adoptAll(folder, records)).failed);
  await Promise.all([session.runs.refresh(), session.comparisons.refresh()]);
  const error = adoptionError(failed);
  if (error !== null) throw error;
}

async function ask(question: string, lines: readonly string[]): Promise<void> {
  const why = l10n.t(
    'It came with the folder, is from an earlier version, or from before your home folder was lost. Your own runs can be gone on with, cancelled and removed; others can only be looked at.',
  );
  const detail = [why, '', ...lines];
  if (!(await agreesTo({ kind: 'warning', question, detail, action: l10n.t('Take Over') }))) throw new Dismissed();
}
