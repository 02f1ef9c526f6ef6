/**
 * One run as its view needs it: the log folded, traces, rows and states read when they are asked for. Knows nothing
 * of VS Code, and writes nothing.
 */
import * as l10n from '../base/l10n.ts';
import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { isBuiltInCode } from '../config/dataset.ts';
import { HumanError, messageOf } from '../base/errors.ts';
import { eventsShownAtMost } from '../base/limits.ts';
import type { Fields } from '../base/json.ts';
import type { Example, ProgramState } from '../data/program.ts';
import { MemoReader } from '../lm/memoReader.ts';
import { sealAt } from '../home/seal.ts';
import { rememberedAnswerSchema } from '../lm/languageModel.ts';
import type { RememberedAnswer } from '../lm/languageModel.ts';
import { loadProgramData } from '../run/data/loadData.ts';
import type { ProgramData } from '../run/data/loadData.ts';
import { foldEvent } from '../view/fold.ts';
import { readLabel } from '../run/record/label.ts';
import type { RunLabel } from '../run/record/label.ts';
import { inspectManifest } from '../run/record/manifest.ts';
import type { Manifest, ReadManifest } from '../run/record/manifest.ts';
import { EventTail, badLineText } from '../run/record/eventTail.ts';
import { cacheFolder, runFiles, workspaceAround } from '../run/record/runFolder.ts';
import type { RunLocation } from '../run/record/runFolder.ts';
import { emptyView } from '../view/runView.ts';
import { rowsFileName } from '../data/rowsFile.ts';
import { moreEvents } from '../run/reading/runTail.ts';
import { statusOf, workerOf } from '../run/reading/summary.ts';
import { ForeignRecord } from '../run/record/foreign.ts';
import { readTrace } from '../run/record/traceStore.ts';
import { unitScore } from '../engine/score.ts';
import { traceRecordSchema } from '../viewProtocol/traces.ts';
import type { Answer } from '../viewProtocol/answers.ts';
import type { Snapshot } from '../viewProtocol/snapshot.ts';
import type { StateRow } from '../viewProtocol/states.ts';
import type { ListedTraces, TraceFilter, TraceSort } from '../viewProtocol/traces.ts';
import type { TrainingRowView } from '../viewProtocol/chats.ts';
import type { GivenOn } from './predictions.ts';
import { possibleActs } from './acts.ts';
import type { ActingRun } from './acts.ts';
import { RunDetails } from './runDetails.ts';
import { snapshotOf } from './snapshot.ts';
import { KnownStates } from './knownStates.ts';
import type { ShelvedCandidate } from './knownStates.ts';
import { traceCosts } from './traceCosts.ts';
import { TraceIndex } from './traceIndex.ts';
import type { TraceHead } from './traceIndex.ts';
import { TraceList } from './traceList.ts';
import { TracePredictions } from './tracePredictions.ts';
import { TraceSummaries } from './traceSummary.ts';
import { trainingRun } from './trainingRun.ts';
import type { TrainingRun } from './trainingRun.ts';
import { trainingRowOf } from './trainingRows.ts';

export class RunReader {
  readonly run: RunLocation;
  readonly #mayRunCode: () => boolean;
  readonly #files: ReturnType<typeof runFiles>;
  readonly #tail: EventTail;
  readonly #details = new RunDetails();
  readonly #traces: TraceIndex;
  readonly #list: TraceList;
  readonly #predictions: TracePredictions;
  readonly #states: KnownStates;
  readonly #memo: MemoReader;
  #read: ReadManifest;
  #view = emptyView;
  #version = 0;
  #label: RunLabel = {};
  readonly #trainingRuns = new Map<string, Promise<TrainingRun | null>>();
  #problem: string | null = null;
  #data: Promise<ProgramData> | null = null;
  #refreshing: Promise<unknown> = Promise.resolve();

  private constructor(run: RunLocation, read: ReadManifest, mayRunCode: () => boolean) {
    this.run = run;
    this.#mayRunCode = mayRunCode;
    this.#files = runFiles(run.folder);
    this.#read = read;
    this.#tail = new EventTail(this.#files.events, { most: eventsShownAtMost });
    this.#traces = new TraceIndex(this.#files.traces);
    const parts = {
      folder: this.#files.traces,
      index: this.#traces,
      details: this.#details,
      summaries: new TraceSummaries(this.#files.traces),
    };
    this.#list = new TraceList(parts);
    this.#predictions = new TracePredictions(parts);
    this.#states = new KnownStates(run.folder);
    // All that came with the folder is shown, whatever its writer.
    const seal = read.madeHere ? sealAt(run.folder) : null;
    this.#memo = new MemoReader(cacheFolder(workspaceAround(run.folder)), seal);
  }

  /**
   * @param mayRunCode asked before rows that code builds are built again; looking at a run is safe where it is not.
   * @throws UsageError when the run's manifest cannot be read.
   */
  static async open(run: RunLocation, mayRunCode: () => boolean = () => false): Promise<RunReader> {
    return new RunReader(run, await inspectManifest(run.folder), mayRunCode);
  }

  get manifest(): Manifest {
    return this.#read.manifest;
  }

  /** Else nothing that the record names is read, run, opened or handed on. */
  get madeHere(): boolean {
    return this.#read.madeHere;
  }

  /** Counts up with every change. */
  get version(): number {
    return this.#version;
  }

  get details(): RunDetails {
    return this.#details;
  }

  get status(): Snapshot['status'] {
    return statusOf(this.#view, workerOf(this.run) !== null);
  }

  /** Reads one more piece of the log; false at its end. */
  async advance(): Promise<boolean> {
    const piece = await this.#tail.read();
    // Loading the program, or going on with another cap, rewrites the manifest.
    const began = piece?.events.some(({ type }) => type === 'run.started') === true;
    if (began || this.manifest.program === null) this.#read = await inspectManifest(this.run.folder);
    if (piece === null) return this.#readLabel();
    for (const event of piece.events) {
      this.#view = foldEvent(this.#view, event);
      this.#details.add(event);
    }
    // What can be read is shown, with what cannot.
    if (piece.bad !== null) this.#problem ??= badLineText(this.#files.events, piece.bad);
    if (this.#tail.leftOut) this.#problem ??= moreEvents;
    this.#version++;
    return true;
  }

  /** Whether the person gave the run another name or note meanwhile. */
  async #readLabel(): Promise<boolean> {
    const label = await readLabel(this.run.folder);
    const { name, note } = this.#label;
    if (label.name === name && label.note === note) return false;
    this.#label = label;
    this.#version++;
    return true;
  }

  get acting(): ActingRun {
    const { madeHere, status } = this;
    return { id: this.run.id, madeHere, status, trusted: this.#mayRunCode(), view: this.#view };
  }

  snapshot(complete: boolean): Snapshot {
    return snapshotOf({
      run: this.run.id,
      manifest: this.manifest,
      view: this.#view,
      details: this.#details,
      status: this.status,
      complete,
      version: this.#version,
      label: this.#label,
      acts: possibleActs(this.acting),
      problem: this.#problem,
    });
  }

  /** Keys of the steps that were begun, in order. */
  get steps(): readonly string[] {
    return this.#view.steps.filter(({ status }) => status !== 'waiting').map(({ prefix }) => prefix);
  }

  /** Rows of a split, as the run said when it began. */
  count(split: 'dev' | 'test'): number {
    return this.#view.started?.splits[split] ?? 0;
  }

  /** @throws HumanError when the data file is gone or is not what the run was made with. */
  async examples(split: 'train' | 'dev' | 'test'): Promise<readonly Example[] | null> {
    this.#data ??= this.#load();
    try {
      const data = await this.#data;
      // Without a file of its own, dev is a part of train.
      const source = this.manifest.data[split] === null ? 'train' : split;
      if (data.hashes[source]?.sha256 !== this.manifest.data[source]?.sha256) {
        throw new HumanError(
          l10n.t('The {0} data changed since the run: what its rows were is not known any more.', source),
        );
      }
      return data[split];
    } catch (error) {
      this.#data = null;
      throw error;
    }
  }

  async #load(): Promise<ProgramData> {
    const { asked } = this.manifest;
    if (!this.madeHere) throw new ForeignRecord(`Run ${this.run.id}`, this.run.id);
    const code = Object.values(asked.data).find((file) => file !== null && isBuiltInCode(file));
    if (code != null && !this.#mayRunCode()) {
      throw new HumanError(
        l10n.t('The rows are built by code ({0}), which runs only in a workspace that is trusted.', code),
      );
    }
    return loadProgramData(asked, workspaceAround(this.run.folder));
  }

  /** A page of the program runs that match. */
  async traces(filter: ListedTraces, sort: TraceSort, from: number, count: number): Promise<Answer<'traces'>> {
    await this.#refreshTraces();
    const { threshold, metricRange } = this.manifest.asked;
    const right = { threshold: unitScore(threshold, metricRange), version: this.#version };
    const places = await this.#list.find(filter, sort, right);
    return { total: places.length, from, rows: places.slice(from, from + count).map((place) => this.#list.row(place)) };
  }

  /** What the program gave on rows of a split in a step. */
  async givenIn(step: string, split: 'dev' | 'test'): Promise<GivenOn> {
    await this.#refreshTraces();
    return (example) => this.#predictions.of({ step, purpose: split, candidate: null, example, round: 0 });
  }

  /** The same on all rows at once, by row: reads their records in one pass. */
  async allGivenIn(step: string, split: 'dev' | 'test'): Promise<ReadonlyMap<number, Fields | null>> {
    await this.#refreshTraces();
    return this.#predictions.all(step, split);
  }

  /** Places and heads of the records that match, in the order of appending. */
  async traceHeads(filter: TraceFilter): Promise<readonly (TraceHead & { readonly trace: number })[]> {
    await this.#refreshTraces();
    return this.#traces.find(filter).map((trace) => ({ trace, ...this.#traces.head(trace)! }));
  }

  async lastTrace(filter: TraceFilter): Promise<number | null> {
    await this.#refreshTraces();
    return this.#traces.findLast(filter);
  }

  /** @throws HumanError when there is no such record, or it cannot be read. */
  trace(place: number): Answer<'trace'> {
    const parsed = traceRecordSchema.safeParse(this.storedTrace(place));
    if (parsed.success) return { record: parsed.data, recalled: this.#details.recalled(parsed.data) };
    throw new HumanError(l10n.t('Trace {0} of run {1} is not one that this version can read.', place, this.run.id));
  }

  /** A record as it lies in the store. @throws HumanError when there is none. */
  storedTrace(place: number): NonNullable<unknown> {
    const record = readTrace(this.#files.traces, place);
    if (record == null) throw new HumanError(l10n.t('Run {0} has no trace {1}.', this.run.id, place));
    return record;
  }

  /** What the memo keeps under a key; `null` when it is not there any more. */
  async remembered(key: string): Promise<RememberedAnswer | null> {
    const parsed = rememberedAnswerSchema.safeParse(await this.#memo.get(key));
    return parsed.success ? parsed.data : null;
  }

  /** What the calls of each predictor took. */
  async costs(): Promise<Answer<'costs'>> {
    await this.#refreshTraces();
    return traceCosts({ folder: this.#files.traces, index: this.#traces, details: this.#details });
  }

  /** The states that are known, by the step that ends in them, the baseline first. */
  states(): Promise<StateRow[]> {
    return this.#states.ofSteps(this.manifest, this.steps);
  }

  /** The candidates in the part of the log that was read, and whose states were kept. */
  candidates(): Promise<ShelvedCandidate[]> {
    return this.#states.ofCandidates(this.snapshot(true).steps);
  }

  /** The state of a candidate, by its hash. */
  candidateState(hash: string): Promise<ProgramState | undefined> {
    return this.#states.byHash(hash);
  }

  /** Of the job of a step, where that was taken from the memo; looked for once. */
  trainingRun(step: string): Promise<TrainingRun | null> {
    const hash = this.#view.steps.find(({ prefix }) => prefix === step)?.job?.hash ?? null;
    if (hash === null) return Promise.resolve(null);
    const found = this.#trainingRuns.get(hash) ?? trainingRun(this.run, hash);
    this.#trainingRuns.set(hash, found);
    return found;
  }

  /** Training rows as they were sent, a page of them. */
  async trainingRows(step: string, from: number, count: number): Promise<{ total: number; rows: TrainingRowView[] }> {
    const file = `${this.#files.rows}/${rowsFileName(step)}`;
    if (!existsSync(file))
      throw new HumanError(l10n.t('There are no training rows of step "{0}" in {1}.', step, this.#files.rows));
    const rows: TrainingRowView[] = [];
    let total = 0;
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      if (line === '') continue;
      if (total >= from && rows.length < count) rows.push(trainingRowOf(line));
      total++;
    }
    return { total, rows };
  }

  /** One after another: two at once would read the same records twice. */
  async #refreshTraces(): Promise<void> {
    const next = this.#refreshing.then(() => this.#traces.refresh());
    this.#refreshing = next.catch(() => undefined);
    try {
      await next;
    } catch (error) {
      throw new HumanError(l10n.t('The traces in {0} cannot be listed: {1}.', this.#files.traces, messageOf(error)), {
        cause: error,
      });
    }
  }
}
