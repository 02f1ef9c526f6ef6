import type { Fields, JsonValue } from '../base/json.ts';
import type { LmAnswer, LmCall, Rollout } from '../data/lm.ts';
import type { Example, PredictorState, ProgramDescription, ProgramState } from '../data/program.ts';
import type { Reads } from '../data/reads.ts';
import type { ProgramOutcome, TrainingRow } from '../data/trace.ts';
import type { TrainingMethod, TrainingSet } from '../data/trainingSet.ts';
import type { Purpose, RunEvent } from '../protocol.ts';

/** The user's program Φ. Implemented by the hosts, which run the user's code in a child process. */
export interface Program {
  describe(): Promise<ProgramDescription>;

  /**
   * Runs the program once on one example in `state` and scores the prediction.
   *
   * Never rejects for the user's own errors: those are outcomes with `error` and score 0. Rejects when `lm`
   * rejected with one of the errors of `errors.ts` (endpoint gone, budget spent, cancelled) or `signal` was aborted.
   */
  run(request: RunRequest, lm: CallLm, signal: AbortSignal): Promise<ProgramRun>;

  /** Renders training rows; one per request, in order. */
  renderRows(requests: readonly RowRequest[]): Promise<readonly TrainingRow[]>;
}

export interface RunRequest {
  readonly state: ProgramState;
  readonly example: Example;
  /** True where a trace is being collected: the metric is then given the trace (DSPy: `trace is not None`). */
  readonly collecting: boolean;
  /**
   * A predictor, by name: after the score the metric is asked for feedback about it. Only for a program whose
   * description says `metricTakesPredictor`.
   */
  readonly feedbackFor?: string;
}

/** An outcome, and what it depends on besides the program's sources and the request. */
export interface ProgramRun extends ProgramOutcome {
  /**
   * All that the run can have used; `null`: that is unknown. Left out: nothing. A promise, which never rejects, where
   * that shows only when runs beside it are over: what the program itself makes is not part of it.
   */
  readonly reads?: Reads | null | Promise<Reads>;
}

export interface RowRequest {
  readonly predictor: string;
  /** The prompt to train on: vanilla (no demos) or the current one. */
  readonly state: PredictorState;
  readonly inputs: Fields;
  readonly outputs: Fields;
}

/** Answers the LM calls of one program run; those of the metric (a judge) never go to a tuned model. */
export type CallLm = (call: LmCall, purpose?: 'program' | 'metric') => Promise<LmAnswer>;

/** An inference endpoint, with memo, limiter, retries and budget in front of it. */
export interface LanguageModel {
  /**
   * @throws EndpointUnavailable when it gave up for now: the run pauses and may go on later.
   * @throws EndpointRefused when asking again cannot help (key, model gone): the run ends.
   * @throws CallRejected when this one call cannot be answered (too long a prompt): the example fails.
   * @throws BudgetExhausted when the call does not fit under the cap and nothing is in flight.
   */
  complete(call: LmCall, rollout: Rollout, signal: AbortSignal): Promise<LmAnswer>;
}

/** LoRA and optimizer settings of a training job; what a back end does not understand it says so once. */
export interface HyperParameters {
  readonly epochs: number;
  readonly learningRate: number;
  readonly schedule: 'constant' | 'linear' | 'cosine';
  readonly batchSize: number;
  readonly lora: { readonly rank: number; readonly alpha: number; readonly targets: readonly string[] | 'all-linear' };
  readonly seed: number;
}

export interface TrainingJob {
  /** Content hash of back end, base or parent, training set and hyper-parameters; travels with the job. */
  readonly hash: string;
  /** The model to train, by the name it is served under: the base, or a tuned one to go on from. */
  readonly parent: string;
  readonly set: TrainingSet;
  readonly hyperParameters: HyperParameters;
}

export type JobState = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';

export interface JobEvent {
  /** The back end's id of the event, or its place; events come in order and once. */
  readonly id: string;
  readonly time: number;
  readonly message: string;
  /** Present on training steps. */
  readonly step?: number;
  readonly steps?: number;
  readonly epoch?: number;
  readonly loss?: number;
  /** What the method measures beside the loss, by name: `margin` and `accuracy`, or `kl` and `clipped`. */
  readonly metrics?: Readonly<Record<string, number>>;
}

export interface JobStatus {
  readonly state: JobState;
  /** Events after the one asked for, oldest first. */
  readonly events: readonly JobEvent[];
  /** The served name of the tuned model, once succeeded. */
  readonly model?: string;
  readonly trainedTokens?: number;
  /** The service's own words, once failed. */
  readonly error?: string;
}

/** A state of the weights that a job kept on its way, served as a model of its own. */
export interface Checkpoint {
  readonly model: string;
  /** The optimizer step it was taken after. */
  readonly step: number;
}

/**
 * A training back end. Whatever takes a signal rejects with the signal's reason once it is aborted, and does nothing more.
 * What every one keeps is in `test/contracts/trainer.ts`.
 */
export interface Trainer {
  /** Identity for memo keys: kind and normalised URL, or the model file's hash. */
  readonly id: string;
  /** Whether a job can go on from a tuned model; otherwise it starts from the base and the run says so. */
  readonly continues: boolean;
  /** Its identity for jobs of a method, where another one than `id`. */
  readonly ids?: Readonly<Partial<Record<TrainingMethod, string>>>;
  /** What it can learn from; every one takes supervised sets. Left out: those alone. */
  readonly methods?: readonly TrainingMethod[];
  /** Rows a job needs at least, where it needs more than one. */
  readonly leastRows?: number;
  /** Seconds without any news of a job after which waiting for it ends. Default: for ever. */
  readonly stallSeconds?: number;
  /** The training set, of a method that it takes, as this back end is sent it. */
  rowsFile(set: TrainingSet): string;
  /** Sends rows and starts the job; returns its id. A job under this hash that ended badly is followed by another one. */
  submit(job: TrainingJob, signal: AbortSignal): Promise<string>;
  /** The id of a job sent earlier under this hash; `null` when there is none; throws `CannotList` if it is unknown. */
  find(hash: string, signal: AbortSignal): Promise<string | null>;
  /** @throws UnknownJob when there is no such job (any more). */
  poll(jobId: string, afterEvent: string | null, signal: AbortSignal): Promise<JobStatus>;
  /** A job that has ended stays as it is, and one that is not known need not be cancelled. */
  cancel(jobId: string): Promise<void>;
  /** What a job that succeeded kept besides its model, the latest first; left out where a back end keeps nothing. */
  checkpoints?(jobId: string, signal: AbortSignal): Promise<readonly Checkpoint[]>;
  /** Whether a tuned model still answers. */
  serves(model: string, signal: AbortSignal): Promise<boolean>;
  /** Seconds between polls. */
  readonly pollSeconds: number;
}

/** What is around a program: the files, packages and environment variables that its runs read. */
export interface Surroundings {
  /** What was read, as it was then; `null` where that is not known any more. */
  whenRead(reads: Reads): Promise<Reading | null>;
  /** What the things of a set (`Reading.set`) are like now: the fingerprint; `null` for a set that is not known. */
  now(set: string): Promise<string | null>;
}

/** Things that were read, and what they were like. */
export interface Reading {
  /** Content hash of their names. */
  readonly set: string;
  /** Equal where all of them are the same. */
  readonly fingerprint: string;
}

/** The run's record and the memo of everything that cost money. */
export interface Journal {
  /** Appends to the run's event log. Durable at once for the types the log names as such. */
  append(event: RunEvent): void;
  /** Keeps a program run for the trace viewer. */
  trace(record: TraceRecord): void;
  /** Keeps a state that an event names by its hash, so that it can be looked at later, also when it did not win. */
  state(state: ProgramState): void;
  /** Keeps a training set as sent: `content` is the file that the back end gets. */
  rows(name: string, content: string): Promise<void>;
  /** What was remembered last under a content hash, by this run or any other in the workspace; `undefined`: nothing. */
  recall(key: string): Promise<JsonValue | undefined>;
  /** Resolves when the value outlives this process. */
  remember(key: string, value: JsonValue): Promise<void>;
  /**
   * Runs `body` while no other process of this workspace holds `key`, and knowing what those before it remembered; waits
   * for its turn, and rejects with the signal's reason when that is aborted meanwhile.
   */
  exclusively<T>(key: string, body: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

export interface TraceRecord {
  readonly step: string;
  readonly candidate: number | null;
  readonly purpose: Purpose;
  readonly example: number;
  readonly round: number;
  readonly state: string;
  readonly outcome: ProgramOutcome;
}
