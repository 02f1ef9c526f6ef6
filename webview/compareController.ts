/** Holds the model of a comparison, asks the host for the rows, and calls for a new drawing when something changed. */
import type { Subject } from '../src/viewProtocol/comparison.ts';
import type { Bridge, Told } from './bridge.ts';
import { compareKeptSchema, firstCompareModel, shownRuns, subjectsOf } from './compareModel.ts';
import type { CompareKept, CompareModel } from './compareModel.ts';
import { attempt, Spaced } from './loading.ts';
import { valueOf } from './model.ts';
import { PredictionPages } from './predictionPages.ts';

export interface CompareActions {
  keep(change: Partial<CompareKept>): void;
  chooseStep(run: string, step: string): void;
  openRun(run: string): void;
  /** The trace of a row, in the view of the run. */
  openRow(subject: Subject, example: number): void;
  /** These rows are in sight: what the runs gave on them is needed. */
  needPredictions(rows: readonly number[]): void;
  /** The rows of a split that failed in a run. */
  showFailed(run: string, split: CompareKept['split']): void;
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
  readonly #predictionPages: PredictionPages;

  constructor(parts: CompareControllerParts, kept: unknown) {
    this.#parts = parts;
    this.#predictionPages = new PredictionPages({
      ask: (rows) => {
        const { split } = this.#model.kept;
        const ask = { ask: 'comparedPredictions', split, subjects: this.#subjects(), rows } as const;
        return parts.bridge.ask<'comparedPredictions'>(ask);
      },
      put: (predictions) => this.#set({ predictions }),
      attempt: (work) => this.#try(work),
    });
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

  needPredictions(rows: readonly number[]): void {
    const about = JSON.stringify([this.#model.kept.split, this.#subjects()]);
    this.#predictionPages.need(about, this.#rowsFor, rows);
  }

  showFailed(run: string, split: CompareKept['split']): void {
    this.keep({ other: run, split, filter: 'failed', search: '' });
  }

  #subjects(): Subject[] {
    const { comparison, kept } = this.#model;
    return comparison === null ? [] : [...subjectsOf(shownRuns(comparison, kept), kept)];
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
    const subjects = this.#subjects();
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
