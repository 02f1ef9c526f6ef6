import * as l10n from '../../base/l10n.ts';
import * as vscode from 'vscode';
import { commandIds, viewIds } from '../../editor/names.ts';
import { runName } from '../../editor/items/runItem.ts';
import type { RunStore } from '../runs/runStore.ts';
import { whatReachedTooltip, whatRuns } from '../../editor/items/runText.ts';
import { hoverText, uiText } from '../../editor/uiText.ts';
import { counted } from '../../view/counted.ts';

/** One item on the left, there while a run works. */
export function createStatusBar(runs: RunStore): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('bettertogether.runs', vscode.StatusBarAlignment.Left, 10);
  item.name = l10n.t('BetterTogether runs');
  const show = (): void => {
    const running = runs.all.filter(({ status }) => status === 'running');
    const first = running[0];
    if (first === undefined) return item.hide();
    const key = first.manifest.asked.key;
    const text = running.length === 1 ? `${key}, ${whatRuns(first)}` : counted(running.length, 'run');
    item.text = `$(sync~spin) ${uiText(text)}`;
    item.tooltip = running.map((run) => hoverText(whatReachedTooltip(run))).join('\n');
    const names = running.map(runName).join(', ');
    item.accessibilityInformation = { label: uiText(l10n.t`BetterTogether: ${names} running`) };
    item.command =
      running.length === 1
        ? { title: l10n.t('Open run'), command: commandIds.openRun, arguments: [first.run.folder] }
        : { title: l10n.t('Show runs'), command: `${viewIds.runs}.focus` };
    item.show();
  };
  const subscription = runs.onDidChange(show);
  show();
  return vscode.Disposable.from(item, subscription);
}
