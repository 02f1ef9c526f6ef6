/** Holds the model of a comparison, asks the host for the rows, and calls for a new drawing when something changed. */
import type { Subject } from '../src/viewProtocol.ts';
import type { Bridge, Told } from './bridge.ts';
import { compareKeptSchema, firstCompareModel, shownRuns, subjectsOf } from './compareModel.ts';
import type { CompareKept, CompareModel } from './compareModel.ts';
import { attempt, Spaced } from './loading.ts';
import { valueOf } from './model.ts';

export interface CompareActions {
  keep(change: Partial<CompareKept>): void;
  chooseStep(run: string, step: string): void;
  openRun(run: string): void;
  /** The trace of a row, in the view of the run. */
  openRow(subject: Subject, example: number): void;
}

export interface CompareControllerParts {
  readonly bridge: Pick<Bridge, 'ask' | 'tellBug'>;
  draw(model: CompareModel): unknown;
  /** Keeps where the user is. */
  save(kept: CompareKept): void;
}

export class CompareController implements CompareActions {
  readonly #parts: CompareControllerParts;
  #model: CompareModel;
  /** What the rows that are here, or on their way, are of. */
  #rowsFor = '';
  readonly #loading = new Spaced(() => this.#load());

  constructor(parts: CompareControllerParts, kept: unknown) {
    this.#parts = parts;
    this.#model = { ...firstCompareModel, kept: compareKeptSchema.catch(firstCompareModel.kept).parse(kept ?? {}) };
  }

  get model(): CompareModel {
    return this.#model;
  }

  told(message: Told): void {
    if (message.type !== 'sideBySide') return;
    this.#set({ comparison: message });
    this.#loading.soon();
  }

  keep(change: Partial<CompareKept>): void {
    const kept = { ...this.#model.kept, ...change };
    this.#parts.save(kept);
    this.#set({ kept });
    this.#load();
  }

  chooseStep(run: string, step: string): void {
    this.keep({ steps: { ...this.#model.kept.steps, [run]: step } });
  }

  openRun(run: string): void {
    void this.#try(() => this.#parts.bridge.ask<'openRun'>({ ask: 'openRun', run, row: null }));
  }

  openRow({ run, step }: Subject, example: number): void {
    const { split } = this.#model.kept;
    void this.#try(() => this.#parts.bridge.ask<'openRun'>({ ask: 'openRun', run, row: { step, split, example } }));
  }

  #set(change: Partial<CompareModel>): void {
    this.#model = { ...this.#model, ...change };
    this.#parts.draw(this.#model);
  }

  /** Asks for the rows, unless those that are here are the ones. */
  #load(): void {
    const { comparison, kept, rows } = this.#model;
    if (comparison === null || !comparison.complete) return;
    const { split } = kept;
    const subjects = [...subjectsOf(shownRuns(comparison, kept), kept)];
    if (subjects.length === 0) return;
    const rowsFor = JSON.stringify([comparison.version, split, subjects]);
    if (rowsFor === this.#rowsFor) return;
    this.#rowsFor = rowsFor;
    this.#loading.mark();
    const before = valueOf(rows);
    this.#set({ rows: { state: 'loading', ...(before !== undefined && { value: before }) } });
    void this.#try(
      async () => {
        const value = await this.#parts.bridge.ask<'compared'>({ ask: 'compared', split, subjects });
        if (this.#rowsFor === rowsFor) this.#set({ rows: { state: 'here', value } });
      },
      (message) => {
        this.#rowsFor = '';
        this.#set({ rows: { state: 'failed', message } });
      },
    );
  }

  #try(work: () => unknown, failed = (notice: string) => this.#set({ notice })): Promise<void> {
    return attempt(this.#parts.bridge, work, failed);
  }
}
