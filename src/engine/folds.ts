/** Folds: a search on few rows learns from all of them and chooses on all of them, and scores none by what it taught. */
import { canonicalJson } from '../base/json.ts';
import { UsageError } from '../base/errors.ts';
import type { Example } from '../data/program.ts';

/**
 * The fold of each row, from 0: in the order of the step's shuffle the folds take turns. A row that asks what an earlier
 * one asks is in the fold of that one, because it would be answered by what the other taught; the turn stays. So no fold
 * is empty that different rows are left for.
 */
export function foldsOf(rows: readonly Example[], folds: number): ReadonlyMap<Example, number> {
  const questions = questionsOf(rows);
  const turns = new Map([...new Set(questions)].map((question, turn) => [question, turn % folds]));
  return new Map(rows.map((row, place) => [row, turns.get(questions[place]!)!]));
}

/** Of each row the place of the first one that asks the same. */
export function questionsOf(rows: readonly Example[]): readonly number[] {
  const asked = rows.map(({ inputs }) => canonicalJson(inputs));
  const first = new Map(asked.map((question, place) => [question, place] as const).reverse());
  return asked.map((question) => first.get(question)!);
}

/** Settings of a search that has folds. */
export interface FoldSettings {
  readonly folds: number;
  /** Sizes of T and V, as somebody wrote them; `null`: not at all. */
  readonly train: number | null;
  readonly validation: number | null;
}

/**
 * @param rows that train has.
 * @param key see `OptimizerSpec.fit`.
 * @throws UsageError where there are fewer rows than folds, or the rows are cut in two besides.
 */
export function checkFolds({ folds, train, validation }: FoldSettings, rows: number, key: string): void {
  const sizes = Object.entries({ train, validation }).flatMap(([name, size]) =>
    size === null ? [] : [`"${key}.${name}" (${size})`],
  );
  if (sizes.length > 0) {
    throw new UsageError(
      `"${key}.folds" (${folds}) has a step learn from all training rows and choose on all of them, and ` +
        `${sizes.join(' and ')} ${sizes.length === 1 ? 'takes' : 'take'} a part of them. ` +
        `Leave out "${key}.folds" or ${sizes.length === 1 ? 'the other' : 'the others'}.`,
    );
  }
  if (folds > rows) {
    throw new UsageError(
      `"${key}.folds" (${folds}) needs at least ${folds} training rows, one a fold; train has ${rows}. ` +
        `Lower it to ${rows} or less.`,
    );
  }
}
