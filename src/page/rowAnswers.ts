/** Answers what the view asks about rows: what was predicted for them, and a row with all that came of it. */
import * as l10n from '../base/l10n.ts';
import { HumanError } from '../base/errors.ts';
import type { Example } from '../data/program.ts';
import { shownNumber } from '../view/words.ts';
import type { Answer } from '../viewProtocol/answers.ts';
import { categoriesOf, confusionOf } from './confusion.ts';
import { exampleTable } from './exampleTable.ts';
import { predictionRows } from './predictions.ts';
import { readableRows } from './readableRows.ts';
import type { RunReader } from './runReader.ts';

type Split = 'dev' | 'test';

export async function examples(reader: RunReader, split: Split): Promise<Answer<'examples'>> {
  const { examples: rows, problem } = await readableRows(reader, split);
  const columns = reader.steps.map((step) => ({ name: step, step, details: reader.details }));
  return exampleTable(split, columns, { examples: rows, count: reader.count(split), problem });
}

export async function predictions(
  reader: RunReader,
  split: Split,
  rows: readonly number[],
): Promise<Answer<'predictions'>> {
  const { examples: known } = await readableRows(reader, split);
  const columns = await Promise.all(reader.steps.map((step) => reader.givenIn(step, split)));
  return { rows: predictionRows(rows, columns, byNumber(known)) };
}

export function byNumber(examples: readonly Example[] | null): ReadonlyMap<number, Example> {
  return new Map((examples ?? []).map((row) => [row.id, row]));
}

export async function confusion(reader: RunReader, split: Split, step: string): Promise<Answer<'confusion'>> {
  const { examples: rows } = await readableRows(reader, split);
  const fields = categoriesOf(rows ?? []);
  if (rows === null || fields.length === 0) return { step, fields: [] };
  const given = await reader.allGivenIn(step, split);
  return { step, fields: fields.map((field) => confusionOf(field, rows, given)) };
}

/** A row with its fields, and what each step gave on it and scored; for the clipboard. */
export async function rowText(reader: RunReader, split: Split, example: number): Promise<string> {
  const { examples: known } = await readableRows(reader, split);
  const row = known?.find(({ id }) => id === example);
  if (row === undefined && example >= reader.count(split)) {
    throw new HumanError(l10n.t('Run {0} has no row {1} of {2}.', reader.run.id, shownNumber(example), split));
  }
  const states = await Promise.all(reader.steps.map((step) => stateOf(reader, split, step, example)));
  return JSON.stringify({ split, row: shownNumber(example), fields: row?.fields ?? null, states }, null, 2);
}

async function stateOf(reader: RunReader, split: Split, step: string, example: number) {
  const outcome = reader.details.outcome({ step, purpose: split, candidate: null, example, round: 0 });
  const given = (await reader.givenIn(step, split))(example);
  return {
    state: step,
    score: outcome?.score ?? null,
    error: outcome?.error ?? null,
    prediction: given?.prediction ?? null,
  };
}
