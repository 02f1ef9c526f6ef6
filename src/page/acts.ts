/** What can be done with a run from its page. Each is a command of the editor, which asks before it does anything. */
import * as l10n from '../base/l10n.ts';
import { HumanError } from '../base/errors.ts';
import { isResumable } from '../editor/items/runItem.ts';
import { ForeignRecord } from '../run/record/foreign.ts';
import type { RunStatus } from '../run/reading/summary.ts';
import { actName } from '../view/actName.ts';
import { runStatusWord } from '../view/runRow.ts';
import type { RunView } from '../view/runView.ts';
import type { Act } from '../viewProtocol/snapshot.ts';

export type { Act } from '../viewProtocol/snapshot.ts';

export interface ActingRun {
  readonly id: string;
  readonly status: RunStatus;
  /** Else it can only be looked at. */
  readonly madeHere: boolean;
  /** The workspace is trusted: a run may be gone on with. */
  readonly trusted: boolean;
  readonly view: Pick<RunView, 'steps' | 'started'>;
}

/** In the order of their buttons. */
export function possibleActs({ status, madeHere, trusted, view }: ActingRun): readonly Act[] {
  const hasState = view.steps.some(({ state }) => state !== null);
  const possible: Readonly<Record<Act, boolean>> = {
    cancel: madeHere && status === 'running',
    resume: madeHere && trusted && isResumable({ status }),
    prompts: hasState,
    compare: view.started !== null,
    report: view.started !== null,
    export: madeHere && hasState,
  };
  return (Object.keys(possible) as Act[]).filter((act) => possible[act]);
}

/** Those that do more than look. */
const ownActs: ReadonlySet<Act> = new Set(['cancel', 'resume', 'export']);

/** @throws HumanError when it cannot be done; a page may be older than what it shows. */
export function requirePossible(act: Act, run: ActingRun): void {
  if (possibleActs(run).includes(act)) return;
  if (!run.madeHere && ownActs.has(act)) throw new ForeignRecord(`Run ${run.id}`, run.id);
  if (act === 'resume' && !run.trusted) {
    throw new HumanError(
      l10n.t('Resuming runs code of this workspace, and the workspace is not trusted. Trust it, then try again.'),
    );
  }
  throw new HumanError(
    l10n.t('Run {0} is {1}: "{2}" does not apply to it now.', run.id, runStatusWord[run.status], actName[act]),
  );
}
