/** Holds the model of the table of all runs, and calls for a new drawing when something changed. */
import * as l10n from '../src/base/l10n.ts';
import { counted } from '../src/view/counted.ts';
import type { TableAct } from '../src/view/runRow.ts';
import type { Bridge, Told } from './bridge.ts';
import { attempt } from './loading.ts';
import { firstRunTableModel, runTableKeptSchema, shownRuns, tickedRuns } from './runTableModel.ts';
import type { RunTableKept, RunTableModel } from './runTableModel.ts';

export interface RunTableActions {
  keep(change: Partial<RunTableKept>): void;
  /** By the keys of rows. */
  open(run: string): void;
  tick(runs: readonly string[], on: boolean): void;
  /** With the rows that are ticked. */
  act(act: TableAct): void;
  /** The numbers of the rows that are shown, as CSV. */
  copyNumbers(): void;
}

export interface RunTableControllerParts {
  readonly bridge: Pick<Bridge, 'ask' | 'tellBug'>;
  draw(model: RunTableModel): unknown;
  /** Keeps where the user is. */
  save(kept: RunTableKept): void;
}

export class RunTableController implements RunTableActions {
  readonly #parts: RunTableControllerParts;
  #model: RunTableModel;

  constructor(parts: RunTableControllerParts, kept: unknown) {
    this.#parts = parts;
    const { kept: first } = firstRunTableModel;
    this.#model = { ...firstRunTableModel, kept: runTableKeptSchema.catch(first).parse(kept ?? {}) };
  }

  get model(): RunTableModel {
    return this.#model;
  }

  told(message: Told): void {
    if (message.type !== 'runTable') return;
    this.#set({ table: message });
    // A run that is gone is not ticked when it comes back.
    const there = new Set(message.rows.map(({ key }) => key));
    const ticked = this.#model.kept.ticked.filter((key) => there.has(key));
    if (ticked.length < this.#model.kept.ticked.length) this.keep({ ticked });
  }

  keep(change: Partial<RunTableKept>): void {
    const kept = { ...this.#model.kept, ...change };
    this.#parts.save(kept);
    this.#set({ kept, notice: null });
  }

  open(run: string): void {
    this.#try(() => this.#parts.bridge.ask<'openListed'>({ ask: 'openListed', runs: [run] }));
  }

  tick(runs: readonly string[], on: boolean): void {
    const others = this.#model.kept.ticked.filter((key) => !runs.includes(key));
    this.keep({ ticked: on ? [...others, ...runs] : others });
  }

  act(act: TableAct): void {
    const runs = tickedRuns(this.#shown, this.#model.kept).map(({ key }) => key);
    this.#try(() => this.#parts.bridge.ask<'actOnListed'>({ ask: 'actOnListed', act, runs }));
  }

  copyNumbers(): void {
    const runs = this.#shown.map(({ key }) => key);
    this.#try(async () => {
      await this.#parts.bridge.ask<'copyNumbers'>({ ask: 'copyNumbers', runs });
      this.#set({ notice: l10n.t('The numbers of {0} are in the clipboard, as CSV.', counted(runs.length, 'run')) });
    });
  }

  get #shown() {
    return shownRuns(this.#model.table?.rows ?? [], this.#model.kept);
  }

  #set(change: Partial<RunTableModel>): void {
    this.#model = { ...this.#model, ...change };
    this.#parts.draw(this.#model);
  }

  #try(work: () => unknown): void {
    void attempt(this.#parts.bridge, work, (notice) => this.#set({ notice }));
  }
}
