/** Cancelling and deleting runs: all that are selected, with one question. */
import { rm } from 'node:fs/promises';
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
  const items = await ownRunTargets(session, nodes, 'Cancel Run', isRunning, 'No run is at work.');
  if (items.length > 1) {
    const detail = ['They can be resumed, and pay nothing twice.', '', ...runLines(items)];
    await confirm(`Cancel ${items.length} runs?`, detail, `Cancel ${items.length} Runs`);
  }
  await doToEach(items, (item) => session.starter.cancel(item), {
    done: (count) => `Asked ${count} to stop`,
    failed: 'Not asked',
    before,
  });
}

/** The run of a node; of a comparison the cell that is at work, for stopping that run stops all of it; or why it has none. */
function atWorkOf({ runs }: Session, node: unknown): { readonly node: unknown } | { readonly problem: string } {
  const comparison = asComparison(node);
  if (comparison === null) return { node };
  const title = comparisonTitle(comparison.comparison);
  if (!comparison.madeHere) {
    const problem = 'was not made by you on this machine: it names runs that somebody else chose.';
    return { problem: `The comparison ${title} ${problem}` };
  }
  // A comparison works on one cell at a time.
  const cell = comparison.comparison.cells.find(({ status }) => status === 'running');
  const target = runs.all.find(({ run }) => run.id === cell?.run);
  return target === undefined
    ? { problem: `The comparison ${title} is between two runs: try again.` }
    : { node: target };
}

export async function deleteRun(session: Session, argument: unknown, all?: unknown): Promise<void> {
  const hasEnded = ({ status }: RunItem): boolean => status !== 'running';
  const none = 'There is no run that has ended: cancel one that is at work first.';
  const items = await ownRunTargets(session, selected(argument, all), 'Delete Run', hasEnded, none);
  await confirmDeletion(items);
  // Somebody may have resumed one while the question was open.
  const atWork = items.find(({ run }) => workerOf(run) !== null);
  if (atWork !== undefined) throw new UsageError(`${runName(atWork)} is at work. Cancel it first.`);
  try {
    for (const { run } of items) await rm(run.folder, { recursive: true, force: true });
  } finally {
    await session.runs.refresh();
  }
}

function confirmDeletion(items: readonly RunItem[]): Promise<void> {
  const gone = 'log, traces, training rows and state are removed for good. Remembered answers and trained models stay.';
  const [first, ...others] = items;
  if (first === undefined || others.length > 0) {
    const count = items.length;
    return confirm(`Delete ${count} runs?`, [`Their ${gone}`, '', ...runLines(items)], `Delete ${count} Runs`);
  }
  return confirm(`Delete ${runName(first)}?`, [`Its ${gone}`, '', ...runLines(items), first.run.folder], 'Delete');
}

async function confirm(question: string, detail: Agreement['detail'], action: string): Promise<void> {
  if (!(await agreesTo({ kind: 'warning', question, detail, action }))) throw new Dismissed();
}
