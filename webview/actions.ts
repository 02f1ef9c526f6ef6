/** What the views can do. They get this and a model, and give a template: none of them holds state. */
import type { Purpose } from '../src/protocol.ts';
import type { Act } from '../src/viewProtocol/snapshot.ts';
import type { Kept, Tab } from './model.ts';
import type { SourcePlace } from './sourceLinks.ts';

export type Split = Kept['split'];

/** A program run that scored a candidate on a row. */
export interface CandidateRowPlace {
  readonly step: string;
  readonly purpose: Purpose;
  readonly candidate: number;
  readonly example: number;
}

export interface Actions {
  goTo(tab: Tab): void;
  keep(change: Partial<Kept>): void;
  /** The trace of a row in a step, beside the rows. */
  openExample(step: string, split: Split, example: number): void;
  /** These rows are in sight: what the program gave on them is needed. */
  needPredictions(rows: readonly number[]): void;
  /** The rows of a split that failed in a step. */
  showFailed(step: string, split: Split): void;
  /** The traces that match. */
  showTraces(filter: Kept['traceFilter']): void;
  /** The trace of a row in a candidate of a step. */
  openRow(row: CandidateRowPlace): void;
  /** What is other in one state than in another is looked at; both by name. */
  needChanges(before: string, after: string): void;
  /** The prompts that a state was asked with are looked at. */
  needSentPrompts(state: string): void;
  openTrace(trace: number): void;
  /** The list needs the program runs in these places. */
  needTraces(from: number, count: number): void;
  filterTraces(filter: Kept['traceFilter'], sort?: Kept['traceSort']): void;
  unfold(call: number, open: boolean): void;
  showMoreCalls(): void;
  openDiff(left: string, right: string, predictor: string | null): void;
  openSource(predictor: string): void;
  /** A file that an error names. */
  openFile(place: SourcePlace): void;
  copyTrace(trace: number): void;
  copyRow(split: Split, example: number): void;
  copyCurl(trace: number, call: number, request: number): void;
  showTrainingRows(step: string, from: number): void;
  closeTrainingRows(): void;
  /** The run that trained the model of a step. */
  openTrainingRun(step: string): void;
  /** What a button of the head does, in the editor. */
  act(act: Act): void;
}
