/** Rows in the forms of fine-tuning data: their fields say who speaks, and are none of the program's. */
import type { Fields } from '../base/json.ts';
import { codeOfRows } from './codeOfRows.ts';

interface Form {
  /** The fields that tell it. */
  readonly fields: readonly string[];
  /** Where what was asked and what was answered is, as Python reads it. */
  readonly asked: string;
  readonly answered: string;
}

const forms: readonly Form[] = [
  { fields: ['messages'], asked: "row['messages'][-2]['content']", answered: "row['messages'][-1]['content']" },
  { fields: ['prompt', 'completion'], asked: "row['prompt']", answered: "row['completion']" },
  {
    fields: ['instruction', 'output'],
    asked: "row['instruction'] + '\\n' + row.get('input', '')",
    answered: "row['output']",
  },
];

export const isTuningRow = (fields: Fields): boolean => formOf(fields) !== undefined;

function formOf(fields: Fields): Form | undefined {
  return forms.find((each) => each.fields.every((name) => Object.hasOwn(fields, name)));
}

/**
 * How such rows become the program's; empty for other rows. The host says the same of what it calls a program with
 * (`tuning_rows.py`).
 *
 * @param input a field that the program is called with, and `label` one that the metric compares
 */
export function tuningRemedy(fields: Fields, input: string, label: string): string {
  const form = formOf(fields);
  if (form === undefined) return '';
  return (
    " A row is an object with the program's fields, and this one is in a form of fine-tuning data. Make the rows in code: " +
    codeOfRows(`[{'${input}': ${form.asked}, '${label}': ${form.answered}} for row in …]`)
  );
}
