/** What the page of a comparison shows. Only `kept` survives a reload. */
import * as z from 'zod';
import type { Answer } from '../src/viewProtocol/answers.ts';
import type { ComparedRun, SideBySide, Subject } from '../src/viewProtocol/comparison.ts';
import type { PredictionRow } from '../src/viewProtocol/examples.ts';
import { exampleFilters, nothing } from './model.ts';
import type { Loaded } from './model.ts';

export const compareKeptSchema = z.object({
  split: z.enum(['dev', 'test']).catch('dev'),
  /** The step that is compared of each run, by the run's id; without an entry: the last one with a score. */
  steps: z.record(z.string(), z.string()).catch({}),
  /** Of a comparison, the seed whose runs are shown; `null`: the first. */
  seed: z.number().nullable().catch(null),
  /** The run that the others are compared with, by id; `null`: the first. */
  base: z.string().nullable().catch(null),
  /** The run that the filters compare with it; `null`: the last. */
  other: z.string().nullable().catch(null),
  filter: z.enum(exampleFilters).catch('all'),
  search: z.string().catch(''),
  sort: z.object({ by: z.string(), descending: z.boolean() }).catch({ by: 'row', descending: false }),
});
export type CompareKept = z.infer<typeof compareKeptSchema>;

export interface CompareModel {
  readonly comparison: SideBySide | null;
  readonly kept: CompareKept;
  /** Rows with a column for each run, for the subjects of `rowsFor`. */
  readonly rows: Loaded<Answer<'compared'>>;
  /** What the runs gave on the rows that are, or were, in sight, by the number of the row. */
  readonly predictions: ReadonlyMap<number, PredictionRow>;
  readonly notice: string | null;
}

export const firstCompareModel: CompareModel = {
  comparison: null,
  kept: compareKeptSchema.parse({}),
  rows: nothing,
  predictions: new Map(),
  notice: null,
};

/** The step whose state is compared: what was chosen, else what the algorithm returned, else the last with a score. */
export function stepOf(run: ComparedRun, kept: Pick<CompareKept, 'steps'>): ComparedRun['steps'][number] | undefined {
  const named = (prefix: string | null | undefined) => run.steps.find((step) => step.prefix === prefix);
  return named(kept.steps[run.run]) ?? named(run.final) ?? run.steps.at(-1);
}

/** The runs side by side: all that were chosen, or those of a comparison with one seed. */
export function shownRuns({ runs, record }: SideBySide, { seed }: Pick<CompareKept, 'seed'>): readonly ComparedRun[] {
  if (record === null) return runs;
  const chosen = seed !== null && record.seeds.includes(seed) ? seed : record.seeds[0];
  const cells = record.cells.filter((cell) => cell.seed === chosen);
  const inOrder = record.strategies.flatMap((strategy) => cells.find((cell) => cell.strategy === strategy) ?? []);
  return inOrder.flatMap((cell) => runs.find(({ run }) => run === cell.run) ?? []);
}

export function subjectsOf(runs: readonly ComparedRun[], kept: Pick<CompareKept, 'steps'>): readonly Subject[] {
  return runs.map((run) => ({ run: run.run, step: stepOf(run, kept)?.prefix ?? '' }));
}

/** Places of the runs that are held against each other: all others are compared with `base`, the filters with `other`. */
export function comparedPlaces(
  runs: readonly ComparedRun[],
  { base, other }: Pick<CompareKept, 'base' | 'other'>,
): { readonly from: number; readonly to: number } {
  const place = (id: string | null): number => runs.findIndex(({ run }) => run === id);
  const from = Math.max(0, place(base));
  const asked = place(other);
  const last = from === runs.length - 1 ? runs.length - 2 : runs.length - 1;
  return { from, to: asked < 0 || asked === from ? Math.max(0, last) : asked };
}
