/** Opens a trace: its record, the row that it is about, and the messages of the calls that are unfolded. */
import * as l10n from '../src/base/l10n.ts';
import type { Purpose } from '../src/protocol.ts';
import { shownNumber } from '../src/view/words.ts';
import type { TraceFilter } from '../src/viewProtocol/traces.ts';
import type { Bridge } from './bridge.ts';
import { nothing, valueOf } from './model.ts';
import type { Kept, Model, OpenTrace } from './model.ts';

export interface TraceOpenerParts {
  readonly bridge: Pick<Bridge, 'ask'>;
  model(): Model;
  set(change: Partial<Model>): void;
  keep(change: Partial<Kept>): void;
  /** Does the work, and says what went wrong; where `failed` is left out, in the status line. */
  attempt(work: () => unknown, failed?: (message: string) => void): Promise<void>;
}

export const noTrace = (example: number): string =>
  l10n.t('Row {0} has no trace in this step yet.', shownNumber(example));

/** What the host answers at once. */
const keysAtMost = 200;

type Chosen = NonNullable<Kept['chosen']>;
interface WantedRow {
  readonly chosen: Chosen;
}
/** What is to be shown: the trace in a place of the store, or that of the row that was chosen among the examples. */
type Wanted = { readonly trace: number } | WantedRow;

export class TraceOpener {
  readonly #parts: TraceOpenerParts;
  #wanted: Wanted | null = null;

  constructor(parts: TraceOpenerParts) {
    this.#parts = parts;
  }

  /** The latest that matches; `null`: there is none. */
  async find(filter: TraceFilter): Promise<number | null> {
    return (await this.#parts.bridge.ask<'findTrace'>({ ask: 'findTrace', filter })).trace;
  }

  /** What is shown stays until the next is here. */
  open(trace: number): void {
    this.#open(trace, { trace });
  }

  /** The one that was opened last, unless it is shown, or could not be. */
  showOpened(): void {
    const { model, set } = this.#parts;
    const { kept, trace } = model();
    const failedForRow = trace.state === 'failed' && this.#wantedRow !== null;
    if (trace.state !== 'none' && !failedForRow) return;
    if (kept.trace === null) set({ trace: nothing });
    else this.open(kept.trace);
  }

  /** That of the row that was chosen among the examples. */
  openChosen(): void {
    const { chosen } = this.#parts.model().kept;
    if (chosen !== null) this.#openRow({ chosen });
  }

  /** The same, unless it is open or on its way. One that was not there is looked for again: a run that works makes more. */
  showChosen(): void {
    const { model, set } = this.#parts;
    const { kept, trace } = model();
    const { chosen } = kept;
    if (chosen === null) return;
    const wanted = this.#wantedRow?.chosen === chosen ? this.#wantedRow : null;
    if (trace.state !== 'failed' && (wanted !== null || isOf(valueOf(trace)?.record, chosen))) return;
    // What is said of another one says nothing of this row.
    if (trace.state === 'failed' && wanted === null) set({ trace: { state: 'loading' } });
    this.#openRow(wanted ?? { chosen });
  }

  get #wantedRow(): WantedRow | null {
    return this.#wanted !== null && 'chosen' in this.#wanted ? this.#wanted : null;
  }

  #openRow(wanted: WantedRow): void {
    this.#wanted = wanted;
    const { step, split, example } = wanted.chosen;
    this.#attempt(wanted, async () => {
      const trace = await this.find({ step, purpose: split, example });
      // Another was chosen meanwhile.
      if (this.#wanted !== wanted) return;
      if (trace === null) this.#fail(noTrace(example));
      else this.#open(trace, wanted);
    });
  }

  #open(trace: number, wanted: Wanted): void {
    const { bridge, model, set, keep } = this.#parts;
    this.#wanted = wanted;
    keep({ trace });
    const before = valueOf(model().trace);
    set({ trace: { state: 'loading', ...(before !== undefined && { value: before }) } });
    this.#attempt(wanted, async () => {
      const value = await bridge.ask<'trace'>({ ask: 'trace', trace });
      if (this.#wanted !== wanted) return;
      const shown = { trace: { state: 'here', value: { ...value, trace } }, example: nothing } as const;
      set({ ...shown, unfolded: new Set([0]), callsShown: 100 });
      this.needMessages(0);
      await this.#loadExample(value.record.purpose, value.record.example);
    });
  }

  #attempt(wanted: Wanted, work: () => Promise<void>): void {
    void this.#parts.attempt(work, (message) => {
      if (this.#wanted === wanted) this.#fail(message);
    });
  }

  /** The messages of a call of the open trace. */
  needMessages(call: number): void {
    const requests = valueOf(this.#parts.model().trace)?.record.outcome.trace[call]?.lm ?? [];
    this.needKeys(requests.map(({ key }) => key));
  }

  /** What the memo keeps under these keys. */
  needKeys(wanted: readonly string[]): void {
    const { bridge, model, set, attempt } = this.#parts;
    const keys = wanted.filter((key) => !model().remembered.has(key));
    if (keys.length === 0) return;
    void attempt(async () => {
      const { answers } = await bridge.ask<'messages'>({ ask: 'messages', keys: keys.slice(0, keysAtMost) });
      const fresh = answers.map((answer) => [answer.key, answer] as const);
      set({ remembered: new Map([...model().remembered, ...fresh]) });
    });
  }

  #fail(message: string): void {
    this.#parts.set({ trace: { state: 'failed', message } });
  }

  async #loadExample(purpose: Purpose, example: number): Promise<void> {
    // Everything but the scoring of results runs on rows of train.
    const split = purpose === 'dev' || purpose === 'test' ? purpose : 'train';
    const value = await this.#parts.bridge.ask<'example'>({ ask: 'example', split, example }).catch(
      // The Examples view says why the data cannot be read; the trace is complete without it.
      () => null,
    );
    if (value !== null) this.#parts.set({ example: { state: 'here', value } });
  }
}

function isOf(record: OpenTrace['record'] | undefined, { step, split, example }: Chosen): boolean {
  return record?.step === step && record.purpose === split && record.example === example;
}
