import { setMaxListeners } from 'node:events';
import { HumanError } from '../base/errors.ts';
import { given } from '../base/given.ts';
import { pairedDifference } from '../data/pairedDifference.ts';
import type { Example, ProgramDescription, ProgramState } from '../data/program.ts';
import { prefixesOf } from '../data/strategy.ts';
import type { Score, Usage } from '../protocol.ts';
import type { ChargingGate } from './budget.ts';
import { stopped } from './abort.ts';
import { askFor } from './ask.ts';
import { evaluateRows } from './evaluation.ts';
import type { Journal, LanguageModel, Program, Surroundings, Trainer } from './interfaces.ts';
import type { Carry, Step, StepResult } from './optimizer.ts';
import type { OptimizerCode } from './optimizerCode.ts';
import type { LatticePoint, NamedState } from './lattice.ts';
import { bestOnDev, latticeOf } from './lattice.ts';
import { Pool, priority } from './pool.ts';
import { PythonRandom } from './pythonRandom.ts';
import { ReadingTally, RunMemory } from './runMemory.ts';
import { Runner } from './runner.ts';
import type { Scope } from './scope.ts';
import { FailureTally } from './scope.ts';
import type { OptimizeSettings } from './settings.ts';
import { namesOf } from './settings.ts';
import { initialState, stateHash, trainablePredictors, tunablePredictors } from './state.ts';
import type { Teleprompter } from './teleprompter.ts';
import { requireMethods } from './trainingMethods.ts';
import type { Prices } from './usage.ts';
import { UsageMeter } from './usage.ts';

export interface EngineParts {
  readonly program: Program;
  readonly lm: LanguageModel;
  /** `null` when no step of the strategy changes weights. */
  readonly trainer: Trainer | null;
  readonly journal: Journal;
  /** `null`: program runs are not remembered. */
  readonly surroundings: Surroundings | null;
  readonly gate: ChargingGate;
  readonly prices: Prices;
  readonly meter: UsageMeter;
  /** See `StepContext.code`. */
  readonly code?: ReadonlyMap<string, OptimizerCode>;
  /** See `StepContext.teleprompters`. */
  readonly teleprompters?: ReadonlyMap<string, Teleprompter>;
  /** See `StepContext.endpoints`. */
  readonly endpoints?: ReadonlyMap<string, string>;
  /** Program runs under way at once. */
  readonly concurrency: number;
  /** See `RunnerParts.identity`. */
  readonly identity: string;
  /** See `TrainingParts.lostJob`. */
  readonly lostJob?: string;
}

export interface Splits {
  readonly train: readonly Example[];
  readonly dev: readonly Example[];
  readonly test: readonly Example[] | null;
}

/** The program after a prefix of the strategy; `state` is `null` where the step had no result. */
export interface Stage {
  readonly prefix: string;
  readonly state: ProgramState | null;
  readonly reason?: string;
  readonly dev: Score | null;
  readonly test: Score | null;
  /** A point of the lattice: no prefix of the strategy. */
  readonly lattice?: true;
}

export interface OptimizeOptions {
  readonly signal: AbortSignal;
  /** Called with all stages whenever one changes. */
  readonly onStage: (stages: readonly Stage[]) => void;
  /** Also measures the lattice of the states reached here and of these, which other runs of the program have found. */
  readonly lattice?: readonly NamedState[];
  /** Φ⟨Θ,Π⟩ to start from; by default the program as its author wrote it, on the base model. */
  readonly start?: ProgramState;
}

/**
 * BetterTogether (paper, algorithm 1): a fold of the strategy's steps over the program's state, each prefix of it
 * scored on dev and test.
 */
export class Optimization {
  readonly #parts: EngineParts;
  readonly #settings: OptimizeSettings;
  readonly #splits: Splits;
  readonly #description: ProgramDescription;
  readonly #predictors: readonly string[];
  readonly #runner: Runner;
  readonly #memory: RunMemory;
  readonly #abort = new AbortController();
  readonly #signal: AbortSignal;
  readonly #start: ProgramState;
  readonly #stages = new Map<string, Stage>();
  readonly #onStage: (stages: readonly Stage[]) => void;
  readonly #found: readonly NamedState[] | null;
  /** What the rows of a split score with the state that the run began with; `null`: that failed, and stops the run. */
  readonly #baseline: Partial<Record<'dev' | 'test', Promise<readonly number[] | null>>> = {};

  constructor(
    parts: EngineParts,
    settings: OptimizeSettings,
    splits: Splits,
    description: ProgramDescription,
    options: OptimizeOptions,
  ) {
    this.#parts = parts;
    this.#settings = settings;
    this.#splits = splits;
    this.#description = description;
    this.#predictors = trainablePredictors(description);
    this.#signal = AbortSignal.any([options.signal, this.#abort.signal]);
    // Every call of the run listens to this one signal.
    setMaxListeners(0, this.#signal);
    this.#start = options.start ?? initialState(description, settings.model);
    this.#onStage = options.onStage;
    this.#found = options.lattice ?? null;
    this.#memory = new RunMemory(parts.journal, parts.surroundings);
    this.#runner = new Runner({
      program: parts.program,
      lm: parts.lm,
      journal: parts.journal,
      memory: this.#memory,
      pool: new Pool(parts.concurrency),
      meter: parts.meter,
      baseModel: settings.model,
      metricRange: settings.metricRange,
      identity: parts.identity,
      ...given({ endpoints: parts.endpoints }),
      abort: (error) => {
        this.#abort.abort(error);
      },
    });
  }

  /** Stages in order, the baseline first. Rejects with what stopped the run; `onStage` got all of them before. */
  async run(): Promise<readonly Stage[]> {
    if (this.#predictors.length === 0 && this.#settings.strategy.length > 0) {
      throw new HumanError(
        `Program "${this.#description.name}" has no predictor that may be optimized: all are frozen.`,
      );
    }
    if (this.#parts.trainer !== null) requireMethods(this.#settings.strategy, this.#parts.trainer);
    const scoring: Promise<void>[] = [];
    const score = (prefix: string, state: ProgramState, onDev?: () => void) => {
      const work = this.#score(prefix, state, onDev).catch((error: unknown) => {
        this.#abort.abort(error);
        throw error;
      });
      work.catch(() => undefined);
      scoring.push(work);
      return work;
    };
    try {
      // A program that cannot run at all is found out before anything else is paid for.
      await new Promise<void>((resolve, reject) => {
        score('', this.#start, resolve).then(resolve, reject);
      });
      await this.#steps(score);
      await Promise.all(scoring);
      if (this.#found !== null) await this.#lattice(this.#found);
    } catch (error) {
      this.#abort.abort(error);
      await Promise.allSettled(scoring);
      // When the log is closed next, nothing may still write to it.
      await this.#runner.idle();
      throw stopped(this.#signal);
    }
    return [...this.#stages.values()];
  }

  async #steps(score: (prefix: string, state: ProgramState) => Promise<void>): Promise<void> {
    const { strategy, seed } = this.#settings;
    const random = new PythonRandom(seed);
    let carry: Carry = { state: this.#start, train: this.#splits.train, validation: [] };
    let skipped: string | null = null;
    const prefixes = prefixesOf(namesOf(strategy));
    for (const [index, step] of strategy.entries()) {
      const prefix = prefixes[index + 1]!;
      if (skipped !== null) {
        this.#skip(prefix, step.kind, skipped);
        continue;
      }
      carry = { ...carry, train: random.shuffle(carry.train) };
      const result = await this.#step(prefix, step, index, carry);
      if ('skipped' in result) {
        skipped = result.skipped;
        continue;
      }
      carry = { ...carry, state: result.state, validation: result.validation ?? carry.validation };
      void score(prefix, result.state);
    }
  }

  async #step(prefix: string, step: Step, index: number, carry: Carry): Promise<StepResult> {
    const { journal } = this.#parts;
    const { kind } = step;
    const scope = this.#scope(prefix);
    const started = performance.now();
    const search = step.searchSize === undefined ? {} : { search: step.searchSize(carry) };
    journal.append({ type: 'step.started', prefix, kind, index, examples: carry.train.length, ...search });
    const { seed, threshold, metricRange, model } = this.#settings;
    const { lm, code = new Map<string, OptimizerCode>(), endpoints = new Map<string, string>() } = this.#parts;
    const { teleprompters = new Map<string, Teleprompter>() } = this.#parts;
    const context = {
      ...{
        ...this.#parts,
        runner: this.#runner,
        memory: this.#memory,
        ask: askFor({ lm, model, seed }, scope),
        ...{ code, teleprompters, endpoints },
      },
      ...{ seed, threshold, metricRange, model },
      start: this.#start,
      predictors: this.#predictors,
      tuned: tunablePredictors(this.#description),
      dev: this.#splits.dev,
      source: this.#description.source ?? null,
    };
    const result = await step.run(context, carry, scope);
    if ('skipped' in result) {
      const seconds = (performance.now() - started) / 1000;
      this.#skip(prefix, kind, result.skipped, { seconds, usage: scope.meter.snapshot() });
      return result;
    }
    journal.append({
      type: 'step.finished',
      prefix,
      kind,
      state: stateHash(result.state),
      candidate: result.candidate,
      seconds: (performance.now() - started) / 1000,
      usage: scope.meter.snapshot(),
    });
    return result;
  }

  #skip(
    prefix: string,
    kind: string,
    reason: string,
    took: { readonly seconds?: number; readonly usage?: Usage } = {},
  ): void {
    this.#parts.journal.append({ type: 'step.skipped', prefix, kind, reason, ...took });
    this.#stage({ prefix, state: null, reason, dev: null, test: null });
  }

  /** `dev` chooses between states, `test` only reports. */
  async #score(prefix: string, state: ProgramState, onDev?: () => void): Promise<void> {
    this.#stage({ prefix, state, dev: null, test: null });
    const dev = await this.#evaluate(prefix, state, 'dev', this.#splits.dev);
    this.#stage({ prefix, state, dev, test: null });
    onDev?.();
    if (this.#splits.test === null) return;
    const test = await this.#evaluate(prefix, state, 'test', this.#splits.test);
    this.#stage({ prefix, state, dev, test });
  }

  /** dev chooses among all that was reached or combined; of the combinations only the one chosen is run on test. */
  async #lattice(found: readonly NamedState[]): Promise<void> {
    const { dev: devRows, test: testRows } = this.#splits;
    const own = [...this.#stages.values()].flatMap(({ prefix, state }) => (state === null ? [] : { prefix, state }));
    const reached = new Set(own.map(({ state }) => stateHash(state)));
    const points = latticeOf([...own, ...found], this.#predictors).filter(
      ({ state }) => !reached.has(stateHash(state)),
    );
    const stageOf = ({ key, state }: LatticePoint) => ({ prefix: key, state, lattice: true as const });
    for (const point of points) this.#stage({ ...stageOf(point), dev: null, test: null });
    const measuring = points.map(async (point) => {
      const dev = await this.#evaluate(point.key, point.state, 'dev', devRows);
      this.#stage({ ...stageOf(point), dev, test: null });
    });
    await Promise.all(measuring);
    const best = bestOnDev([...this.#stages.values()].filter(({ state }) => state !== null));
    if (best?.lattice !== true || best.state === null || testRows === null) return;
    this.#stage({ ...best, test: await this.#evaluate(best.prefix, best.state, 'test', testRows) });
  }

  async #evaluate(
    prefix: string,
    state: ProgramState,
    split: 'dev' | 'test',
    examples: readonly Example[],
  ): Promise<Score> {
    const scope = this.#scope(prefix);
    const started = performance.now();
    const request = { state, examples, purpose: split, candidate: null, priority: priority.score };
    const evaluating = evaluateRows(
      this.#runner,
      { ...request, metricRange: this.#settings.metricRange },
      scope,
      () => null,
    );
    if (prefix === '') this.#baseline[split] = evaluating.then(({ scores }) => scores).catch(() => null);
    const { score, scores } = await evaluating;
    scope.failures.throwIfAllAlike(`Evaluating ${prefix === '' ? 'the program as it is' : `"${prefix}"`} on ${split}`);
    const gain = prefix === '' ? null : pairedDifference((await this.#baseline[split]) ?? [], scores);
    this.#parts.journal.append({
      type: 'evaluated',
      prefix,
      split,
      score,
      ...(gain !== null && { gain }),
      seconds: (performance.now() - started) / 1000,
      usage: scope.meter.snapshot(),
    });
    return score;
  }

  #stage(stage: Stage): void {
    this.#stages.set(stage.prefix, stage);
    this.#onStage([...this.#stages.values()]);
  }

  #scope(prefix: string): Scope {
    return {
      prefix,
      meter: new UsageMeter(this.#parts.prices),
      failures: new FailureTally(this.#settings.metricRange),
      readings: new ReadingTally(),
      signal: this.#signal,
    };
  }
}
