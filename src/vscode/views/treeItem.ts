import * as vscode from 'vscode';
import { hoverText, uiText } from '../../editor/uiText.ts';

export interface TreeItemParts {
  readonly label: string;
  readonly icon: string;
  readonly description?: string;
  /** Lines. Plain text: notes, names and messages of services are not ours. */
  readonly tooltip?: readonly string[];
  /** Read by the `when` clauses of package.json: what can be done depends on it. */
  readonly contextValue: string;
  /** What a click does; left out: it opens what is below. */
  readonly command?: vscode.Command;
  /** There are items below it. */
  readonly isParent?: boolean;
}

/** The only maker of tree items. */
export function treeItem({ label, icon, description, tooltip, ...parts }: TreeItemParts): vscode.TreeItem {
  const { Collapsed, None } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(uiText(label), parts.isParent === true ? Collapsed : None);
  item.iconPath = new vscode.ThemeIcon(icon);
  if (description !== undefined) item.description = uiText(description);
  if (tooltip !== undefined) {
    item.tooltip = hoverText(tooltip.join('\n'));
    // Else screen readers would read the tooltip.
    item.accessibilityInformation = { label: uiText(`${label}, ${description ?? ''}`) };
  }
  item.contextValue = parts.contextValue;
  if (parts.command !== undefined) item.command = parts.command;
  return item;
}
