/** What a run knows of its rows besides its traces: the best state, and the rows of its data. */
import { HumanError } from '../../base/errors.ts';
import type { Example } from '../../data/program.ts';
import type { RunView } from '../../view/runView.ts';
import { loadProgramData } from '../data/loadData.ts';
import type { RunSummary } from '../reading/summary.ts';
import { ForeignRecord } from '../record/foreign.ts';
import { workspaceAround } from '../record/runFolder.ts';
import type { BestState } from './runAnswers.ts';

/** That of the result; of a run without one the best on dev so far. `null`: none was scored. */
export function bestState({ result, steps }: Pick<RunView, 'result' | 'steps'>): BestState | null {
  const scored = steps.flatMap(({ prefix, state, evaluations: { dev } }) =>
    dev === undefined ? [] : [{ prefix, state, score: dev.score.score }],
  );
  const [first] = scored.toSorted((a, b) => b.score - a.score);
  return scored.find(({ prefix }) => prefix === result?.best) ?? first ?? null;
}

export interface RowsOfRun {
  /** By number; `null`: they cannot be read. */
  readonly rows: ReadonlyMap<number, Example> | null;
  /** Why not. */
  readonly problem: string | null;
}

/** The rows of a split as the run had them. */
export async function rowsOfRun(summary: RunSummary, split: 'train' | 'dev'): Promise<RowsOfRun> {
  try {
    const examples = await load(summary, split);
    return { rows: new Map(examples.map((row) => [row.id, row])), problem: null };
  } catch (error) {
    if (!(error instanceof HumanError)) throw error;
    return { rows: null, problem: error.message };
  }
}

async function load({ run, manifest, madeHere }: RunSummary, split: 'train' | 'dev'): Promise<readonly Example[]> {
  // Data may be built by code, which is run for a run of this user's alone.
  if (!madeHere) throw new ForeignRecord(`Run ${run.id}`, run.id);
  const { asked, data } = manifest;
  const loaded = await loadProgramData({ ...asked, data: { ...asked.data, test: null } }, workspaceAround(run.folder));
  // Without a file of its own, dev is a part of train.
  const source = data[split] === null ? 'train' : split;
  if (loaded.hashes[source]?.sha256 !== data[source]?.sha256) {
    throw new HumanError(`The ${source} data changed since the run.`);
  }
  return loaded[split];
}
