/** The strategies that are offered, in the order of what can be done. Pure. */
import * as l10n from '../../base/l10n.ts';
import * as vscode from 'vscode';
import type { ProgramEntry } from '../../config/schema.ts';
import { mayTrain } from '../../config/steps.ts';
import { paperStrategies } from '../../data/strategy.ts';
import { ownStrategies, strategyInWords } from '../../editor/settings/ownStrategies.ts';
import type { Steps } from '../../editor/settings/ownStrategies.ts';
import type { Choice } from '../base/picker.ts';

const inWords: Readonly<Record<string, string>> = {
  '': l10n.t('the program as it is written'),
  'p -> w -> p': l10n.t('prompts, weights, prompts again: the best on average in the paper'),
  'p -> w': l10n.t('prompts, then weights'),
  'w -> p': l10n.t('weights, then prompts'),
  p: l10n.t('prompts only: no training'),
  w: l10n.t('weights only'),
  'p -> p': l10n.t('prompts twice'),
  'w -> w': l10n.t('weights twice'),
};

/** Without what speaks for them: for an endpoint that cannot do them. */
const inFewWords: Readonly<Record<string, string>> = { 'p -> w -> p': l10n.t('prompts, weights, prompts again') };

const first = 'p -> w -> p';
const usual = [first, ...paperStrategies.filter((each) => each !== '' && each !== first).toReversed()];

/**
 * @param before what is configured.
 * @param steps the program's own, as written.
 * @param noTraining why the endpoint cannot train; `null`: it can, or is unknown.
 */
export function strategyChoices(
  before: string | undefined,
  noTraining: string | null,
  steps: ProgramEntry['steps'] = {},
): readonly Choice<string>[] {
  const own = ownStrategies(steps);
  const all = [...new Set([...(before === undefined ? [] : [before]), ...usual, ...own])];
  const choices = all.map((value) => ({ label: value, description: strategyDescription(value, steps), value }));
  if (noTraining === null) return choices;
  const trains = (strategy: string): boolean => mayTrain(strategy, steps);
  const searches = choices.filter(({ value }) => !trains(value)).toSorted((a, b) => a.value.length - b.value.length);
  return [
    ...searches,
    { kind: vscode.QuickPickItemKind.Separator, label: l10n.t('this endpoint cannot train') },
    ...choices
      .filter(({ value }) => trains(value))
      .map((each) => ({ ...each, description: inFewWords[each.value] ?? each.description })),
  ];
}

/** The words beside a strategy. @param steps the program's own, as they are written or resolved. */
export function strategyDescription(value: string, steps: Steps): string {
  if (Object.hasOwn(inWords, value)) return inWords[value]!;
  return ownStrategies(steps).includes(value) ? strategyInWords(value, steps) : l10n.t('as configured');
}
