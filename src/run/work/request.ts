/**
 * What the command line and the editor ask of runs, and what they hear meanwhile. Plain data and a few
 * callbacks: a caller knows nothing of hosts, endpoints or trainers.
 */
import type { Consequences, KeyUse } from './consequences.ts';
import type { Fields } from '../../base/json.ts';
import type { LmCall } from '../../data/lm.ts';
import type { UserCodeError } from '../../data/trace.ts';
import type { Estimate } from '../../engine/estimate.ts';
import type { Plan } from '../../engine/plan.ts';
import type { LoggedEvent, RunResult, Score, Usage } from '../../protocol.ts';
import type { BudgetCaps, ResolvedProgram, ResolvedService } from '../../config/resolved.ts';
import type { Datasets } from '../data/loadData.ts';
import type { GivenState } from '../record/importState.ts';
import type { TokenPrices } from '../services/prices.ts';
import type { Examination } from '../doctor/examine.ts';
import type { Finding } from '../doctor/finding.ts';
import type { EndpointReport } from '../../view/endpointReport.ts';
import type { OtlpTarget } from '../../otlp/target.ts';
import type { RunLocation } from '../record/runFolder.ts';

export interface RunRequest {
  /** Absolute; the folder of `bettertogether.json`. */
  readonly workspace: string;
  readonly config: ResolvedProgram;
  /** What was loaded before the run was made: code that builds data is not asked twice. By default it is loaded. */
  readonly datasets?: Datasets;
  /** The folder exists and holds a manifest (`createRun`). */
  readonly run: RunLocation;
  readonly resumed: boolean;
  /** Caps over the whole run, resumes included. On resume these may be higher than those of the manifest. */
  readonly budget: BudgetCaps;
  /** The user's answer about a job whose id was lost in a crash: its id, or `none` to send it again. */
  readonly lostJob?: string;
  /** Other runs of the same comparison train: an endpoint that cannot is refused before this one is paid for. */
  readonly othersTrain?: boolean;
  /** Where spans of this session are sent; left out: nowhere. */
  readonly otlp?: OtlpTarget;
}

export interface RunHooks {
  /** Every event, right after it was put in the log. */
  onEvent(event: LoggedEvent): void;
  /** Aborted: stop cleanly; the run can be resumed. */
  readonly signal: AbortSignal;
  /** A line for people: set-up progress, what user code printed. */
  log(line: string): void;
  /** What the whole run is expected to take, by its own first rows; once, and not on resume. */
  onPrice?(price: Pick<RunPlan, 'plan' | 'tokenPrices' | 'from'>): void;
}

/** `--dry-run`: a run that has no folder and writes nothing but the memo. */
export type PlanRequest = Omit<RunRequest, 'run' | 'resumed' | 'lostJob' | 'othersTrain' | 'otlp'> & {
  /** As in a run's manifest. */
  readonly start?: GivenState;
};

export interface RunPlan {
  /** What the calls would take, training aside; `null` where the memo answered the sample and nothing was timed. */
  readonly seconds: Estimate | null;
  readonly program: string;
  /** Canonical: `p -> w -> p`. */
  readonly strategy: string;
  /** Where the state was found that the run is to start from; left out where that is the program as written. */
  readonly from?: string;
  readonly plan: Plan;
  /** What the estimate itself took, a probe of the endpoint too; left out of plans that are put together of others. */
  readonly paid?: Usage;
  /** Rows that states are scored on. */
  readonly devRows: number;
  /** Host that prompts go to, and host that training rows go to; `null`: they stay on this machine, or none are made. */
  readonly promptsTo: string | null;
  readonly rowsTo: string | null;
  /** Hosts that steps show the program's code to; left out where it stays on this machine. */
  readonly codeTo?: readonly string[];
  /** Hosts where LMs of the program's own may be asked; left out where none is elsewhere. */
  readonly servicesTo?: readonly string[];
  /** See `Consequences`; left out where nothing is deployed. */
  readonly deploysAt?: Consequences['deploysAt'];
  /** Keys that the run sends, and where to; left out where it sends none. See `Consequences`. */
  readonly keys?: readonly KeyUse[];
  readonly serviceKeys?: readonly KeyUse[];
  /**
   * Why the weight steps cannot be done, in sentences that say what to do: such a run would be refused before anything is
   * paid. Left out where they can, where there are none, and where asking would send a key elsewhere than the estimate does.
   */
  readonly noTraining?: string;
  /** See `ProgramDescription.sources`; left out of plans that are put together of others. */
  readonly sources?: Readonly<Record<string, string>>;
  /** What is odd about the rows; left out where nothing is. */
  readonly warnings?: readonly string[];
  /** Where the sample asked other endpoints than the run's own. */
  readonly tokenPrices?: TokenPrices | null;
}

export interface EvaluationRequest {
  readonly workspace: string;
  readonly config: ResolvedProgram;
  readonly split: 'train' | 'dev' | 'test';
  /** `null`: the program as it is in the source. */
  readonly state: GivenState | null;
  readonly budget: BudgetCaps;
  /** As for `RunRequest`. */
  readonly otlp?: OtlpTarget;
  /** Only these rows, by their numbers from 0; left out: all of the split. */
  readonly rows?: readonly RowRange[];
  /** An absolute folder, new or empty: each row's program run is kept there, as in a run's `traces`. */
  readonly traces?: string;
}

/** Numbers of rows, the first and the last among them. */
export interface RowRange {
  readonly first: number;
  readonly last: number;
}

export interface EvaluationHooks {
  readonly signal: AbortSignal;
  log(line: string): void;
  /** After every row. */
  onProgress(measured: Measured): void;
  /** What was paid for, also by an evaluation that failed or was stopped; not called where nothing could be. */
  onSpent?(usage: Usage): void;
}

/** An evaluation under way, in rows. */
export interface Measured {
  readonly done: number;
  readonly of: number;
  /** Of the rows that are done. */
  readonly failed: number;
  /** Of the scores so far: 0…1 each, after `metricRange`. */
  readonly sum: number;
}

/** A row that was measured, and what the metric said of it. */
export interface MeasuredRow {
  /** Numbered from 0. */
  readonly example: number;
  /** 0 to 1, after `metricRange`. */
  readonly score: number;
  /** Left out where the metric gave a score alone. */
  readonly feedback?: string;
}

export interface EvaluationResult {
  readonly score: Score;
  /** In order. */
  readonly rows: readonly MeasuredRow[];
  /** Of the predictors, each once: what the state names, else the configured one. */
  readonly models: readonly string[];
  readonly usage: Usage;
  readonly seconds: number;
  /** Rows that failed, with their cause, in order. */
  readonly failures: readonly { readonly example: number; readonly error: UserCodeError }[];
  /** See `ProgramDescription.sources`. */
  readonly sources: Readonly<Record<string, string>>;
}

/** A prompt that a user wants to see. */
export interface PromptRequest {
  readonly workspace: string;
  readonly config: ResolvedProgram;
  /** As for `EvaluationRequest`. */
  readonly state: GivenState | null;
  /** `null`: the only one there is. */
  readonly predictor: string | null;
  /** The predictor's inputs; `null`: the fields of the first dev row. */
  readonly inputs: Fields | null;
}

export interface ShownPrompt {
  readonly predictor: string;
  readonly inputs: Fields;
  readonly call: LmCall;
}

/** An endpoint that a user wants to know more of. */
export interface EndpointRequest {
  /** Absolute; the folder of `bettertogether.json`. */
  readonly workspace: string;
  readonly endpoint: ResolvedService;
  /** Models to look at; none: the first that the endpoint lists. */
  readonly models: readonly string[];
  readonly signal: AbortSignal;
}

/** Starting, planning, measuring, looking. The command line is handed them, so that tests can hand it others. */
export interface Compose {
  startRun(request: RunRequest, hooks: RunHooks): Promise<RunResult>;
  planRun(request: PlanRequest, hooks: Omit<RunHooks, 'onEvent'>): Promise<RunPlan>;
  evaluateOnce(request: EvaluationRequest, hooks: EvaluationHooks): Promise<EvaluationResult>;
  showPrompt(request: PromptRequest, log: (line: string) => void): Promise<ShownPrompt>;
  reportEndpoint(request: EndpointRequest): Promise<EndpointReport>;
  examine(examination: Examination): AsyncIterable<Finding>;
}
