/** What a program gave on rows, beside the rows' labels: for the cells of a table. Reads the records of these rows alone. */
import { canonicalJson } from '../base/json.ts';
import type { Fields } from '../base/json.ts';
import { labelsOf } from '../data/program.ts';
import type { Example } from '../data/program.ts';
import type { PredictionRow, PredictionView, ShownField } from '../viewProtocol/examples.ts';
import { lineText } from '../view/lineText.ts';

/** Looks up what the program gave on a row; `null`: there is no record of it. */
export type GivenOn = (example: number) => { readonly trace: number; readonly prediction: Fields | null } | null;

/** Of a row, in a table that has the whole beside it. */
const fieldsAtMost = 12;

/**
 * @param columns by state.
 * @param examples the rows of the data file, by number; without those there are no labels.
 */
export function predictionRows(
  rows: readonly number[],
  columns: readonly GivenOn[],
  examples: ReadonlyMap<number, Example>,
): PredictionRow[] {
  return rows.map((example) => {
    const labels = labelsOf(examples.get(example));
    const given = columns.map((column) => column(example));
    return {
      example,
      labels: Object.entries(labels).slice(0, fieldsAtMost).map(shown),
      predictions: given.map((one) => (one === null ? null : predictionOf(one.trace, one.prediction, labels))),
    };
  });
}

function predictionOf(trace: number, prediction: Fields | null, labels: Fields): PredictionView | null {
  if (prediction === null) return null;
  const all = Object.entries(prediction);
  const labelled = all.filter(([name]) => Object.hasOwn(labels, name));
  const fields = (labelled.length === 0 ? all : labelled).slice(0, fieldsAtMost);
  return {
    trace,
    fields: fields.map(([field, value]) => {
      const differs = Object.hasOwn(labels, field) && canonicalJson(value) !== canonicalJson(labels[field]!);
      return { ...shown([field, value]), differs };
    }),
  };
}

function shown([field, value]: readonly [string, Fields[string]]): ShownField {
  return { field, text: lineText(value) };
}
