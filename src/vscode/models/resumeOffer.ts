/** Runs that paused because no window answered for the models of VS Code go on now that one does: the person is asked. */
import * as l10n from '../../base/l10n.ts';
import * as vscode from 'vscode';
import { editorName } from '../../data/editorEndpoint.ts';
import { isResumable, runName } from '../../editor/items/runItem.ts';
import type { RunItem } from '../../editor/items/runItem.ts';
import { commandIds } from '../../editor/names.ts';
import { notify } from '../base/messages.ts';

/** Who has not missed a run for longer than that does not wait for it. */
const hoursAtMost = 24;

export async function offerResume(runs: readonly RunItem[]): Promise<void> {
  const waiting = runs.filter(waitsForWindow);
  const [run] = waiting.toSorted((a, b) => (a.run.id < b.run.id ? 1 : -1));
  if (run === undefined) return;
  const resume = l10n.t('Resume');
  const text = l10n.t`${runName(run)} paused because no window answered for the models of VS Code. They answer again.`;
  if ((await notify('info', text, resume)) !== resume) return;
  await vscode.commands.executeCommand(commandIds.resume, run.run.folder);
}

function waitsForWindow(item: RunItem): boolean {
  const { stopped } = item.view;
  if (!item.madeHere || !isResumable(item) || stopped?.reason !== 'endpoint') return false;
  const hours = (Date.now() - Date.parse(stopped.time)) / 3_600_000;
  return hours < hoursAtMost && stopped.message.includes(`(${editorName})`);
}
