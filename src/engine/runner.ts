import * as z from 'zod';
import { contentHash } from '../base/contentHash.ts';
import type { Example, ProgramState } from '../data/program.ts';
import type { LmRecord, ProgramOutcome } from '../data/trace.ts';
import { recordOf, recordsOf } from '../data/trace.ts';
import { programOutcomeSchema } from '../data/trace.ts';
import type { AskedModel } from './ask.ts';
import { withCutOff } from './cutOff.ts';
import { Cancelled } from './errors.ts';
import type { Journal, LanguageModel, Program, ProgramRun, Reading, TraceRecord } from './interfaces.ts';
import { OutcomeWarnings } from './outcomeWarnings.ts';
import type { Pool } from './pool.ts';
import { PredictorFeedbackWarnings } from './predictorFeedback.ts';
import { rolloutLm } from './rollout.ts';
import type { Recalled, RunMemory } from './runMemory.ts';
import type { Scope } from './scope.ts';
import { outcomeScore } from './score.ts';
import { contentOf, stateHash } from './state.ts';
import { identityOfAsked } from './teacher.ts';
import type { UsageMeter } from './usage.ts';

export interface RunnerParts {
  readonly program: Program;
  readonly lm: LanguageModel;
  readonly journal: Journal;
  readonly memory: RunMemory;
  readonly pool: Pool;
  /**
   * The whole run's meter. Each scope has its own besides. Calls are added by `lm`, which also knows of those whose
   * answer was no longer awaited; the runner adds what it recalled.
   */
  readonly meter: UsageMeter;
  readonly baseModel: string;
  readonly metricRange: readonly [number, number];
  /**
   * Content hash of all that decides an outcome besides state, example, rollout and what it reads while it runs: the
   * program's and the metric's sources, endpoint, sampling, adapter, frozen predictors.
   */
  readonly identity: string;
  /** See `StepContext.endpoints`. */
  readonly endpoints?: ReadonlyMap<string, string>;
  /** Ends all work of the run: called with the first error that gives no result, so that nothing waits behind it. */
  readonly abort: (error: Error) => void;
}

export interface RunTask {
  readonly state: ProgramState;
  readonly example: Example;
  readonly round: number;
  readonly roundTemperature: number;
  readonly purpose: TraceRecord['purpose'];
  readonly candidate: number | null;
  readonly priority: number;
  /** The predictor that feedback is wanted about, where the metric can be asked about one; else it is feedback as ever. */
  readonly feedbackFor?: string | undefined;
  /**
   * The LM that answers the program's predictors in the place of the state's models, but for calls whose author named an
   * LM. The metric's calls stay where they are. Default: the state's models.
   */
  readonly asks?: AskedModel;
  /** Drops the task while it waits; one under way is finished and remembered. */
  readonly drop?: AbortSignal;
}

/** A remembered outcome. One that may come out differently next time (`settled: false`) is run again. */
interface Memory {
  readonly outcome: ProgramOutcome;
  readonly settled: boolean;
}
/** An outcome as it was made just now. */
interface Made extends Memory {
  /** A call of it was not answered while others were. */
  readonly unanswered: boolean;
}
const memorySchema = z.object({
  outcome: programOutcomeSchema,
  settled: z.boolean(),
}) satisfies z.ZodType<Memory>;

/** A run that is through, and what it depends on. */
interface Done {
  readonly made: Made;
  /** Known once it is remembered. `null`: that is unknown. */
  readonly reading: Promise<Reading | null>;
}

/**
 * Runs the program on examples: once for each (code, state, example, rollout, what it read), for all callers; the memo
 * answers the rest. User code with tools, clocks or side effects is therefore not run twice either.
 */
export class Runner {
  readonly #parts: RunnerParts;
  readonly #predictorFeedback: PredictorFeedbackWarnings;
  readonly #warnings: OutcomeWarnings;
  readonly #underWay = new Map<string, Promise<Done>>();
  readonly #open = new Set<Promise<unknown>>();
  /** Rows that were not answered, as people know them. */
  readonly #unanswered = new Set<string>();
  #divergenceReported = false;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.#predictorFeedback = new PredictorFeedbackWarnings((event) => parts.journal.append(event));
    this.#warnings = new OutcomeWarnings((event) => parts.journal.append(event), parts.metricRange);
    // That a program cannot be described is told where its description is needed.
    parts.program.describe().then(
      (program) => this.#warnings.describe(program),
      () => undefined,
    );
  }

  /**
   * @throws EndpointUnavailable, EndpointRefused, BudgetExhausted or Cancelled, and what keeps the record from being
   *   written: all of these end the run, but a task that was dropped.
   */
  async run(task: RunTask, scope: Scope): Promise<ProgramOutcome> {
    const work = this.#asAsked(task).then((asked) => this.#run(asked, scope));
    return this.#keepOpen(work.catch((error: unknown) => this.#fail(task, error)));
  }

  /** Without what changes nothing for this metric: such outcomes are those of every other task. */
  async #asAsked(task: RunTask): Promise<RunTask> {
    if (task.feedbackFor === undefined) return task;
    const { metricTakesPredictor } = await this.#parts.program.describe();
    return metricTakesPredictor === true ? task : { ...task, feedbackFor: undefined };
  }

  async #keepOpen<T>(work: Promise<T>): Promise<T> {
    this.#open.add(work);
    try {
      return await work;
    } finally {
      this.#open.delete(work);
    }
  }

  #fail(task: RunTask, error: unknown): never {
    if (task.drop?.aborted !== true) this.#parts.abort(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }

  /** How many tasks of one kind are worth having in the queue: no slot stays empty while the next one is fetched. */
  get ahead(): number {
    return 2 * this.#parts.pool.size;
  }

  /** Resolves when nothing is under way any more, however it ended. */
  async idle(): Promise<void> {
    while (this.#open.size > 0) await Promise.allSettled(this.#open);
  }

  async #run(task: RunTask, scope: Scope): Promise<ProgramOutcome> {
    const key = this.#key(task);
    const recalled = this.#underWay.has(key) ? undefined : await this.#recall(key);
    if (recalled?.value.settled === true) {
      const calls = recordsOf(recalled.value.outcome).length;
      scope.meter.recalled(calls);
      this.#parts.meter.recalled(calls);
      for (const reading of recalled.readings) scope.readings.add(reading);
      return this.#finish(task, scope, { ...recalled.value, unanswered: false }, { cached: true, first: true });
    }
    const shared = this.#underWay.get(key);
    if (shared !== undefined) return this.#join(shared, task, scope);
    const fresh = this.#runFresh(key, task, scope, recalled?.value);
    this.#underWay.set(key, fresh);
    const { made, reading } = await this.#whileUnderWay(key, fresh);
    scope.readings.add(reading);
    const paid = recordsOf(made.outcome).some((record) => !record.cached);
    return this.#finish(task, scope, made, { cached: !paid, first: true });
  }

  #recall(key: string): Promise<Recalled<Memory> | undefined> {
    return this.#parts.memory.recall(key, memorySchema, ({ settled }) => settled);
  }

  /** A run is under way until it is remembered, or is not going to be: until then no one else runs it. */
  async #whileUnderWay(key: string, fresh: Promise<Done>): Promise<Done> {
    const end = () => this.#underWay.delete(key);
    try {
      const done = await fresh;
      void done.reading.then(end, end);
      return done;
    } catch (error) {
      end();
      throw error;
    }
  }

  /** The run of another candidate with the very same state. It may be dropped while it waits: then this one runs it. */
  async #join(shared: Promise<Done>, task: RunTask, scope: Scope): Promise<ProgramOutcome> {
    const done = await shared.catch((error: unknown) => {
      const dropped = error instanceof Cancelled && task.drop?.aborted !== true && !scope.signal.aborted;
      if (dropped) return null;
      throw error;
    });
    if (done === null) return this.#run(task, scope);
    scope.readings.add(done.reading);
    return this.#finish(task, scope, done.made, { cached: true, first: false });
  }

  async #runFresh(key: string, task: RunTask, scope: Scope, earlier: Memory | undefined): Promise<Done> {
    const { pool } = this.#parts;
    const drop = task.drop ?? scope.signal;
    const { reads, ...made } = await pool.run(task.priority, drop, () =>
      // Before the pool begins the next task.
      this.#execute(task, scope).catch((error: unknown) => this.#fail(task, error)),
    );
    if (earlier !== undefined) this.#reportDivergence(earlier.outcome, made.outcome, task);
    const reading = this.#keepOpen(this.#remember(key, made, reads).catch((error: unknown) => this.#fail(task, error)));
    reading.catch(() => undefined); // `#fail` has ended the run
    // What waits for other runs is remembered while this row's score is already of use.
    if (!(reads instanceof Promise)) await reading;
    return { made, reading };
  }

  async #remember(key: string, { outcome, settled }: Made, reads: ProgramRun['reads']): Promise<Reading | null> {
    const { memory } = this.#parts;
    const reading = await memory.readingOf(reads);
    await memory.remember<Memory>(key, { outcome, settled }, reading && [reading]);
    return reading;
  }

  async #execute(task: RunTask, scope: Scope): Promise<Made & { readonly reads: ProgramRun['reads'] }> {
    const { program, lm, baseModel } = this.#parts;
    const answered: LmRecord[] = [];
    const rollout = rolloutLm(lm, {
      round: task.round,
      roundTemperature: task.roundTemperature,
      baseModel,
      ...(task.asks === undefined ? {} : { asks: task.asks }),
      signal: scope.signal,
      onAnswer: (answer) => {
        scope.meter.answered(answer);
        answered.push(recordOf(answer));
      },
    });
    const request = {
      state: task.state,
      example: task.example,
      collecting: isCollecting(task),
      ...(task.feedbackFor === undefined ? {} : { feedbackFor: task.feedbackFor }),
    };
    const { reads, ...outcome } = await program.run(request, rollout.call, scope.signal);
    const fatal = rollout.fatal();
    if (fatal !== null) throw fatal;
    const unanswered = rollout.unanswered();
    if (unanswered !== null) this.#reportUnanswered(task, unanswered);
    return {
      outcome: withUntraced(withCutOff(outcome), answered),
      settled: unanswered === null && isSettled(outcome),
      unanswered: unanswered !== null,
      reads,
    };
  }

  /** Reports an outcome; `first`: its trace is not kept in this run yet. */
  #finish(
    task: RunTask,
    scope: Scope,
    { outcome, settled, unanswered }: Made,
    { cached, first }: { readonly cached: boolean; readonly first: boolean },
  ): ProgramOutcome {
    const { purpose, candidate, example, round, state } = task;
    scope.failures.add(outcome, { settled, unanswered });
    this.#predictorFeedback.add(task, outcome);
    const { prefix } = scope;
    const { seconds, error } = outcome;
    const score = outcomeScore(outcome, this.#parts.metricRange);
    this.#warnings.add(example, outcome, score);
    this.#parts.journal.append({
      type: 'example',
      prefix,
      candidate,
      purpose,
      example: example.id,
      round,
      score,
      cached,
      seconds,
      ...(error === undefined ? {} : { error }),
    });
    if (first) {
      this.#parts.journal.trace({
        step: prefix,
        candidate,
        purpose,
        example: example.id,
        round,
        state: stateHash(state),
        outcome,
      });
    }
    return outcome;
  }

  #key(task: RunTask): string {
    const temperature = task.round === 0 ? null : task.roundTemperature;
    return contentHash([
      'program run',
      this.#parts.identity,
      stateHash(task.state),
      contentHash(contentOf(task.example)),
      task.round,
      temperature,
      isCollecting(task),
      ...(task.feedbackFor === undefined ? [] : [task.feedbackFor]),
      // Outcomes that were remembered before there were teachers keep their keys.
      ...(task.asks === undefined ? [] : [identityOfAsked(task.asks, this.#parts.endpoints ?? new Map())]),
    ]);
  }

  /** Once for each row, however many states are tried on it. */
  #reportUnanswered({ purpose, example }: RunTask, { message }: Error): void {
    const split = purpose === 'dev' || purpose === 'test' ? purpose : 'train';
    const row = `Row ${example.id + 1} of ${split}`;
    if (this.#unanswered.has(row)) return;
    this.#unanswered.add(row);
    this.#parts.journal.append({ type: 'warning', message: `${row}: ${message}` });
  }

  /** A replay that diverges marks the program non-deterministic. */
  #reportDivergence(earlier: ProgramOutcome, now: ProgramOutcome, task: RunTask): void {
    if (this.#divergenceReported || sameRequests(earlier, now)) return;
    this.#divergenceReported = true;
    this.#parts.journal.append({
      type: 'warning',
      message:
        `The program is not deterministic: run again on row ${task.example.id + 1} in the same state, it asked the LM ` +
        'something else. Scores of this program can change from run to run, and a resumed run can pay for calls again.',
    });
  }
}

/** A metric that looks at the trace gets it where traces are collected (DSPy: `trace is not None`). */
function isCollecting({ purpose }: RunTask): boolean {
  return purpose === 'bootstrap' || purpose === 'collect';
}

/**
 * Errors of the user's code or machine, and prompts that a server's settings refuse, may be gone next time; answers,
 * good or unreadable, stay.
 */
export function isSettled({ error, aboutPredictor }: ProgramOutcome): boolean {
  if (aboutPredictor !== undefined && 'error' in aboutPredictor) return false;
  return error === undefined || error.kind === 'parse';
}

/** The outcome with the answers that are in no call of its trace. */
function withUntraced(outcome: ProgramOutcome, answered: readonly LmRecord[]): ProgramOutcome {
  const traced = new Map<string, number>();
  for (const { key } of recordsOf(outcome)) traced.set(key, (traced.get(key) ?? 0) + 1);
  const untraced = answered.filter(({ key }) => {
    const left = traced.get(key) ?? 0;
    traced.set(key, left - 1);
    return left <= 0;
  });
  return untraced.length === 0 ? outcome : { ...outcome, untraced };
}

/** One may have stopped earlier than the other; what both asked must be the same. */
function sameRequests(a: ProgramOutcome, b: ProgramOutcome): boolean {
  const keys = ({ trace }: ProgramOutcome) => trace.flatMap((call) => call.lm.map(({ key }) => key));
  const [shorter, longer] = [keys(a), keys(b)].sort((x, y) => x.length - y.length);
  const all = new Set(longer);
  return shorter!.every((key) => all.has(key));
}
