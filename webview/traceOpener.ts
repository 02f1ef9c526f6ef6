/** Opens a trace: its record, the row that it is about, and the messages of the calls that are unfolded. */
import type { Purpose } from '../src/protocol.ts';
import { shownNumber } from '../src/view/words.ts';
import type { TraceFilter } from '../src/viewProtocol.ts';
import type { Bridge } from './bridge.ts';
import { nothing, valueOf } from './model.ts';
import type { Kept, Model } from './model.ts';

export interface TraceOpenerParts {
  readonly bridge: Pick<Bridge, 'ask'>;
  model(): Model;
  set(change: Partial<Model>): void;
  keep(change: Partial<Kept>): void;
  /** Does the work, and says what went wrong; where `failed` is left out, in the status line. */
  attempt(work: () => unknown, failed?: (message: string) => void): Promise<void>;
}

export const noTrace = (example: number): string => `Row ${shownNumber(example)} has no trace in this step yet.`;

/** What the host answers at once. */
const keysAtMost = 200;

export class TraceOpener {
  readonly #parts: TraceOpenerParts;

  constructor(parts: TraceOpenerParts) {
    this.#parts = parts;
  }

  /** The latest that matches; `null`: there is none. */
  async find(filter: TraceFilter): Promise<number | null> {
    return (await this.#parts.bridge.ask<'findTrace'>({ ask: 'findTrace', filter })).trace;
  }

  /** What is shown stays until the next is here. */
  open(trace: number): void {
    const { bridge, model, set, keep, attempt } = this.#parts;
    keep({ trace });
    const before = valueOf(model().trace);
    set({ trace: { state: 'loading', ...(before !== undefined && { value: before }) } });
    void attempt(
      async () => {
        const value = await bridge.ask<'trace'>({ ask: 'trace', trace });
        if (model().kept.trace !== trace) return;
        const shown = { trace: { state: 'here', value: { ...value, trace } }, example: nothing } as const;
        set({ ...shown, unfolded: new Set([0]), callsShown: 100 });
        this.needMessages(0);
        await this.#loadExample(value.record.purpose, value.record.example);
      },
      (message) => this.#fail(message),
    );
  }

  /** That of the row that was chosen among the examples. */
  openChosen(): void {
    const { model, attempt } = this.#parts;
    const { chosen } = model().kept;
    if (chosen === null) return;
    const { step, split, example } = chosen;
    void attempt(
      async () => {
        const trace = await this.find({ step, purpose: split, example });
        // Another row was chosen meanwhile.
        if (model().kept.chosen !== chosen) return;
        if (trace === null) this.#fail(noTrace(example));
        else this.open(trace);
      },
      (message) => this.#fail(message),
    );
  }

  /** The same, unless it is open, or another is on its way. */
  showChosen(): void {
    const { kept, trace } = this.#parts.model();
    if (kept.chosen === null || trace.state === 'loading' || trace.state === 'failed') return;
    const { step, split, example } = kept.chosen;
    const record = valueOf(trace)?.record;
    if (record?.step === step && record.purpose === split && record.example === example) return;
    this.openChosen();
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
