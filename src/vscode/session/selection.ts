/** The runs that are selected together in a tree. */
import * as l10n from '../../base/l10n.ts';
import { HumanError, UsageError } from '../../base/errors.ts';
import type { Session } from './session.ts';
import { runName } from '../../editor/items/runItem.ts';
import type { RunItem } from '../../editor/items/runItem.ts';
import { whichRun } from '../../editor/items/runText.ts';
import { asRunFolder, ownRunTarget } from './targets.ts';

/** What a command of a tree is about: all that is selected there, where that is several. */
export function selected(argument: unknown, all: unknown): readonly unknown[] {
  return Array.isArray(all) && all.length > 1 ? all : [argument];
}

/** The runs among nodes of a tree. */
export function runsAmong({ runs }: Pick<Session, 'runs'>, nodes: readonly unknown[]): readonly RunItem[] {
  return nodes.flatMap((node) => {
    const folder = asRunFolder(node);
    return (folder === null ? undefined : runs.get(folder)) ?? [];
  });
}

/**
 * As `ownRunTarget`, of all that are selected: those of them that will do.
 *
 * @throws UsageError naming the runs of a selection that came with the folder.
 */
export async function ownRunTargets(
  session: Session,
  nodes: readonly unknown[],
  title: string,
  suits: (run: RunItem) => boolean,
  none: string,
): Promise<readonly RunItem[]> {
  if (nodes.length < 2) return [await ownRunTarget(session, nodes[0], title, suits, none)];
  await session.runs.refresh();
  const found = [...new Set(runsAmong(session, nodes))].filter(suits);
  if (found.length === 0) throw new UsageError(none);
  const foreign = found.filter(({ madeHere }) => !madeHere);
  if (foreign.length > 0) {
    const names = foreign.map(runName).join('; ');
    throw new UsageError(
      l10n.t`Not made by you on this machine: ${names}. "BetterTogether: Take Over Runs" makes them yours.`,
    );
  }
  return found;
}

/**
 * Does it to each of several: what fails with one is no reason to leave the others out.
 *
 * @param partly to how many of how many it was done, and why not to the others, in sentences.
 * @param before what could not be done to others that were selected.
 * @throws HumanError naming those and why.
 */
export async function doToEach(
  runs: readonly RunItem[],
  work: (run: RunItem) => Promise<void>,
  { partly, before = [] }: EachInWords,
): Promise<void> {
  const problems = [...before];
  for (const run of runs) {
    try {
      await work(run);
    } catch (error) {
      if (!(error instanceof HumanError)) throw error;
      if (runs.length === 1 && before.length === 0) throw error;
      problems.push(`${runName(run)}: ${error.message}`);
    }
  }
  const all = runs.length + before.length;
  if (problems.length > 0) {
    throw new HumanError(partly(all - problems.length, all, problems.join(' ')));
  }
}

interface EachInWords {
  partly(done: number, of: number, problems: string): string;
  readonly before?: readonly string[];
}

/** A line a run, for a question about several of them. */
export function runLines(runs: readonly RunItem[]): readonly string[] {
  const lines = runs.slice(0, linesAtMost).map((run) => `${runName(run)}: ${whichRun(run)}`);
  return runs.length > linesAtMost ? [...lines, l10n.t`and ${runs.length - linesAtMost} more`] : lines;
}

/** A dialog has to fit on the screen. */
const linesAtMost = 20;
