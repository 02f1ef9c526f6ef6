/** What the views can do. They get this and a model, and give a template: none of them holds state. */
import type { Kept, Tab } from './model.ts';

export interface Actions {
  goTo(tab: Tab): void;
  keep(change: Partial<Kept>): void;
  /** The trace of a row in a step. */
  openExample(step: string, split: 'dev' | 'test', example: number): void;
  openTrace(trace: number): void;
  /** The list needs the program runs in these places. */
  needTraces(from: number, count: number): void;
  filterTraces(filter: Kept['traceFilter']): void;
  unfold(call: number, open: boolean): void;
  showMoreCalls(): void;
  openDiff(left: string, right: string, predictor: string | null): void;
  openSource(predictor: string): void;
  copyCurl(trace: number, call: number, request: number): void;
  showTrainingRows(step: string, from: number): void;
  closeTrainingRows(): void;
}
