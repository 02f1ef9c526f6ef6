/** The rows of a split that score otherwise in one state than in the baseline, with what was answered before and after. */
import { labelsOf } from '../data/program.ts';
import { preview } from '../view/lineText.ts';
import { readableRows } from '../page/readableRows.ts';
import type { RunReader } from '../page/runReader.ts';

type Split = 'dev' | 'test';

export interface ChangedRow {
  /** From 0. */
  readonly example: number;
  /** Inputs and labels in a line each; `null`: the data cannot be read any more. */
  readonly inputs: string | null;
  readonly labels: string | null;
  readonly before: Answered;
  readonly after: Answered;
}

export interface Answered {
  readonly score: number;
  /** The error's words where the program run failed. */
  readonly text: string;
}

export interface ChangedRows {
  readonly fixed: number;
  readonly broken: number;
  /** The first of them, broken ones before fixed ones. */
  readonly rows: readonly ChangedRow[];
  /** Why rows show no inputs. */
  readonly problem: string | null;
}

const shownAtMost = 200;

/** @param step the step that ends in the other state. */
export async function changedRows(reader: RunReader, split: Split, step: string): Promise<ChangedRows> {
  const places = Array.from({ length: reader.count(split) }, (_, example) => example);
  const scoreIn = (state: string, example: number) =>
    reader.details.outcome({ step: state, purpose: split, candidate: null, example, round: 0 });
  const changed = places.flatMap((example) => {
    const [before, after] = [scoreIn('', example), scoreIn(step, example)];
    if (before === undefined || after === undefined || before.score === after.score) return [];
    return [{ example, before, after }];
  });
  const broken = changed.filter(({ before, after }) => after.score < before.score);
  const fixed = changed.filter(({ before, after }) => after.score > before.score);
  const shown = [...broken, ...fixed].slice(0, shownAtMost);
  const answers = [await answersOf(reader, split, ''), await answersOf(reader, split, step)] as const;
  const { examples, problem } = await readableRows(reader, split);
  const rows = shown.map(({ example, before, after }): ChangedRow => {
    const row = examples?.find(({ id }) => id === example);
    return {
      example,
      inputs: row === undefined ? null : preview(row.inputs),
      labels: row === undefined ? null : preview(labelsOf(row)),
      before: { score: before.score, text: before.error ?? answers[0](example) },
      after: { score: after.score, text: after.error ?? answers[1](example) },
    };
  });
  return { fixed: fixed.length, broken: broken.length, rows, problem };
}

/** What was answered in a state on a row, in a line; '' where there is no record of it. */
async function answersOf(reader: RunReader, split: Split, step: string): Promise<(example: number) => string> {
  const givenOn = await reader.givenIn(step, split);
  return (example) => preview(givenOn(example)?.prediction ?? {});
}
