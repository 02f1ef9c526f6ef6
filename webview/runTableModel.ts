/** What the page with all runs shows. Only `kept` survives a reload. */
import * as z from 'zod';
import type { RunTable } from '../src/viewProtocol/runTable.ts';
import { runStatuses } from '../src/view/runRow.ts';
import type { RunRow } from '../src/view/runRow.ts';

export const runColumns = [
  ...['name', 'program', 'strategy', 'status', 'dev', 'test', 'gain', 'calls', 'cost', 'time', 'date'],
  ...['model', 'seed', 'note'],
] as const;
export type RunColumn = (typeof runColumns)[number];

const latestFirst = { by: 'date', descending: true } as const;

export const runTableKeptSchema = z.object({
  search: z.string().catch(''),
  /** `null`: all of them. */
  program: z.string().nullable().catch(null),
  status: z.enum(runStatuses).nullable().catch(null),
  sort: z.object({ by: z.enum(runColumns), descending: z.boolean() }).catch(latestFirst),
  /** Keys of rows. */
  ticked: z.array(z.string()).catch([]),
});
export type RunTableKept = z.infer<typeof runTableKeptSchema>;

export interface RunTableModel {
  readonly table: RunTable | null;
  readonly kept: RunTableKept;
  readonly notice: string | null;
}

export const firstRunTableModel: RunTableModel = {
  table: null,
  kept: runTableKeptSchema.parse({}),
  notice: null,
};

/** The rows that pass the filters, in the order that was chosen. */
export function shownRuns(rows: readonly RunRow[], kept: RunTableKept): readonly RunRow[] {
  const words = kept.search.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const passing = rows.filter(
    (row) =>
      (kept.program === null || row.program === kept.program) &&
      (kept.status === null || row.status === kept.status) &&
      words.every((word) => searched(row).includes(word)),
  );
  return sorted(passing, kept.sort);
}

/** What is done is done with rows that can be seen. */
export function tickedRuns(shown: readonly RunRow[], { ticked }: Pick<RunTableKept, 'ticked'>): readonly RunRow[] {
  const keys = new Set(ticked);
  return shown.filter(({ key }) => keys.has(key));
}

/** Of all rows, each once, in order of the alphabet. */
export function programsOf(rows: readonly RunRow[]): readonly string[] {
  return [...new Set(rows.map(({ program }) => program))].toSorted(byText);
}

function searched({ name, program, folder, strategy, model, endpoint, note, id }: RunRow): string {
  return [name, program, folder ?? '', strategy, model, endpoint, note, id].join('\n').toLocaleLowerCase();
}

const collator = new Intl.Collator(undefined, { numeric: true });
const byText = (a: string, b: string): number => collator.compare(a, b);

/** What a column is sorted by; `null`: it is not known, and comes last whichever way one sorts. */
const valueOf: Readonly<Record<RunColumn, (row: RunRow) => string | number | null>> = {
  name: ({ name }) => name,
  program: ({ program, folder }) => `${program} ${folder ?? ''}`,
  strategy: ({ strategy }) => strategy,
  model: ({ model, endpoint }) => `${model} ${endpoint}`,
  seed: ({ seed }) => seed,
  status: ({ status }) => runStatuses.indexOf(status),
  dev: ({ dev }) => dev?.score ?? null,
  test: ({ test }) => test?.score ?? null,
  gain: ({ gain }) => gain?.points ?? null,
  calls: ({ calls }) => calls,
  cost: ({ usd }) => usd,
  time: ({ seconds }) => seconds,
  date: ({ created }) => Date.parse(created),
  note: ({ note }) => (note === '' ? null : note),
};

/** Of equals the latest comes first. */
function sorted(rows: readonly RunRow[], { by, descending }: RunTableKept['sort']): readonly RunRow[] {
  const value = valueOf[by];
  const keyed = rows.toReversed().map((row) => ({ row, value: value(row) }));
  const compared = (a: string | number, b: string | number): number =>
    typeof a === 'number' && typeof b === 'number' ? a - b : byText(String(a), String(b));
  return keyed
    .toSorted((a, b) => {
      if (a.value === null || b.value === null) return Number(a.value === null) - Number(b.value === null);
      return descending ? compared(b.value, a.value) : compared(a.value, b.value);
    })
    .map(({ row }) => row);
}
