import { rowsFileName } from '../data/rowsFile.ts';
import type { TrainingSet } from '../data/trainingSet.ts';
import type { Journal, Trainer } from './interfaces.ts';
import type { Scope } from './scope.ts';

/** What a step has collected on its training examples. */
export interface Collected {
  readonly set: TrainingSet;
  readonly predictors: readonly string[];
  /** Examples, and those of them with a correct run. */
  readonly tried: number;
  readonly correct: number;
}

/** Keeps the training set of a step as its back end is sent it, and logs what it is made of. */
export async function keepCollected(
  { journal, trainer }: { readonly journal: Journal; readonly trainer: Pick<Trainer, 'rowsFile'> },
  { set, predictors, tried, correct }: Collected,
  { prefix }: Scope,
): Promise<void> {
  const rows: TrainingSet['rows'] = set.rows;
  const file = rowsFileName(prefix);
  await journal.rows(file, trainer.rowsFile(set));
  journal.append({
    type: 'rows.collected',
    prefix,
    tried,
    correct,
    rows: rows.length,
    byPredictor: Object.fromEntries(
      predictors.map((name) => [name, rows.filter(({ predictor }) => predictor === name).length]),
    ),
    file: `rows/${file}`,
  });
}
