/** Which lenses are above a program, from what is known of it: pure, so that every case has a test. */
import * as l10n from '../../base/l10n.ts';
import type { PredictorState } from '../../data/program.ts';
import { chance, runVerdict } from '../../view/gain.ts';
import { percent, signed, stepName } from '../../view/words.ts';
import { commandIds } from '../names.ts';
import type { LensSetting } from '../names.ts';
import { runName } from './runItem.ts';
import type { RunItem } from './runItem.ts';
import { isThisPredictor } from './predictorPlace.ts';
import { canRun, programTitle } from './programItem.ts';
import type { ProgramItem } from './programItem.ts';
import type { Evaluation, ProgramScore } from './scores.ts';
import { counted, rowsOf } from '../../view/counted.ts';

/** What is known of a program, apart from its source. */
export interface ProgramKnowledge {
  readonly score: ProgramScore | null;
  /** The latest measurement without a run. */
  readonly evaluation: Evaluation | null;
  /** The code changed since the score was measured. */
  readonly stale: boolean;
  /** The run at work on it. */
  readonly running: RunItem | null;
  /** The latest run. */
  readonly latest: RunItem | null;
}

export interface Lens {
  /** From 1; in a Jupyter notebook of the cell. */
  readonly line: number;
  /** From 1, of all cells of a notebook. */
  readonly cell?: number;
  /** Of VS Code's, before the title. */
  readonly icon?: string;
  readonly title: string;
  readonly tooltip: string;
  /** '': the lens only says something. */
  readonly command: string;
  readonly args: readonly unknown[];
}

export function lensesOf(
  program: ProgramItem,
  known: ProgramKnowledge,
  { setting, trusted }: { readonly setting: LensSetting; readonly trusted: boolean },
): readonly Lens[] {
  if (setting === 'never' || program.line === null) return [];
  const at = placeIn(program.line, program.cell);
  const lenses = [scoreLens(at, known)];
  if (canRun(program) && trusted) {
    const title = programTitle(program);
    // Who it is and no more: an argument that changes with every edit would make another lens of it each time.
    const args = [{ root: program.root, file: program.file, name: program.name }];
    lenses.push(
      { ...at, title: l10n.t('Optimize'), tooltip: l10n.t`Make ${title} better`, command: commandIds.optimize, args },
      { ...at, title: l10n.t('Evaluate'), tooltip: l10n.t`Measure ${title}`, command: commandIds.evaluate, args },
    );
  }
  const shown = known.running ?? known.score?.run ?? known.latest;
  if (shown !== null) {
    const tooltip = l10n.t`Open the view of ${runName(shown)}`;
    lenses.push({ ...at, title: l10n.t('Open run'), tooltip, command: commandIds.openRun, args: [shown.run.folder] });
  }
  return setting === 'all' ? [...lenses, ...predictorLenses(program, known)] : lenses;
}

type LensPlace = Pick<Lens, 'line' | 'cell'>;

function placeIn(line: number, cell: number | undefined): LensPlace {
  return { line, ...(cell !== undefined && { cell }) };
}

/** Always there, so that nothing jumps when the first score comes. */
function scoreLens(at: LensPlace, { score, evaluation, stale, running }: ProgramKnowledge): Lens {
  const mark = stale ? ` (${l10n.t('code changed since')})` : '';
  const said = { ...at, ...(running !== null && { icon: 'sync~spin' }), command: '', args: [] };
  if (score !== null) {
    const doubt = score.gain === null ? '' : chance(score.gain);
    const delta = score.delta === null || score.strategy === '' ? '' : ` (${signed(score.delta)}${doubt})`;
    const title = `${percent(score.score)} %${delta} ${stepName(score.strategy)}${mark}`;
    return { ...said, title, tooltip: scoreTooltip(score) };
  }
  if (evaluation !== null) {
    const { low, high, n, split } = evaluation;
    const tooltip = l10n.t`${percent(low)} to ${percent(high)} % with 95 % confidence, on ${rowsOf(split, n)}`;
    return { ...said, title: `${percent(evaluation.score)} % ${stepName('')}${mark}`, tooltip };
  }
  return { ...said, title: l10n.t('Not scored'), tooltip: l10n.t('Optimize or evaluate it to see a score here') };
}

/** The best of many is best by luck too, so it says of how many; and whether the gain is real, as the run's page does. */
function scoreTooltip({ among, run, strategy }: ProgramScore): string {
  const what =
    among > 1
      ? l10n.t`Best of ${among} scored states on the dev rows, against the program as it was written, and the strategy that made it`
      : l10n.t('Best score on the dev rows, against the program as it was written, and the strategy that made it');
  const verdict = run === null ? null : runVerdict(run.view, strategy, among);
  return verdict === null ? what : `${what}. ${verdict.text}`;
}

function predictorLenses({ predictors }: ProgramItem, { score }: ProgramKnowledge): readonly Lens[] {
  const states = score?.run?.states?.best.state.predictors;
  if (states === undefined) return [];
  const lenses: Lens[] = [];
  for (const { name, line, cell, file } of predictors) {
    // A predictor that a base class or another module makes has its line in another file.
    if (file !== undefined) continue;
    const matching = Object.entries(states).filter(([each]) => isThisPredictor(name, each));
    const first = matching[0];
    if (first === undefined) continue;
    const title = [...new Set(matching.map(([, state]) => inWords(state)))].join(' | ');
    const tooltip = l10n.t`${matching.map(([each]) => each).join(', ')} in the best state found`;
    const args = [score!.run!.run.folder];
    lenses.push({ ...placeIn(line, cell), title, tooltip, command: commandIds.showPromptChanges, args });
  }
  return lenses;
}

function inWords({ demos, model }: PredictorState): string {
  return `${demos.length === 0 ? l10n.t('no demos') : counted(demos.length, 'demo')}, ${model}`;
}
