/** Requests of a user's optimizer: within its limits, with checked states, written to the run's record. */
import { HumanError } from '../../../base/errors.ts';
import type { Example, ProgramState } from '../../../data/program.ts';
import type { ProgramOutcome } from '../../../data/trace.ts';
import type { Question } from '../../ask.ts';
import { CallRejected } from '../../errors.ts';
import { evaluateRows } from '../../evaluation.ts';
import type { StepContext } from '../../optimizer.ts';
import type { CodeEvaluation, CodeRow, CodeScores, CodeWork } from '../../optimizerCode.ts';
import { priority } from '../../pool.ts';
import type { SearchRecord } from '../../rememberedSearch.ts';
import type { Scope } from '../../scope.ts';
import { stateHash } from '../../state.ts';
import { candidateFactsSchema } from '../../../protocol.ts';
import type { Score } from '../../../protocol.ts';
import type { Allowed } from './checkState.ts';
import { checkedState } from './checkState.ts';
import type { KeyedSettings } from './settings.ts';

/** A state that was scored and shown. */
export interface Candidate {
  readonly state: string;
  readonly candidate: number;
  readonly score: Score;
  readonly rows: readonly Example[];
}

export interface WorkParts {
  readonly settings: KeyedSettings;
  readonly context: Pick<StepContext, 'runner' | 'ask' | 'metricRange'>;
  readonly allowed: Allowed;
  readonly rows: readonly Example[];
  readonly scope: Scope;
  readonly record: SearchRecord;
}

export class LimitedWork implements CodeWork {
  readonly #parts: WorkParts;
  readonly #stop = new AbortController();
  readonly #open = new Set<Promise<unknown>>();
  #runs = 0;
  #calls = 0;
  #begun = 0;
  #candidates: readonly Candidate[] = [];

  constructor(parts: WorkParts) {
    this.#parts = parts;
  }

  /** Aborts with what ends the step, whatever the user's code makes of it. */
  get signal(): AbortSignal {
    return AbortSignal.any([this.#parts.scope.signal, this.#stop.signal]);
  }

  /** The candidate with this very state that was asked for first; `null`: there is none. */
  candidateOf(state: ProgramState): Candidate | null {
    const same = this.#candidates.filter((each) => each.state === stateHash(state));
    return same.reduce<Candidate | null>(
      (first, each) => (first !== null && first.candidate < each.candidate ? first : each),
      null,
    );
  }

  readonly evaluate = (asked: CodeEvaluation): Promise<CodeScores> => this.#orStop(() => this.#evaluate(asked));

  readonly ask = (question: Question): Promise<string> => this.#orStop(() => this.#ask(question));

  async #ask(question: Question): Promise<string> {
    const { settings, context } = this.#parts;
    this.#calls = this.#spend('calls', this.#calls, 1);
    const of = settings.lm === null ? {} : { of: settings.lm };
    return (await context.ask({ ...question, ...of })).text;
  }

  async #evaluate({ state: given, rows: places, about }: CodeEvaluation): Promise<CodeScores> {
    const { settings, context, allowed, rows, scope, record } = this.#parts;
    const state = checkedState(given, allowed, `A state that ${settings.optimizer} evaluates`);
    const examples = places.map((place) => rowAt(place, rows, settings.optimizer));
    if (examples.length === 0) throw new HumanError(`${settings.optimizer} evaluates a state on no rows.`);
    this.#runs = this.#spend('runs', this.#runs, examples.length);
    const candidate = about === undefined ? null : this.#begun++;
    const { prefix } = scope;
    if (candidate !== null) {
      record.keep(state);
      record.tell({
        type: 'candidate.started',
        prefix,
        candidate,
        state: stateHash(state),
        about: candidateFactsSchema.parse(about),
      });
    }
    const { runner, metricRange } = context;
    const request = {
      state,
      examples,
      purpose: 'validate',
      candidate,
      priority: priority.validate,
      metricRange,
    } as const;
    const { score, rows: scored } = await evaluateRows(runner, request, scope, rowOf);
    if (candidate !== null) {
      const of = examples.length;
      record.tell({ type: 'candidate.finished', prefix, candidate, score, scored: of, of });
      this.#candidates = [...this.#candidates, { state: stateHash(state), candidate, score, rows: examples }];
    }
    return { score: score.score, rows: scored };
  }

  /** Waits for what was begun and not awaited; whether there was any. */
  async settle(): Promise<boolean> {
    const open = [...this.#open];
    await Promise.allSettled(open);
    return open.length > 0;
  }

  /** A question that cannot be answered is the user's code's to handle; any other failure ends the step. */
  async #orStop<T>(begin: () => Promise<T>): Promise<T> {
    const work = begin();
    this.#open.add(work);
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof CallRejected)) this.#stop.abort(error);
      throw error;
    } finally {
      this.#open.delete(work);
    }
  }

  #spend(what: 'runs' | 'calls', spent: number, more: number): number {
    const { optimizer, key, ...limits } = this.#parts.settings;
    const limit = limits[what];
    if (spent + more <= limit) return spent + more;
    const noun = what === 'runs' ? 'program runs' : 'LM calls';
    throw new HumanError(
      `${optimizer} asks for ${more} ${noun} after ${spent}, and its limit is ${limit}. ` +
        `Raise "${key}.${what}" in bettertogether.json to ${spent + more} or more.`,
    );
  }
}

function rowAt(place: number, rows: readonly Example[], optimizer: string): Example {
  const row = rows[place];
  if (row !== undefined) return row;
  throw new HumanError(`${optimizer} evaluates on row ${place + 1}, and there are ${rows.length}.`);
}

function rowOf({ score, prediction, error, feedback, trace }: ProgramOutcome): CodeRow {
  return {
    score,
    outputs: prediction,
    error: error?.message ?? null,
    feedback: feedback ?? null,
    calls: trace.map(({ predictor, inputs, outputs }) => ({ predictor, inputs, outputs })),
  };
}
