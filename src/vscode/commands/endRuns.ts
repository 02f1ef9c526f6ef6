/** Cancelling and deleting runs: all that are selected, with one question. */
import { rm } from 'node:fs/promises';
import * as l10n from '../../base/l10n.ts';
import { UsageError } from '../../base/errors.ts';
import { workerOf } from '../../run/reading/summary.ts';
import { comparisonTitle } from '../../editor/items/comparisonText.ts';
import { runName } from '../../editor/items/runItem.ts';
import type { RunItem } from '../../editor/items/runItem.ts';
import { Dismissed } from '../base/errors.ts';
import { agreesTo } from '../base/messages.ts';
import type { Agreement } from '../base/messages.ts';
import { doToEach, ownRunTargets, runLines, selected } from '../session/selection.ts';
import type { Session } from '../session/session.ts';
import { asComparison } from './compareStrategies.ts';

export async function cancelRun(session: Session, argument: unknown, all?: unknown): Promise<void> {
  const isRunning = ({ status }: RunItem): boolean => status === 'running';
  const chosen = selected(argument, all).map((node) => atWorkOf(session, node));
  const nodes = chosen.flatMap((each) => ('node' in each ? [each.node] : []));
  const before = chosen.flatMap((each) => ('problem' in each ? [each.problem] : []));
  if (nodes.length === 0) throw new UsageError(before.join(' '));
  const items = await ownRunTargets(session, nodes, l10n.t('Cancel Run'), isRunning, l10n.t('No run is at work.'));
  if (items.length > 1) {
    const detail = [l10n.t('They can be resumed, and pay nothing twice.'), '', ...runLines(items)];
    await confirm(l10n.t`Cancel ${items.length} runs?`, detail, l10n.t`Cancel ${items.length} Runs`);
  }
  await doToEach(items, (item) => session.starter.cancel(item), {
    partly: (done, of, problems) => l10n.t`Asked ${done} of ${of} runs to stop. Not asked: ${problems}`,
    before,
  });
}

/** The run of a node; of a comparison the cell that is at work, for stopping that run stops all of it; or why it has none. */
function atWorkOf({ runs }: Session, node: unknown): { readonly node: unknown } | { readonly problem: string } {
  const comparison = asComparison(node);
  if (comparison === null) return { node };
  const title = comparisonTitle(comparison.comparison);
  if (!comparison.madeHere) {
    const problem = l10n.t`The comparison ${title} was not made by you on this machine: it names runs that somebody else chose.`;
    return { problem };
  }
  // A comparison works on one cell at a time.
  const cell = comparison.comparison.cells.find(({ status }) => status === 'running');
  const target = runs.all.find(({ run }) => run.id === cell?.run);
  return target === undefined
    ? { problem: l10n.t`The comparison ${title} is between two runs: try again.` }
    : { node: target };
}

export async function deleteRun(session: Session, argument: unknown, all?: unknown): Promise<void> {
  const hasEnded = ({ status }: RunItem): boolean => status !== 'running';
  const none = l10n.t('There is no run that has ended: cancel one that is at work first.');
  const items = await ownRunTargets(session, selected(argument, all), l10n.t('Delete Run'), hasEnded, none);
  await confirmDeletion(items);
  // Somebody may have resumed one while the question was open.
  const atWork = items.find(({ run }) => workerOf(run) !== null);
  if (atWork !== undefined) throw new UsageError(l10n.t`${runName(atWork)} is at work. Cancel it first.`);
  try {
    for (const { run } of items) await rm(run.folder, { recursive: true, force: true });
  } finally {
    await session.runs.refresh();
  }
}

function confirmDeletion(items: readonly RunItem[]): Promise<void> {
  const [first, ...others] = items;
  if (first === undefined || others.length > 0) {
    const count = items.length;
    const theirs = l10n.t(
      'Their log, traces, training rows and state are removed for good. Remembered answers and trained models stay.',
    );
    return confirm(l10n.t`Delete ${count} runs?`, [theirs, '', ...runLines(items)], l10n.t`Delete ${count} Runs`);
  }
  const its = l10n.t(
    'Its log, traces, training rows and state are removed for good. Remembered answers and trained models stay.',
  );
  const detail = [its, '', ...runLines(items), first.run.folder];
  return confirm(l10n.t`Delete ${runName(first)}?`, detail, l10n.t('Delete'));
}

async function confirm(question: string, detail: Agreement['detail'], action: string): Promise<void> {
  if (!(await agreesTo({ kind: 'warning', question, detail, action }))) throw new Dismissed();
}
