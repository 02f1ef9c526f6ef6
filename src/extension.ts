import './vscode/base/language.ts';
import * as l10n from './base/l10n.ts';
import type * as vscode from 'vscode';
import { lazySession } from './vscode/lazySession.ts';
import { openLog, stackOf } from './vscode/base/log.ts';
import { notify } from './vscode/base/messages.ts';
import { registerCommands } from './vscode/registerCommands.ts';
import { registerTasks } from './vscode/registerTasks.ts';
import { registerTools } from './vscode/registerTools.ts';

/** Wiring only. Everything behind it is loaded after activation has returned. */
export function activate(context: vscode.ExtensionContext): void {
  const began = performance.now();
  const log = openLog();
  const session = lazySession(context, log);
  context.subscriptions.push(log, registerCommands(session), registerTasks(session), registerTools(session));
  setImmediate(() => {
    session.get().catch((error: unknown) => {
      // VS Code tells nobody why an extension did not start.
      log.error(stackOf(error));
      void notify('error', l10n.t`BetterTogether did not start: ${String(error)}`);
    });
  });
  log.info(`activated in ${(performance.now() - began).toFixed(1)} ms`);
}
