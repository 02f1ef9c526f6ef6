import * as vscode from 'vscode';
import { HumanError, messageOf } from '../data/errors.ts';
import { withoutKeys } from '../data/keys.ts';
import { notify } from './messages.ts';
import { commandIds } from './names.ts';

/** Somebody closed a question: nothing went wrong and nothing is said. */
export class Dismissed extends Error {
  override readonly name = 'Dismissed';
}

/** Shows an error: one written for people as it is, anything else as a bug of ours with its stack in the log. */
export function showError(error: unknown, log: vscode.LogOutputChannel): void {
  if (error instanceof Dismissed) return;
  if (error instanceof HumanError) {
    log.warn(withoutKeys(error.message));
    void offerLog(firstLines(error.message));
    return;
  }
  log.error(withoutKeys(error instanceof Error ? (error.stack ?? error.message) : String(error)));
  void offerLog(`This is a bug in BetterTogether, not yours: ${firstLines(messageOf(error))}`);
}

async function offerLog(message: string): Promise<void> {
  const show = 'Show Log';
  const chosen = await notify('error', message, show);
  if (chosen === show) await vscode.commands.executeCommand(commandIds.showLog);
}

/** A notification holds a few lines; the log has the rest. */
function firstLines(message: string): string {
  const whole = withoutKeys(message);
  return whole.length > 600 ? `${whole.slice(0, 599)}…` : whole;
}
