import * as vscode from 'vscode';
import { notify } from '../base/messages.ts';
import { commandIds } from '../../editor/names.ts';
import type { CommandId } from '../../editor/names.ts';
import { readSettings } from '../base/settings.ts';
import { isResumable } from '../../editor/items/runItem.ts';
import type { RunItem } from '../../editor/items/runItem.ts';
import type { RunStore } from '../runs/runStore.ts';
import { howItEnded } from '../../editor/items/runText.ts';

/** Says once how a run of this person ended, with what can be done next: what came with the folder says nothing itself. */
export function notifyOfEnds(runs: RunStore): vscode.Disposable {
  return runs.onDidEnd((item) => {
    // What never began is reported by its starter.
    if (item.madeHere && item.view.started !== null) void tellEnd(item);
  });
}

async function tellEnd(item: RunItem): Promise<void> {
  const { notifyRunEnd } = readSettings();
  const { text, kind } = howItEnded(item);
  if (notifyRunEnd === 'never' || (notifyRunEnd === 'failures' && kind === 'done')) return;
  const actions = actionsFor(item);
  const titles = actions.map(({ title }) => title);
  const chosen = await notify(kind === 'failed' ? 'error' : 'info', text, ...titles);
  const action = actions.find(({ title }) => title === chosen);
  if (action !== undefined) await vscode.commands.executeCommand(action.command, item.run.folder);
}

function actionsFor(item: RunItem): readonly { readonly title: string; readonly command: CommandId }[] {
  const actions: { title: string; command: CommandId }[] = [{ title: 'Open Run', command: commandIds.openRun }];
  if (item.status === 'finished') {
    actions.push({ title: 'Show Prompt Changes', command: commandIds.showPromptChanges });
    actions.push({ title: 'Export', command: commandIds.exportProgram });
  }
  if (isResumable(item)) actions.push({ title: 'Resume', command: commandIds.resume });
  return actions;
}
