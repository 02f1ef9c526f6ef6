/** Holds the model, asks the host for what the open view needs, and calls for a new drawing when something changed. */
import { shownNumber } from '../src/view/words.ts';
import type { Bridge, Told } from './bridge.ts';
import type { Actions, CandidateRowPlace } from './actions.ts';
import { hasTree } from './candidateTree.ts';
import { attempt, Spaced } from './loading.ts';
import { changesKey, firstModel, keptSchema, nothing, valueOf } from './model.ts';
import type { Kept, Loaded, Model, Tab } from './model.ts';
import { hasFront, shownStep } from './shownStep.ts';
import type { Purpose } from '../src/protocol.ts';
import type { Act, Answer, Snapshot, TraceFilter } from '../src/viewProtocol.ts';

/** Data of which there is one at a time. */
type Filled = 'examples' | 'states' | 'standing' | 'front' | 'costs' | 'trainedBy';

export interface ControllerParts {
  readonly bridge: Pick<Bridge, 'ask' | 'tellBug'>;
  draw(model: Model): unknown;
  /** Keeps where the user is. */
  save(kept: Kept): void;
}

/** What decides, with the tab, which data is needed. */
const loadedFor = ['split', 'left', 'right', 'step', 'front', 'costs'] as const satisfies (keyof Kept)[];

const pageSize = 200;
const trainingPage = 10;

export class Controller implements Actions {
  readonly #parts: ControllerParts;
  #model: Model;
  readonly #pagesAsked = new Set<number>();
  readonly #loading = new Spaced(() => this.#load());
  /** What was loaded for which version of the run. */
  readonly #versions = new Map<Filled | 'traces', string>();

  constructor(parts: ControllerParts, kept: unknown) {
    this.#parts = parts;
    this.#model = { ...firstModel, kept: keptSchema.catch(firstModel.kept).parse(kept ?? {}) };
  }

  get model(): Model {
    return this.#model;
  }

  /** What the host says unasked. */
  told(message: Told): void {
    if (message.type === 'snapshot') this.snapshot(message);
    else if (message.type === 'show') this.#showExample(message.step, message.split, message.example);
  }

  snapshot(snapshot: Snapshot): void {
    this.#set({ snapshot });
    this.#loading.soon();
  }

  goTo(tab: Tab): void {
    this.keep({ tab });
    this.#load();
  }

  keep(change: Partial<Kept>): void {
    const kept = { ...this.#model.kept, ...change };
    this.#parts.save(kept);
    this.#set({ kept });
    if (loadedFor.some((name) => change[name] !== undefined)) this.#load();
  }

  openExample(step: string, split: 'dev' | 'test', example: number): void {
    this.#showExample(step, split, example);
  }

  openRow(row: CandidateRowPlace): void {
    this.#showTrace(row, { step: row.step, example: row.example });
  }

  needChanges(before: string, after: string): void {
    const ask = { ask: 'changes', before, after } as const;
    void this.#fillIn('changes', changesKey(before, after), () => this.#parts.bridge.ask<'changes'>(ask));
  }

  needSentPrompts(state: string): void {
    void this.#fillIn('sentPrompts', state, async () => {
      const answer = await this.#parts.bridge.ask<'sentPrompts'>({ ask: 'sentPrompts', state });
      this.#needKeys(answer.sent?.calls.map(({ key }) => key) ?? []);
      return answer;
    });
  }

  #showExample(step: string, split: 'dev' | 'test', example: number): void {
    this.#showTrace({ step, purpose: split, example }, { example });
  }

  /** @param listed what the list beside the trace is of. */
  #showTrace(filter: TraceFilter & { readonly example: number }, listed: Kept['traceFilter']): void {
    const { example } = filter;
    void this.#try(async () => {
      const { trace } = await this.#parts.bridge.ask<'findTrace'>({ ask: 'findTrace', filter });
      if (trace === null) return this.#set({ notice: `Row ${shownNumber(example)} has no trace in this step yet.` });
      this.keep({ tab: 'traces' });
      this.filterTraces(listed);
      this.openTrace(trace);
    });
  }

  openTrace(trace: number): void {
    this.keep({ trace });
    this.#set({ trace: { state: 'loading' }, example: nothing, unfolded: new Set([0]), callsShown: 100 });
    void this.#try(
      async () => {
        const value = await this.#parts.bridge.ask<'trace'>({ ask: 'trace', trace });
        if (this.#model.kept.trace !== trace) return;
        this.#set({ trace: { state: 'here', value } });
        this.#needMessages(0);
        await this.#loadExample(value.record.purpose, value.record.example);
      },
      (message) => this.#set({ trace: { state: 'failed', message } }),
    );
  }

  needTraces(from: number, count: number): void {
    for (let page = Math.floor(from / pageSize); page * pageSize < from + count; page++) this.#needPage(page);
  }

  filterTraces(traceFilter: Kept['traceFilter']): void {
    this.#pagesAsked.clear();
    this.#set({ traceRows: new Map(), traceTotal: null });
    this.keep({ traceFilter });
    this.#needPage(0);
  }

  unfold(call: number, open: boolean): void {
    const unfolded = new Set(this.#model.unfolded);
    if (open) unfolded.add(call);
    else unfolded.delete(call);
    this.#set({ unfolded });
    if (open) this.#needMessages(call);
  }

  showMoreCalls(): void {
    this.#set({ callsShown: this.#model.callsShown + 200 });
  }

  openDiff(left: string, right: string, predictor: string | null): void {
    void this.#try(() => this.#parts.bridge.ask<'openDiff'>({ ask: 'openDiff', left, right, predictor }));
  }

  openSource(predictor: string): void {
    void this.#try(() => this.#parts.bridge.ask<'openSource'>({ ask: 'openSource', predictor }));
  }

  copyCurl(trace: number, call: number, request: number): void {
    void this.#try(async () => {
      await this.#parts.bridge.ask<'copyCurl'>({ ask: 'copyCurl', trace, call, request });
      this.#set({ notice: 'Copied as curl, without the key.' });
    });
  }

  showTrainingRows(step: string, from: number): void {
    const before = valueOf(this.#model.trainingRows);
    this.#set({ trainingRows: { state: 'loading', ...(before !== undefined && { value: before }) } });
    void this.#try(
      async () => {
        const ask = { ask: 'trainingRows', step, from, count: trainingPage } as const;
        const page = await this.#parts.bridge.ask<'trainingRows'>(ask);
        this.#set({ trainingRows: { state: 'here', value: { ...page, step } } });
      },
      (message) => this.#set({ trainingRows: { state: 'failed', message } }),
    );
  }

  openTrainingRun(step: string): void {
    void this.#try(() => this.#parts.bridge.ask<'openTrainingRun'>({ ask: 'openTrainingRun', step }));
  }

  act(act: Act): void {
    void this.#try(() => this.#parts.bridge.ask<'act'>({ ask: 'act', act }));
  }

  closeTrainingRows(): void {
    this.#set({ trainingRows: nothing });
  }

  #set(change: Partial<Model>): void {
    this.#model = { ...this.#model, ...change };
    this.#parts.draw(this.#model);
  }

  /** Asks for what the open view shows, unless it has what there is. */
  #load(): void {
    const { snapshot, kept } = this.#model;
    if (snapshot === null || !snapshot.complete) return;
    this.#loading.mark();
    const version = String(snapshot.version);
    if (kept.tab === 'run') {
      this.#loadStep(snapshot);
      if (kept.costs) this.#loadCosts(snapshot);
    }
    if (kept.tab === 'examples') {
      this.#loadOnce('examples', `${version} ${kept.split}`, (mark) => this.#loadExamples(mark));
    }
    if (kept.tab === 'program') {
      this.#loadOnce('states', `${version} ${kept.left} ${kept.right}`, (mark) => this.#loadStates(mark));
    }
    if (kept.tab === 'traces') {
      this.#loadOnce('traces', version, () => this.#loadTraces());
      if (kept.trace !== null && this.#model.trace.state === 'none') this.openTrace(kept.trace);
    }
  }

  /** What the details of the shown step need: how its candidates stand to each other, and who trained its model. */
  #loadStep(snapshot: Snapshot): void {
    const { kept } = this.#model;
    const shown = shownStep(snapshot, kept.step);
    if (shown === undefined) return;
    const { prefix: step, candidates, job } = shown;
    const { bridge } = this.#parts;
    const load = (what: 'standing' | 'front' | 'trainedBy', ask: () => Promise<NonNullable<unknown>>): void =>
      this.#loadOnce(what, `${snapshot.version} ${step}`, (mark) => this.#fill(what, mark, ask));
    if (job?.cached === true) load('trainedBy', () => bridge.ask<'trainedBy'>({ ask: 'trainedBy', step }));
    if (hasTree(candidates)) load('standing', () => bridge.ask<'standing'>({ ask: 'standing', step }));
    if (kept.front && hasFront(shown)) load('front', () => bridge.ask<'front'>({ ask: 'front', step }));
  }

  /** Traces are many: while a run works, they are read once more when something was scored, not with every row. */
  #loadCosts({ steps, status }: Snapshot): void {
    const scored = steps.map(({ prefix, evaluations }) => [prefix, ...Object.keys(evaluations)]);
    const ask = (): Promise<Answer<'costs'>> => this.#parts.bridge.ask<'costs'>({ ask: 'costs' });
    this.#loadOnce('costs', JSON.stringify([status, scored]), (mark) => this.#fill('costs', mark, ask));
  }

  #loadOnce(what: Filled | 'traces', mark: string, load: (mark: string) => void): void {
    if (this.#versions.get(what) === mark) return;
    this.#versions.set(what, mark);
    load(mark);
  }

  #loadExamples(mark: string): void {
    const { split } = this.#model.kept;
    const ask = { ask: 'examples', split } as const;
    this.#fill('examples', mark, () => this.#parts.bridge.ask<'examples'>(ask));
  }

  /** With those of the two that are a candidate's: the host passes over names of steps. */
  #loadStates(mark: string): void {
    const { left, right } = this.#model.kept;
    const ask = { ask: 'states', candidates: [left, right].filter((name) => name !== null) } as const;
    this.#fill('states', mark, () => this.#parts.bridge.ask<'states'>(ask));
  }

  /** What is shown stays until the new pages are here. */
  #loadTraces(): void {
    const known = [...this.#pagesAsked];
    this.#pagesAsked.clear();
    this.#needPage(0);
    // Places do not move, records are only added: of the pages that were full nothing has to be asked again.
    for (const page of known) if (this.#model.traceRows.has((page + 1) * pageSize - 1)) this.#pagesAsked.add(page);
  }

  #needPage(page: number): void {
    if (this.#pagesAsked.has(page)) return;
    this.#pagesAsked.add(page);
    const { traceFilter } = this.#model.kept;
    void this.#try(
      async () => {
        const ask = { ask: 'traces', filter: traceFilter, from: page * pageSize, count: pageSize } as const;
        const { total, from, rows } = await this.#parts.bridge.ask<'traces'>(ask);
        if (this.#model.kept.traceFilter !== traceFilter) return;
        const traceRows = new Map(this.#model.traceRows);
        for (const [i, row] of rows.entries()) traceRows.set(from + i, row);
        this.#set({ traceTotal: total, traceRows });
      },
      () => this.#pagesAsked.delete(page),
    );
  }

  #needMessages(call: number): void {
    const requests = valueOf(this.#model.trace)?.record.outcome.trace[call]?.lm ?? [];
    this.#needKeys(requests.map(({ key }) => key));
  }

  #needKeys(wanted: readonly string[]): void {
    const keys = wanted.filter((key) => !this.#model.remembered.has(key));
    if (keys.length === 0) return;
    void this.#try(async () => {
      const { answers } = await this.#parts.bridge.ask<'messages'>({ ask: 'messages', keys: keys.slice(0, 200) });
      const remembered = new Map(this.#model.remembered);
      for (const answer of answers) remembered.set(answer.key, answer);
      this.#set({ remembered });
    });
  }

  async #loadExample(purpose: Purpose, example: number): Promise<void> {
    // Everything but the scoring of results runs on rows of train.
    const split = purpose === 'dev' || purpose === 'test' ? purpose : 'train';
    const value = await this.#parts.bridge.ask<'example'>({ ask: 'example', split, example }).catch(
      // The Examples view says why the data cannot be read; the trace is complete without it.
      () => null,
    );
    if (value !== null) this.#set({ example: { state: 'here', value } });
  }

  /** @param mark of what is asked for: an answer that comes after another was asked for is of no use any more. */
  #fill(what: Filled, mark: string, ask: () => Promise<NonNullable<unknown>>): void {
    const before = valueOf<NonNullable<unknown>>(this.#model[what]);
    const put = (loaded: Loaded<NonNullable<unknown>>) => {
      if (this.#versions.get(what) === mark) this.#set({ [what]: loaded });
    };
    put({ state: 'loading', ...(before !== undefined && { value: before }) });
    void this.#try(
      async () => put({ state: 'here', value: await ask() }),
      (message) => {
        put({ state: 'failed', message });
        if (this.#versions.get(what) === mark) this.#versions.delete(what);
      },
    );
  }

  /** Asked for whenever it is looked at: while a run works there is more later. What is here stays until then. */
  #fillIn(what: 'changes' | 'sentPrompts', key: string, ask: () => Promise<NonNullable<unknown>>): Promise<void> {
    const put = (loaded: Loaded<NonNullable<unknown>>) =>
      this.#set({ [what]: new Map<string, unknown>([...this.#model[what], [key, loaded]]) });
    const before = this.#model[what].get(key);
    const value = before === undefined ? undefined : valueOf<NonNullable<unknown>>(before);
    put({ state: 'loading', ...(value !== undefined && { value }) });
    return this.#try(
      async () => put({ state: 'here', value: await ask() }),
      (message) => put({ state: 'failed', message }),
    );
  }

  #try(work: () => unknown, failed = (notice: string) => this.#set({ notice })): Promise<void> {
    return attempt(this.#parts.bridge, work, failed);
  }
}
