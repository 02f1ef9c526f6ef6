import * as l10n from '../../base/l10n.ts';
import { formatStrategy } from '../../data/strategy.ts';
import type * as vscode from 'vscode';
import { stepName } from '../../view/words.ts';
import { commandIds } from '../../editor/names.ts';
import { folderNameOf } from '../base/folders.ts';
import { briefTime, localTime, runName } from '../../editor/items/runItem.ts';
import type { RunItem } from '../../editor/items/runItem.ts';
import { verdictText, whatItReached, whatRuns, whyItStopped, seedText } from '../../editor/items/runText.ts';
import { treeItem } from './treeItem.ts';
import { runStatusWord } from '../../view/runRow.ts';

const icons = { running: 'sync~spin', finished: 'pass', stopped: 'debug-pause', crashed: 'error' } as const;

/** @param where under its program a run needs no program's name. What a narrow side bar cuts off comes last. */
export function runTreeItem(run: RunItem, where: 'underProgram' | 'inRuns'): vscode.TreeItem {
  const { status, manifest, label, view } = run;
  const strategy = stepName(formatStrategy(manifest.asked.strategy));
  const title = label.name ?? (where === 'underProgram' ? strategy : `${manifest.asked.key}: ${strategy}`);
  const reached = whatItReached(run);
  const state = status === 'running' ? whatRuns(run) : status === 'finished' ? '' : runStatusWord[status];
  const origin = run.madeHere ? '' : l10n.t('not yours');
  const folder = where === 'inRuns' ? folderNameOf(run.root) : '';
  const { model, seed } = manifest.asked;
  const time = status === 'running' ? '' : briefTime(manifest.created);
  const parts = [origin, state, folder, reached, time, `${model}, ${seedText(seed)}`];
  return treeItem({
    label: title,
    icon: view.stopped?.reason === 'failed' ? 'error' : icons[status],
    description: parts.filter(Boolean).join(' · '),
    tooltip: tooltip(run, strategy),
    contextValue: ['run', status, ...(run.states === null ? [] : ['state'])].join('.'),
    command: { title: l10n.t('Open run'), command: commandIds.openRun, arguments: [run.run.folder] },
  });
}

function tooltip(run: RunItem, strategy: string): readonly string[] {
  const { manifest, view, label } = run;
  const { model, endpoint, seed } = manifest.asked;
  const lines = [
    runName(run),
    l10n.t`${strategy}, ${model} on ${endpoint.name}, ${seedText(seed)}`,
    l10n.t`${runStatusWord[run.status]}, begun ${localTime(manifest.created)}`,
    run.run.id,
  ];
  const verdict = verdictText(run);
  if (verdict !== null) lines.push(verdict);
  if (view.stopped !== null) lines.push(whyItStopped(view.stopped).slice(0, 500));
  if (label.note !== undefined && label.note !== '') lines.push('', label.note);
  return lines;
}
