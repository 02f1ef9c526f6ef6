/** The rows of a split with what each scored in each state: what the Examples view and the comparison list. Pure. */
import * as l10n from '../base/l10n.ts';
import { rowsShownAtMost } from '../base/limits.ts';
import { labelsOf } from '../data/program.ts';
import type { Example } from '../data/program.ts';
import type { Answer } from '../viewProtocol/answers.ts';
import { categoriesOf } from './confusion.ts';
import { preview } from '../view/lineText.ts';
import type { RunDetails } from './runDetails.ts';

/** The step of a run that ends in the state, under the name of its column. */
export interface Column {
  readonly name: string;
  readonly step: string;
  readonly details: RunDetails;
}

export interface SplitRows {
  /** The rows of the data file; `null` where it cannot be read any more: rows are then known by number. */
  readonly examples: readonly Example[] | null;
  /** Rows the run had. */
  readonly count: number;
  /** Why the data file cannot be read. */
  readonly problem: string | null;
}

export function exampleTable(
  split: 'dev' | 'test',
  columns: readonly Column[],
  { examples, count, problem }: SplitRows,
): Answer<'examples' | 'compared'> {
  const listed = Math.min(count, rowsShownAtMost);
  const rows = examples ?? Array.from({ length: listed }, (_, id) => ({ id, inputs: {} }));
  const more =
    rows.length < count && examples === null ? l10n.t('Of {0} rows the first {1} are listed.', count, listed) : null;
  return {
    columns: columns.map(({ name }) => name),
    labelled: examples?.some((row) => Object.keys(labelsOf(row)).length > 0) ?? false,
    categories: categoriesOf(examples ?? []),
    rows: rows.map(({ id, inputs }) => {
      const outcomes = columns.map(({ step, details }) =>
        details.outcome({ step, purpose: split, candidate: null, example: id, round: 0 }),
      );
      return {
        example: id,
        preview: preview(inputs),
        scores: outcomes.map((outcome) => outcome?.score ?? null),
        failed: outcomes.map((outcome) => (outcome?.error ?? null) !== null),
      };
    }),
    problem: [problem, more].filter((text) => text !== null).join('\n') || null,
  };
}
