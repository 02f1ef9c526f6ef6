import * as l10n from '../../base/l10n.ts';
import * as vscode from 'vscode';
import { HumanError, messageOf } from '../../base/errors.ts';
import { withoutKeys } from '../../base/keys.ts';
import { guidesIn } from '../../home/guides.ts';
import { notify } from './messages.ts';
import { remedyOf } from './mending.ts';
import type { Remedy } from './mending.ts';
import { commandIds } from '../../editor/names.ts';
import { stackOf } from './log.ts';
import type { Log } from './log.ts';

/** Somebody closed a question: nothing went wrong and nothing is said. */
export class Dismissed extends Error {
  override readonly name = 'Dismissed';
}

/** An error written for people, of which the editor knows what fixes it. */
export class MendableError extends HumanError {
  override readonly name = 'MendableError';
  readonly remedy: Remedy;

  constructor(error: HumanError, remedy: Remedy) {
    super(error.message, { exit: error.exit, cause: error, mends: error.mends });
    this.remedy = remedy;
  }
}

/** Shows an error: one written for people as it is, anything else as a bug of ours with its stack in the log. */
export function showError(error: unknown, log: Log): void {
  if (error instanceof Dismissed) return;
  if (error instanceof HumanError) {
    log.warn(withoutKeys(error.message));
    const own = error instanceof MendableError ? [error.remedy] : [];
    const guides = guidesIn(error.message).map(({ file }) => remedyOf({ kind: 'place', file, line: 1 }));
    void offer(firstLines(error.message), log, [...own, ...error.mends.map(remedyOf), ...guides]);
    return;
  }
  log.error(withoutKeys(stackOf(error)));
  void offer(l10n.t`This is a bug in BetterTogether, not yours: ${firstLines(messageOf(error))}`, log, []);
}

async function offer(message: string, log: Log, remedies: readonly Remedy[]): Promise<void> {
  const show = l10n.t('Show Log');
  const chosen = await notify('error', message, ...remedies.map(({ title }) => title), show);
  if (chosen === show) await vscode.commands.executeCommand(commandIds.showLog);
  const remedy = remedies.find(({ title }) => title === chosen);
  await remedy?.run().catch((error: unknown) => showError(error, log));
}

/** A notification holds a few lines; the log has the rest. */
function firstLines(message: string): string {
  const whole = withoutKeys(message);
  return whole.length > 600 ? `${whole.slice(0, 599)}…` : whole;
}
