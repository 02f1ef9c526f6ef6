/** The strategies that are offered, in the order of what can be done. Pure. */
import * as vscode from 'vscode';
import type { ProgramEntry } from '../../config/schema.ts';
import { mayTrain } from '../../config/steps.ts';
import { paperStrategies } from '../../data/strategy.ts';
import { ownStrategies, strategyInWords } from '../../editor/settings/ownStrategies.ts';
import type { Steps } from '../../editor/settings/ownStrategies.ts';
import type { Choice } from '../base/picker.ts';

const inWords: Readonly<Record<string, string>> = {
  '': 'the program as it is written',
  'p -> w -> p': 'prompts, weights, prompts again: the best on average in the paper',
  'p -> w': 'prompts, then weights',
  'w -> p': 'weights, then prompts',
  p: 'prompts only: no training',
  w: 'weights only',
  'p -> p': 'prompts twice',
  'w -> w': 'weights twice',
};

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
    { kind: vscode.QuickPickItemKind.Separator, label: 'this endpoint cannot train' },
    ...choices.filter(({ value }) => trains(value)).map((each) => ({ ...each, description: brief(each.description) })),
  ];
}

/** The words beside a strategy. @param steps the program's own, as they are written or resolved. */
export function strategyDescription(value: string, steps: Steps): string {
  if (Object.hasOwn(inWords, value)) return inWords[value]!;
  return ownStrategies(steps).includes(value) ? strategyInWords(value, steps) : 'as configured';
}

/** What a strategy does, without what speaks for it. */
function brief(description: string): string {
  return description.replace(/:.*/, '');
}
