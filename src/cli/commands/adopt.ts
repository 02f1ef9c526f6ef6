import type { Command } from 'commander';
import { UsageError } from '../../base/errors.ts';
import { adoptAll } from '../../run/adopt/adopt.ts';
import { findAdoptable, isNothing } from '../../run/adopt/adoptable.ts';
import type { Adoptable } from '../../run/adopt/adoptable.ts';
import { laterRuns, ofLaterVersion } from '../../run/reading/summary.ts';
import { adoptionError, adoptionLines } from '../../run/text/adoption.ts';
import { onScreen, screenLines } from '../../run/text/screenText.ts';
import { count } from '../../view/words.ts';
import type { Context } from '../base/context.ts';
import { workspaceOf } from '../base/workspace.ts';

interface Options {
  readonly yes?: true;
}

export function addAdopt(program: Command, context: Context): void {
  program
    .command('adopt')
    .description('take over runs and remembered answers that came with the folder; shows first what they would use')
    .argument('[id]', 'of one run or comparison; without it: all, with adapters, training jobs and the memo')
    .option('--yes', 'take them over without asking')
    .addHelpText(
      'after',
      "\nOf another person, another machine, an earlier version, or from before this user's home was lost.",
    )
    .action((id: string | undefined, options: Options) => adopt(context, id, options.yes === true));
}

async function adopt({ terminal }: Context, id: string | undefined, yes: boolean): Promise<void> {
  const workspace = await workspaceOf(terminal.cwd);
  const all = await findAdoptable(workspace);
  const later = (await laterRuns(workspace)).filter(({ run }) => id === undefined || run.id === id);
  if (id !== undefined && later[0] !== undefined) throw new UsageError(later[0].reason);
  terminal.err(screenLines(later.map((each) => `run ${each.run.id} ${ofLaterVersion(each.later)}: left as it is`)));
  const found = id === undefined ? all : only(all, id);
  if (isNothing(found)) {
    const why = later.length > 0 ? '' : ': all that is here was made by you on this machine';
    return terminal.out(onScreen`nothing to take over${why}\n`);
  }
  terminal.err(screenLines(adoptionLines(found)));
  if (!yes) {
    if (!terminal.interactive) throw new UsageError('Nothing was taken over: add --yes to take this over.');
    if (!(await terminal.confirm(onScreen`Take this over?`))) throw new UsageError('Nothing was taken over.');
  }
  const { answers, failed } = await adoptAll(workspace, found);
  const error = adoptionError(failed);
  if (error !== null) throw error;
  terminal.out(onScreen`taken over${answers === 0 ? '' : `, with ${count(answers)} remembered answers`}\n`);
}

/** @throws UsageError when it is no run or comparison, or the user's own. */
function only({ runs, comparisons }: Adoptable, id: string): Adoptable {
  const found = {
    runs: runs.filter(({ run }) => run.id === id),
    comparisons: comparisons.filter(({ location }) => location.id === id),
    adapters: [],
    jobs: [],
    memo: { segments: 0, bytes: 0 },
  };
  if (isNothing(found)) throw new UsageError(`There is no run or comparison "${id}" that you could take over.`);
  return found;
}
