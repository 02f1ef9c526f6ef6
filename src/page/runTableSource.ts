/** All runs of the window, as the page with their table asks for them. Reads no file: who has the runs in memory gives them. */
import * as l10n from '../base/l10n.ts';
import { HumanError } from '../base/errors.ts';
import type { RunItem } from '../editor/items/runItem.ts';
import { runRow } from '../editor/items/runRow.ts';
import { whyNot } from '../view/runRow.ts';
import type { RunRow, TableAct } from '../view/runRow.ts';
import { runTableAskSchema } from '../viewProtocol/runTable.ts';
import type { PageSource } from './pageSession.ts';

export interface ListedRuns {
  /** Oldest first. An item that changed is another object. */
  readonly all: readonly RunItem[];
  /** The name of a folder of the workspace; `null` where there is only one. */
  folderName(root: string): string | null;
}

/** What only the editor can do for the table. */
export interface RunTableEffects {
  /** Calls the command that stands behind it on the runs, by their folders; the command tells what goes wrong. */
  act(act: TableAct | 'open', folders: readonly string[]): Promise<void>;
  /** Puts the numbers of rows into the clipboard. */
  copyNumbers(rows: readonly RunRow[]): Promise<void>;
}

export function runTableSource(runs: ListedRuns, effects: RunTableEffects): PageSource {
  const rows = new KnownRows(runs);
  const named = (keys: readonly string[]): readonly RunRow[] => {
    const known = new Map(rows.now().map((row) => [row.key, row]));
    return keys.map((key) => {
      const row = known.get(key);
      if (row === undefined) throw new HumanError(l10n.t('The run in {0} is not there any more.', key));
      return row;
    });
  };
  return {
    advance: () => Promise.resolve(false),
    picture: () => ({ type: 'runTable', rows: rows.now() }),
    get mark() {
      rows.now();
      return String(rows.version);
    },
    get live() {
      return runs.all.some(({ status }) => status === 'running');
    },
    answer: async (ask) => {
      const parsed = runTableAskSchema.safeParse(ask);
      if (!parsed.success) throw new HumanError(`The table of runs does not answer "${ask.ask}".`);
      const { data } = parsed;
      const asked = named(data.runs);
      if (data.ask === 'copyNumbers') await effects.copyNumbers(asked);
      else if (data.ask === 'openListed') await effects.act('open', data.runs);
      else {
        const reason = whyNot(data.act, asked);
        if (reason !== null) throw new HumanError(reason);
        await effects.act(data.act, data.runs);
      }
      return {};
    },
  };
}

/** A row is made anew only when its run changed: of many runs few are at work. */
class KnownRows {
  readonly #runs: ListedRuns;
  #made = new Map<RunItem, RunRow>();
  #rows: readonly RunRow[] = [];
  /** Counts up with every change. */
  version = 0;

  constructor(runs: ListedRuns) {
    this.#runs = runs;
  }

  now(): readonly RunRow[] {
    const before = this.#made;
    const made = this.#runs.all.map((item) => [item, this.#rowOf(item, before.get(item))] as const);
    this.#made = new Map(made);
    const rows = made.map(([, row]) => row);
    if (rows.length !== this.#rows.length || rows.some((row, i) => row !== this.#rows[i])) {
      this.#rows = rows;
      this.version++;
    }
    return this.#rows;
  }

  #rowOf(item: RunItem, known: RunRow | undefined): RunRow {
    const folder = this.#runs.folderName(item.root);
    return known !== undefined && known.folder === folder ? known : runRow(item, folder);
  }
}
