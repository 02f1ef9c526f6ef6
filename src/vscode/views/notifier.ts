import * as l10n from '../../base/l10n.ts';
import * as vscode from 'vscode';
import { notify } from '../base/messages.ts';
import { commandIds } from '../../editor/names.ts';
import type { CommandId } from '../../editor/names.ts';
import { readSettings } from '../base/settings.ts';
import { bestCell, bestRow, howComparisonEnded } from '../../editor/items/comparisonText.ts';
import { isResumable } from '../../editor/items/runItem.ts';
import type { RunItem } from '../../editor/items/runItem.ts';
import { runLocation } from '../../run/record/runFolder.ts';
import type { ComparisonItem, ComparisonStore } from '../runs/comparisonStore.ts';
import type { RunStore } from '../runs/runStore.ts';
import { howItEnded } from '../../editor/items/runText.ts';
import type { EndKind } from '../../editor/items/runText.ts';

interface Action {
  readonly title: string;
  readonly command: CommandId;
  readonly argument: string;
}

/**
 * Says once how a run or a comparison of this person ended, with what can be done next: what came with the folder says
 * nothing itself, and neither does a run that is a cell of a comparison.
 */
export function notifyOfEnds(runs: RunStore, comparisons: ComparisonStore): vscode.Disposable {
  return vscode.Disposable.from(
    runs.onDidEnd((item) => {
      // What never began is reported by its starter.
      if (item.madeHere && item.view.started !== null) void tellEndOfRun(item, comparisons);
    }),
    comparisons.onDidEnd((item) => {
      if (item.madeHere) void tellEndOfComparison(item);
    }),
  );
}

async function tellEndOfRun(item: RunItem, comparisons: ComparisonStore): Promise<void> {
  // A comparison names the run before the run begins.
  await comparisons.refresh();
  if (!comparisons.has(item)) await tell(howItEnded(item), actionsAfterRun(item));
}

async function tellEndOfComparison({ root, location, comparison, status }: ComparisonItem): Promise<void> {
  const best = bestRow(comparison);
  const run = best === null ? null : (bestCell(best)?.run ?? null);
  await tell(howComparisonEnded(comparison, status === 'finished'), [
    { title: l10n.t('Open Comparison'), command: commandIds.openComparison, argument: location.id },
    ...(status !== 'finished' || run === null
      ? []
      : [
          {
            title: l10n.t('Export the Best'),
            command: commandIds.exportProgram,
            argument: runLocation(root, run).folder,
          },
        ]),
  ]);
}

async function tell(
  { text, kind }: { readonly text: string; readonly kind: EndKind },
  actions: readonly Action[],
): Promise<void> {
  const { notifyRunEnd } = readSettings();
  if (notifyRunEnd === 'never' || (notifyRunEnd === 'failures' && kind === 'done')) return;
  const chosen = await notify(kind === 'failed' ? 'error' : 'info', text, ...actions.map(({ title }) => title));
  const action = actions.find(({ title }) => title === chosen);
  if (action !== undefined) await vscode.commands.executeCommand(action.command, action.argument);
}

function actionsAfterRun(item: RunItem): readonly Action[] {
  const argument = item.run.folder;
  return [
    { title: l10n.t('Open Run'), command: commandIds.openRun, argument },
    ...(item.status === 'finished'
      ? [
          { title: l10n.t('Show Prompt Changes'), command: commandIds.showPromptChanges, argument },
          { title: l10n.t('Export'), command: commandIds.exportProgram, argument },
        ]
      : []),
    ...(isResumable(item) ? [{ title: l10n.t('Resume'), command: commandIds.resume, argument }] : []),
  ];
}
