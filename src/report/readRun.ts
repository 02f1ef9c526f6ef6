import { RunReader } from '../page/runReader.ts';
import type { RunLocation } from '../run/record/runFolder.ts';
import type { Snapshot } from '../viewProtocol/snapshot.ts';
import type { StateRow } from '../viewProtocol/states.ts';
import { changedRows } from './changedRows.ts';
import type { ChangedRows } from './changedRows.ts';

/** A run as its report tells it. */
export interface ReportedRun {
  readonly snapshot: Snapshot;
  /** When it was asked for; ISO 8601. */
  readonly created: string;
  /** The states of the steps, the baseline first. */
  readonly states: readonly StateRow[];
  /** Between the baseline and the best state; `null`: there is no other state, or the split was not scored in it. */
  readonly changed: { readonly dev: ChangedRows | null; readonly test: ChangedRows | null };
}

/** The run with its whole log read. @throws HumanError when it cannot be read. */
export async function openWhole(run: RunLocation): Promise<RunReader> {
  const reader = await RunReader.open(run);
  while (await reader.advance());
  return reader;
}

/** What its log says, without traces and data. @throws HumanError when the run cannot be read. */
export async function readSnapshot(run: RunLocation): Promise<Snapshot> {
  return (await openWhole(run)).snapshot(true);
}

/**
 * Reads the whole run. Rows that code builds are not built for it, and of a run that came with the folder the data is not read.
 *
 * @throws HumanError when the run cannot be read.
 */
export async function readReportedRun(run: RunLocation): Promise<ReportedRun> {
  const reader = await openWhole(run);
  const snapshot = reader.snapshot(true);
  const best = snapshot.steps.find(({ prefix }) => prefix === snapshot.best && prefix !== '');
  const changed = async (split: 'dev' | 'test'): Promise<ChangedRows | null> =>
    best?.evaluations[split] === undefined ? null : changedRows(reader, split, best.prefix);
  return {
    snapshot,
    created: reader.manifest.created,
    states: await reader.states(),
    changed: { dev: await changed('dev'), test: await changed('test') },
  };
}
