/** A state, or one predictor of it, as text that reads well side by side in a diff. */
import { shownFields } from '../base/exact.ts';
import type { Fields } from '../base/json.ts';
import type { PredictorState, ProgramState } from '../data/program.ts';

/** @param only a predictor; `null`: all of them. */
export function stateText(state: ProgramState, only: string | null): string {
  const names = Object.keys(state.predictors).filter((name) => only === null || name === only);
  return `${names.map((name) => predictorText(name, state.predictors[name]!)).join('\n\n')}\n`;
}

function predictorText(name: string, { instructions, demos, model }: PredictorState): string {
  const parts = [`# ${name}`, `## Model\n${model}`, `## Instructions\n${instructions}`];
  if (demos.length === 0) parts.push('## Demos\nnone');
  for (const [i, { fields, augmented }] of demos.entries()) {
    parts.push(`## Demo ${i + 1}, ${augmented ? 'bootstrapped' : 'labelled'}\n${fieldsText(fields)}`);
  }
  return parts.join('\n\n');
}

/** `name: value`, a line or more each. */
export function fieldsText(fields: Fields): string {
  const lines = Object.entries(shownFields(fields)).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value, null, 2)}`,
  );
  return lines.join('\n');
}
