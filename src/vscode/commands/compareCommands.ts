import * as l10n from '../../base/l10n.ts';
import { UsageError } from '../../base/errors.ts';
import { asComparison, comparisonAbout, openComparisonItem } from './compareStrategies.ts';
import { comparisonTitle } from '../../editor/items/comparisonText.ts';
import type { Session } from '../session/session.ts';
import { choose, chooseMany } from '../base/picker.ts';
import type { RunItem } from '../../editor/items/runItem.ts';
import { whichRun } from '../../editor/items/runText.ts';
import { runsAmong, selected } from '../session/selection.ts';
import { pick, runChoice } from '../session/targets.ts';
import { comparedAtMost, differentFolders } from '../../view/runRow.ts';

/** Runs side by side: those that are selected in the tree, else picked, those of the same program first. */
export async function compareRuns(session: Session, argument: unknown, all: unknown): Promise<void> {
  await session.runs.refresh();
  const named = runsAmong(session, selected(argument, all));
  const chosen = named.length > 1 ? named : await askRuns(session, named[0]);
  if (chosen.length < 2) throw new UsageError(l10n.t('Choose two runs or more to compare.'));
  const runs = chosen.slice(0, comparedAtMost).toSorted((a, b) => (a.run.id < b.run.id ? -1 : 1));
  const { root } = runs[0]!;
  if (runs.some((run) => run.root !== root)) {
    throw new UsageError(differentFolders());
  }
  const keys = [...new Set(runs.map(({ manifest }) => manifest.asked.key))];
  const title = l10n.t`${runs.length} runs of ${keys.join(', ')}`;
  const about = [...new Set(runs.map(whichRun))].join('; ');
  await session.panels.openComparison({ root, runs: runs.map(({ run }) => run.id), id: null }, [
    title,
    about,
    ...runs.map(({ run }) => run.id),
  ]);
}

async function askRuns({ runs }: Session, first: RunItem | undefined): Promise<readonly RunItem[]> {
  const latestFirst = runs.all.filter(({ view }) => view.started !== null).toReversed();
  if (latestFirst.length < 2) throw new UsageError(l10n.t('There is only one run: two are needed to compare.'));
  const about = (first ?? latestFirst[0]!).manifest.asked.program;
  const same = ({ manifest }: RunItem): boolean =>
    manifest.asked.program.file === about.file && manifest.asked.program.name === about.name;
  const sorted = latestFirst.toSorted((a, b) => Number(same(b)) - Number(same(a)));
  const proposed = new Set([first, ...sorted.filter(same)].filter((run) => run !== undefined).slice(0, 2));
  const choices = sorted.map((run) => ({ ...runChoice(run), picked: proposed.has(run) }));
  return pick(await chooseMany({ title: l10n.t('Compare Runs'), placeholder: l10n.t('Two runs or more'), choices }));
}

export async function openComparison(session: Session, argument: unknown): Promise<void> {
  await session.comparisons.refresh();
  const { all } = session.comparisons;
  const named = asComparison(argument);
  const id = typeof argument === 'string' ? argument : named?.location.id;
  const known = id === undefined ? undefined : session.comparisons.get(id);
  if (known !== undefined) return openComparisonItem(session, known);
  if (all.length === 0) {
    throw new UsageError(l10n.t('There is no comparison yet: "BetterTogether: Compare Strategies" makes one.'));
  }
  const choices = all.toReversed().map((value) => ({
    label: comparisonTitle(value.comparison),
    description: comparisonAbout(value).join(' · '),
    value,
  }));
  const item =
    choices.length === 1
      ? all[0]!
      : pick(await choose({ title: l10n.t('Open Comparison'), placeholder: l10n.t('Comparison'), choices }));
  await openComparisonItem(session, item);
}
