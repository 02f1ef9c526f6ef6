/** Rows of the table of all runs as CSV, for a spreadsheet or a data frame. */
import { stringify } from 'csv-stringify/sync';
import type { Score } from '../protocol.ts';
import type { RunRow } from '../view/runRow.ts';

const columns = [
  ...['run', 'name', 'folder', 'program', 'strategy', 'model', 'endpoint', 'seed', 'status', 'best'],
  ...['dev', 'dev_low', 'dev_high', 'dev_rows', 'test', 'test_low', 'test_high', 'test_rows'],
  ...['gain_on', 'gain', 'gain_low', 'gain_high', 'calls', 'from_memo', 'usd', 'seconds', 'begun', 'note'],
] as const;

type Line = Readonly<Record<(typeof columns)[number], string | number | null>>;

/** A line a run, in their order. Names and notes cannot become formulas. */
export function runNumbers(rows: readonly RunRow[]): string {
  return stringify(rows.map(lineOf), { header: true, columns: [...columns], escape_formulas: true });
}

function lineOf(row: RunRow): Line {
  const { id: run, name, folder, program, strategy, model, endpoint, seed, status, best, gain } = row;
  return {
    ...{ run, name, folder, program, strategy, model, endpoint, seed, status, best },
    ...scoreColumns('dev', row.dev),
    ...scoreColumns('test', row.test),
    ...{ gain_on: gain?.split ?? null, gain: gain?.points ?? null },
    ...{ gain_low: gain?.difference?.low ?? null, gain_high: gain?.difference?.high ?? null },
    ...{ calls: row.calls, from_memo: row.cached, usd: row.usd },
    ...{ seconds: row.seconds === null ? null : Number(row.seconds.toFixed(3)), begun: row.created, note: row.note },
  };
}

function scoreColumns<S extends 'dev' | 'test'>(split: S, score: Score | null) {
  return {
    [split]: score?.score ?? null,
    [`${split}_low`]: score?.low ?? null,
    [`${split}_high`]: score?.high ?? null,
    [`${split}_rows`]: score?.n ?? null,
  } as Readonly<Record<S | `${S}_${'low' | 'high' | 'rows'}`, number | null>>;
}
