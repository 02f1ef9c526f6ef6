/** What an optimizer of DSPy's asks for and reports, for one compile. */
import type { CompileCall, CompileRequest, CompileRun, CompileWork } from '../../teleprompter.ts';
import type { EvaluationFinished, EvaluationStarted } from '../../teleprompter.ts';
import type { LmAnswer } from '../../../data/lm.ts';
import type { StepContext } from '../../optimizer.ts';
import type { SearchRecord } from '../../rememberedSearch.ts';
import type { Scope } from '../../scope.ts';
import { LimitedCalls } from './calls.ts';
import type { PaidAnswers } from './paidAnswers.ts';
import { CompileReports } from './reports.ts';
import type { SizedSettings } from './settings.ts';

export interface SessionParts {
  readonly settings: SizedSettings;
  readonly context: Pick<StepContext, 'lm' | 'model' | 'journal' | 'metricRange' | 'predictors'>;
  readonly request: CompileRequest;
  readonly scope: Scope;
  readonly record: SearchRecord;
  readonly paid: PaidAnswers;
}

export class CompileSession implements CompileWork {
  readonly reports: CompileReports;
  readonly #calls: LimitedCalls;
  readonly #stop = new AbortController();
  /** Aborts with what ends the step, whatever the optimizer's code makes of it. */
  readonly signal: AbortSignal;

  constructor(parts: SessionParts) {
    this.signal = AbortSignal.any([parts.scope.signal, this.#stop.signal]);
    this.reports = new CompileReports(parts);
    const stop = (error: unknown) => {
      this.#stop.abort(error);
    };
    this.#calls = new LimitedCalls({ ...parts, signal: this.signal, stop });
  }

  complete(asked: CompileCall): Promise<LmAnswer> {
    return this.#calls.complete(asked);
  }

  evaluationStarted(started: EvaluationStarted): void {
    this.#orStop(() => this.reports.evaluationStarted(started));
  }

  evaluationFinished(finished: EvaluationFinished): void {
    this.#orStop(() => this.reports.evaluationFinished(finished));
  }

  ran(run: CompileRun): void {
    this.#orStop(() => this.reports.ran(run));
  }

  /** Waits for what was begun. */
  settle(): Promise<void> {
    return this.#calls.settle();
  }

  /** A record that cannot be written ends the step. What is reported of one that has ended is not. */
  #orStop(report: () => void): void {
    if (this.signal.aborted) return;
    try {
      report();
    } catch (error) {
      this.#stop.abort(error);
    }
  }
}
