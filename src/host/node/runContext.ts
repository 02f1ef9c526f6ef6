import type { LmAnswer, LmCall } from '../../data/lm.ts';
import type { PredictorState, ProgramState } from '../../data/program.ts';
import type { ProgramOutcome, Retrieval, TraceCall } from '../../data/trace.ts';
import { isPredictor } from '../../program/brands.ts';
import { currentRuntime } from '../../program/runtime/runtime.ts';
import type { FormatName } from '../../program/formats/registry.ts';
import type { Runtime } from '../../program/runtime/runtime.ts';
import type { Phase } from './userError.ts';

export type Complete = (run: number, call: LmCall, metric: boolean) => Promise<LmAnswer>;

export interface RunSetting {
  readonly run: number;
  readonly format: FormatName;
  readonly guided: 'auto' | 'off';
  readonly state: ProgramState;
  /** Names of the program's predictors. */
  readonly names: ReadonlyMap<object, string>;
  readonly complete: Complete;
}

/** One program run: what its predictors find around them, and how it is ended from outside. */
export class RunContext {
  readonly run: number;
  readonly startedAt = performance.now();
  readonly program: Runtime;
  /** The metric's own LM calls belong to no trace. */
  readonly metric: Runtime;
  phase: Phase = 'program';
  /** Rejects when the run is stopped before its user code is done. */
  readonly stopped: Promise<never>;
  /** Promises that user code left rejected, with why; what it handles later is taken out again. */
  readonly unhandled = new Map<Promise<unknown>, unknown>();
  private readonly calls: TraceCall[] = [];
  private readonly lookUps: Retrieval[] = [];
  private reason: { readonly error: unknown } | null = null;
  private over = false;
  private readonly reject: (error: unknown) => void;

  constructor(setting: RunSetting) {
    this.run = setting.run;
    this.program = this.runtime(setting, false);
    this.metric = this.runtime(setting, true);
    let reject!: (error: unknown) => void;
    this.stopped = new Promise((_, onError) => {
      reject = onError;
    });
    this.reject = reject;
    this.stopped.catch(() => undefined);
  }

  /** The run that the code calling this belongs to. */
  static current(): RunContext | undefined {
    const runtime = currentRuntime();
    return runtime === undefined ? undefined : contexts.get(runtime);
  }

  get ended(): boolean {
    return this.over || this.reason !== null;
  }

  /** Calls in the order they began. */
  trace(): readonly TraceCall[] {
    return [...this.calls].sort((a, b) => a.start - b.start);
  }

  /** Look-ups of passages, in the order they began. */
  retrievals(): Pick<ProgramOutcome, 'retrievals'> {
    if (this.lookUps.length === 0) return {};
    return { retrievals: [...this.lookUps].sort((a, b) => a.start - b.start) };
  }

  seconds(): number {
    return (performance.now() - this.startedAt) / 1000;
  }

  /** Ends the run with `error`, whatever its user code is doing. */
  stop(error: unknown): void {
    if (this.ended) return;
    this.reason = { error };
    this.reject(error);
  }

  /** Throws the first of what user code left rejected; each is thrown once. */
  throwUnhandled(): void {
    const left = [...this.unhandled.values()];
    this.unhandled.clear();
    if (left.length > 0) throw left[0];
  }

  /** Nothing that user code left running counts any more. */
  finish(): void {
    this.over = true;
  }

  private runtime(setting: RunSetting, metric: boolean): Runtime {
    const runtime: Runtime = {
      format: setting.format,
      guided: setting.guided,
      startedAt: this.startedAt,
      complete: (call) => {
        if (this.ended) return Promise.reject(this.reason?.error ?? new Error('The program run is over.'));
        return setting.complete(setting.run, call, metric);
      },
      lookup: (predictor) => (metric ? judge(predictor) : lookup(setting, predictor)),
      record: (call) => {
        if (!metric && !this.over) this.calls.push(call);
      },
      recordRetrieval: (retrieval) => {
        if (!metric && !this.over) this.lookUps.push(retrieval);
      },
    };
    contexts.set(runtime, this);
    return runtime;
  }
}

const contexts = new WeakMap<Runtime, RunContext>();

function lookup(setting: RunSetting, predictor: object): { name: string; state: PredictorState } | undefined {
  const name = setting.names.get(predictor);
  if (name === undefined) return undefined;
  return { name, state: setting.state.predictors[name]! };
}

/** The metric's predictors are no part of the program: they ask in the state their author gave them. */
function judge(predictor: object): { name: string; state: PredictorState } | undefined {
  return isPredictor(predictor) ? { name: 'metric', state: predictor.ownState() } : undefined;
}
