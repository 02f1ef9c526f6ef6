import * as l10n from '../../base/l10n.ts';
import * as vscode from 'vscode';
import { UsageError } from '../../base/errors.ts';

/**
 * Commands can be called whatever their `when` clause says, so every one that runs code of the workspace, or sends
 * anything to an endpoint that the workspace names, asks here first.
 *
 * @throws UsageError in a window that is not trusted.
 */
export function requireTrust(what: string): void {
  if (vscode.workspace.isTrusted) return;
  throw new UsageError(
    l10n.t`${what} runs code of this workspace, and the workspace is not trusted. Trust it (command "Workspaces: Manage Workspace Trust"), then try again.`,
  );
}
