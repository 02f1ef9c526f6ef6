/** A state, or one predictor of it, as text that reads well side by side in a diff. */
import * as l10n from '../base/l10n.ts';
import { shownFields } from '../base/exact.ts';
import type { Fields } from '../base/json.ts';
import type { PredictorState, ProgramState } from '../data/program.ts';

/** @param only a predictor; `null`: all of them. */
export function stateText(state: ProgramState, only: string | null): string {
  const names = Object.keys(state.predictors).filter((name) => only === null || name === only);
  return `${names.map((name) => predictorText(name, state.predictors[name]!)).join('\n\n')}\n`;
}

function predictorText(name: string, { instructions, demos, model }: PredictorState): string {
  const parts = [`# ${name}`, `## ${l10n.t('Model')}\n${model}`, `## ${l10n.t('Instructions')}\n${instructions}`];
  if (demos.length === 0) parts.push(`## ${l10n.t('Demos')}\n${l10n.t('none')}`);
  for (const [i, { fields, augmented }] of demos.entries()) {
    parts.push(`## ${demoTitle(i + 1, augmented)}\n${fieldsText(fields)}`);
  }
  return parts.join('\n\n');
}

const demoTitle = (number: number, augmented: boolean): string =>
  augmented ? l10n.t('Demo {0}, bootstrapped', number) : l10n.t('Demo {0}, labelled', number);

/** `name: value`, a line or more each. */
export function fieldsText(fields: Fields): string {
  const lines = Object.entries(shownFields(fields)).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value, null, 2)}`,
  );
  return lines.join('\n');
}
