import { join } from 'node:path';
import * as l10n from '../../base/l10n.ts';
import * as vscode from 'vscode';
import { replaceFile } from '../../base/replaceFile.ts';
import { comparisonTitle } from '../../editor/items/comparisonText.ts';
import { runName } from '../../editor/items/runItem.ts';
import { uiText } from '../../editor/uiText.ts';
import { reportFileName, reportHtml } from '../../report/report.ts';
import type { Reported } from '../../report/report.ts';
import { Dismissed } from '../base/errors.ts';
import { notify } from '../base/messages.ts';
import type { Session } from '../session/session.ts';
import { runTarget } from '../session/targets.ts';
import { asComparison } from './compareStrategies.ts';

interface Wanted {
  readonly reported: Reported;
  readonly name: string;
  /** The folder that it belongs to. */
  readonly root: string;
}

/** Writes the report of a run, or of a comparison, to a file that needs nothing but a browser. */
export async function saveReport(session: Session, argument: unknown): Promise<void> {
  const { reported, name, root } = await wanted(session, argument);
  const file = await vscode.window.showSaveDialog({
    title: uiText(l10n.t`Report of ${name}`),
    defaultUri: vscode.Uri.file(join(root, reportFileName(reported))),
    filters: { [l10n.t('Web page')]: ['html'] },
  });
  if (file === undefined) throw new Dismissed();
  await replaceFile(file.fsPath, await reportHtml(reported, new Date()));
  const said = l10n.t`The report is in ${vscode.workspace.asRelativePath(file)}.`;
  const open = l10n.t('Open in Browser');
  const actions = browserIsHere() ? [open] : [];
  if ((await notify('info', said, ...actions)) === open) await vscode.env.openExternal(file);
}

/** Not so over SSH, in WSL, in a container and on the web: the browser of another machine has no such file. */
function browserIsHere(): boolean {
  return vscode.env.remoteName === undefined && vscode.env.uiKind === vscode.UIKind.Desktop;
}

async function wanted(session: Session, argument: unknown): Promise<Wanted> {
  const item = asComparison(argument);
  if (item !== null) {
    const { location, comparison, root } = item;
    return { reported: { kind: 'comparison', comparison: location }, name: comparisonTitle(comparison), root };
  }
  const run = await runTarget(session, argument, l10n.t('Save Report'), ({ view }) => view.started !== null);
  return { reported: { kind: 'run', run: run.run }, name: runName(run), root: run.root };
}
