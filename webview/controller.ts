/** Holds the model, asks the host for what the open view needs, and calls for a new drawing when something changed. */
import * as l10n from '../src/base/l10n.ts';
import type { Bridge, Told } from './bridge.ts';
import type { Actions, CandidateRowPlace, Split } from './actions.ts';
import { hasTree } from './candidateTree.ts';
import { comparedColumns } from './exampleFilter.ts';
import { attempt, Spaced } from './loading.ts';
import { changesKey, firstModel, keptSchema, nothing, valueOf } from './model.ts';
import type { Kept, Loaded, Model, Tab } from './model.ts';
import { PredictionPages } from './predictionPages.ts';
import { hasFront, shownStep } from './shownStep.ts';
import type { SourcePlace } from './sourceLinks.ts';
import { noTrace, TraceOpener } from './traceOpener.ts';
import { TracePages } from './tracePages.ts';
import type { Answer } from '../src/viewProtocol/answers.ts';
import type { Act, Snapshot } from '../src/viewProtocol/snapshot.ts';
import type { TraceFilter } from '../src/viewProtocol/traces.ts';

/** Data of which there is one at a time. */
type Filled = 'examples' | 'confusion' | 'states' | 'standing' | 'front' | 'costs' | 'trainedBy';

export interface ControllerParts {
  readonly bridge: Pick<Bridge, 'ask' | 'tellBug'>;
  draw(model: Model): unknown;
  /** Keeps where the user is. */
  save(kept: Kept): void;
}

/** What decides, with the tab, which data is needed. */
const loadedFor = [
  'split',
  'left',
  'right',
  'step',
  'front',
  'costs',
  'confusion',
  'from',
  'to',
] as const satisfies (keyof Kept)[];

const trainingPage = 10;

export class Controller implements Actions {
  readonly #parts: ControllerParts;
  #model: Model;
  readonly #tracePages: TracePages;
  readonly #predictionPages: PredictionPages;
  readonly #traces: TraceOpener;
  readonly #loading = new Spaced(() => this.#load());
  /** What was loaded for which version of the run. */
  readonly #versions = new Map<Filled | 'traces', string>();

  constructor(parts: ControllerParts, kept: unknown) {
    this.#parts = parts;
    this.#model = { ...firstModel, kept: keptSchema.catch(firstModel.kept).parse(kept ?? {}) };
    const { bridge } = parts;
    const { traceFilter, traceSort } = this.#model.kept;
    this.#tracePages = new TracePages(
      {
        ask: (filter, sort, from, count) => bridge.ask<'traces'>({ ask: 'traces', filter, sort, from, count }),
        put: (traces) => this.#set({ traces }),
        attempt: (work, failed) => this.#try(work, failed),
      },
      traceFilter,
      traceSort,
    );
    this.#traces = new TraceOpener({
      bridge,
      model: () => this.#model,
      set: (change) => this.#set(change),
      keep: (change) => this.keep(change),
      attempt: (work, failed) => this.#try(work, failed),
    });
    this.#predictionPages = new PredictionPages({
      ask: (rows) => bridge.ask<'predictions'>({ ask: 'predictions', split: this.#model.kept.split, rows }),
      put: (predictions) => this.#set({ predictions }),
      attempt: (work) => this.#try(work),
    });
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

  openExample(step: string, split: Split, example: number): void {
    this.keep({ chosen: { step, split, example } });
    this.#traces.openChosen();
  }

  needPredictions(rows: readonly number[]): void {
    const version = this.#versions.get('examples') ?? '';
    this.#predictionPages.need(this.#model.kept.split, version, rows);
  }

  showFailed(step: string, split: Split): void {
    this.keep({ tab: 'examples', split, to: step, filter: 'failed', search: '', cell: null });
  }

  showTraces(filter: Kept['traceFilter']): void {
    this.keep({ tab: 'traces' });
    this.filterTraces(filter);
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
      this.#traces.needKeys(answer.sent?.calls.map(({ key }) => key) ?? []);
      return answer;
    });
  }

  #showExample(step: string, split: Split, example: number): void {
    this.#showTrace({ step, purpose: split, example }, { example });
  }

  /** @param listed what the list beside the trace is of. */
  #showTrace(filter: TraceFilter & { readonly example: number }, listed: Kept['traceFilter']): void {
    void this.#try(async () => {
      const trace = await this.#traces.find(filter);
      if (trace === null) return this.#set({ notice: noTrace(filter.example) });
      this.showTraces(listed);
      this.openTrace(trace);
    });
  }

  openTrace(trace: number): void {
    this.#traces.open(trace);
  }

  needTraces(from: number, count: number): void {
    this.#tracePages.need(from, count);
  }

  filterTraces(traceFilter: Kept['traceFilter'], traceSort = this.#model.kept.traceSort): void {
    this.keep({ traceFilter, traceSort });
    this.#tracePages.list(traceFilter, traceSort);
  }

  unfold(call: number, open: boolean): void {
    const unfolded = new Set(this.#model.unfolded);
    if (open) unfolded.add(call);
    else unfolded.delete(call);
    this.#set({ unfolded });
    if (open) this.#traces.needMessages(call);
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

  openFile({ file, line, cell }: SourcePlace): void {
    const place = { file, line, ...(cell !== undefined && { cell }) };
    void this.#try(() => this.#parts.bridge.ask<'openFile'>({ ask: 'openFile', ...place }));
  }

  copyTrace(trace: number): void {
    void this.#try(async () => {
      await this.#parts.bridge.ask<'copyTrace'>({ ask: 'copyTrace', trace });
      this.#set({ notice: l10n.t('The trace is copied as JSON.') });
    });
  }

  copyRow(split: Split, example: number): void {
    void this.#try(async () => {
      await this.#parts.bridge.ask<'copyRow'>({ ask: 'copyRow', split, example });
      this.#set({ notice: l10n.t('The row is copied as JSON.') });
    });
  }

  copyCurl(trace: number, call: number, request: number): void {
    void this.#try(async () => {
      await this.#parts.bridge.ask<'copyCurl'>({ ask: 'copyCurl', trace, call, request });
      this.#set({ notice: l10n.t('Copied as curl, without the key.') });
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
      this.#loadConfusion();
      this.#traces.showChosen();
    }
    if (kept.tab === 'program') {
      this.#loadOnce('states', `${version} ${kept.left} ${kept.right}`, (mark) => this.#loadStates(mark));
    }
    if (kept.tab === 'traces') {
      this.#loadOnce('traces', version, () => this.#tracePages.again());
      this.#traces.showOpened();
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
      this.#loadOnce(what, `${snapshot.version} ${step}`, (mark) => void this.#fill(what, mark, ask));
    if (job?.cached === true) load('trainedBy', () => bridge.ask<'trainedBy'>({ ask: 'trainedBy', step }));
    if (hasTree(candidates)) load('standing', () => bridge.ask<'standing'>({ ask: 'standing', step }));
    if (kept.front && hasFront(shown)) load('front', () => bridge.ask<'front'>({ ask: 'front', step }));
  }

  /** Traces are many: while a run works, they are read once more when something was scored, not with every row. */
  #loadCosts({ steps, status }: Snapshot): void {
    const scored = steps.map(({ prefix, evaluations }) => [prefix, ...Object.keys(evaluations)]);
    const ask = (): Promise<Answer<'costs'>> => this.#parts.bridge.ask<'costs'>({ ask: 'costs' });
    this.#loadOnce('costs', JSON.stringify([status, scored]), (mark) => void this.#fill('costs', mark, ask));
  }

  #loadOnce(what: Filled | 'traces', mark: string, load: (mark: string) => void): void {
    if (this.#versions.get(what) === mark) return;
    this.#versions.set(what, mark);
    load(mark);
  }

  #loadExamples(mark: string): void {
    const { split } = this.#model.kept;
    const ask = { ask: 'examples', split } as const;
    const filled = this.#fill('examples', mark, () => this.#parts.bridge.ask<'examples'>(ask));
    void filled.then(() => this.#loadConfusion());
  }

  /** Of the state that the rows are looked at in. */
  #loadConfusion(): void {
    const { kept, examples, snapshot } = this.#model;
    const answer = valueOf(examples);
    if (!kept.confusion || examples.state !== 'here' || answer?.categories.length === 0) return;
    const step = answer!.columns[comparedColumns(answer!, kept).to] ?? '';
    const ask = { ask: 'confusion', split: kept.split, step } as const;
    this.#loadOnce('confusion', `${snapshot?.version} ${kept.split} ${step}`, (mark) => {
      void this.#fill('confusion', mark, () => this.#parts.bridge.ask<'confusion'>(ask));
    });
  }

  /** With those of the two that are a candidate's: the host passes over names of steps. */
  #loadStates(mark: string): void {
    const { left, right } = this.#model.kept;
    const ask = { ask: 'states', candidates: [left, right].filter((name) => name !== null) } as const;
    void this.#fill('states', mark, () => this.#parts.bridge.ask<'states'>(ask));
  }

  /** @param mark of what is asked for: an answer that comes after another was asked for is of no use any more. */
  #fill(what: Filled, mark: string, ask: () => Promise<NonNullable<unknown>>): Promise<void> {
    const before = valueOf<NonNullable<unknown>>(this.#model[what]);
    const put = (loaded: Loaded<NonNullable<unknown>>) => {
      if (this.#versions.get(what) === mark) this.#set({ [what]: loaded });
    };
    put({ state: 'loading', ...(before !== undefined && { value: before }) });
    return this.#try(
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
