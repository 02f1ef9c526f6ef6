import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { placeMend } from '../../base/errors.ts';
import type { Mend } from '../../base/mend.ts';
import { configFileName } from '../../config/load.ts';
import { changeConfig, offsetOfProgram } from '../../editor/settings/editConfig.ts';
import type { ConfigChange } from '../../editor/settings/editConfig.ts';

const configFileOf = (root: string): string => join(root, configFileName);

/** Writes the changes; what somebody has typed and not saved is kept and saved with them. Returns whether any was. */
export async function writeConfig(root: string, changes: readonly ConfigChange[]): Promise<boolean> {
  const uri = vscode.Uri.file(configFileOf(root));
  const before = await textOf(uri);
  const after = changeConfig(before, changes);
  if (after === before) return false;
  if (before === null) {
    await vscode.workspace.fs.createDirectory(vscode.Uri.file(dirname(uri.fsPath)));
    await vscode.workspace.fs.writeFile(uri, Buffer.from(after));
    return true;
  }
  const document = await vscode.workspace.openTextDocument(uri);
  const edit = new vscode.WorkspaceEdit();
  const whole = new vscode.Range(document.positionAt(0), document.positionAt(before.length));
  edit.replace(uri, whole, after);
  await vscode.workspace.applyEdit(edit);
  await document.save();
  return true;
}

/** Shows the configuration at a program, beside what the person looks at, and leaves the focus there. */
export async function showConfig(root: string, key: string | null, preserveFocus: boolean): Promise<void> {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.file(configFileOf(root)));
  const at = document.positionAt(key === null ? 0 : offsetOfProgram(document.getText(), key));
  await vscode.window.showTextDocument(document, {
    viewColumn: preserveFocus ? vscode.ViewColumn.Beside : vscode.ViewColumn.Active,
    preserveFocus,
    preview: true,
    selection: new vscode.Range(at, at),
  });
}

/** Where the entry of a program stands, as what mends an error of it; none where there is no file. */
export async function placeOfProgram(root: string, key: string): Promise<readonly Mend[]> {
  const file = configFileOf(root);
  const text = await textOf(vscode.Uri.file(file));
  return text === null ? [] : placeMend(file, text.slice(0, offsetOfProgram(text, key)).split('\n').length);
}

async function textOf(uri: vscode.Uri): Promise<string | null> {
  try {
    return (await vscode.workspace.openTextDocument(uri)).getText();
  } catch {
    return null;
  }
}
