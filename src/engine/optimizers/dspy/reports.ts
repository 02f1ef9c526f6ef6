/** What an optimizer of DSPy's reports while it compiles, written to the run's record. */
import type { ProgramState } from '../../../data/program.ts';
import { recordsOf } from '../../../data/trace.ts';
import { withCutOff } from '../../cutOff.ts';
import type { StepContext } from '../../optimizer.ts';
import type { SearchRecord } from '../../rememberedSearch.ts';
import { isSettled } from '../../runner.ts';
import type { Scope } from '../../scope.ts';
import { outcomeScore, scoreOf, scoreOfMean, unitScore } from '../../score.ts';
import { stateHash, withPromptsOf } from '../../state.ts';
import type { CompileRequest, CompileRun, EvaluationFinished, EvaluationStarted } from '../../teleprompter.ts';
import type { Score } from '../../../protocol.ts';
import type { About } from './candidates.ts';
import { aboutOf } from './candidates.ts';

export interface ReportParts {
  readonly request: Pick<CompileRequest, 'state' | 'train' | 'validation'>;
  readonly context: Pick<StepContext, 'journal' | 'metricRange' | 'predictors'>;
  readonly scope: Pick<Scope, 'prefix' | 'failures'>;
  readonly record: SearchRecord;
}

/** An evaluation, which is a candidate of the log. */
interface Evaluation {
  readonly candidate: number;
  readonly state: ProgramState;
  readonly of: number;
  /** `null`: the log does not have it yet. Which rows it takes, only its first run shows. */
  readonly on: About['on'] | null;
  readonly isTold: boolean;
  /** From 0 to 1, one a run. */
  readonly scores: readonly number[];
  readonly failed: number;
  readonly isOver: boolean;
}

type Split = Exclude<About['on'], null>;

export class CompileReports {
  readonly #parts: ReportParts;
  readonly #splits: ReadonlyMap<number, Split>;
  readonly #evaluations = new Map<number, Evaluation>();
  /** Runs of one row for one purpose, so that each has a trace of its own. */
  readonly #rounds = new Map<string, number>();

  constructor(parts: ReportParts) {
    this.#parts = parts;
    const { train, validation } = parts.request;
    const split = (rows: readonly { readonly id: number }[], name: Split) => rows.map(({ id }) => [id, name] as const);
    this.#splits = new Map([...split(train, 'train'), ...split(validation, 'validation')]);
  }

  evaluationStarted({ evaluation, state, of }: EvaluationStarted): void {
    const candidate = this.#evaluations.size;
    const fresh = { candidate, of, on: null, isTold: false, scores: [], failed: 0, isOver: false };
    this.#evaluations.set(evaluation, { ...fresh, state: this.ours(state) });
  }

  evaluationFinished({ evaluation, mean, scored, failed }: EvaluationFinished): void {
    const known = this.#evaluations.get(evaluation);
    if (known === undefined) return;
    const { candidate, of, scores } = this.#told(evaluation, known, known.on);
    const { record, scope } = this.#parts;
    const score = mean === null ? null : this.#scoreOf(known, { mean, scored, failed });
    record.tell({ type: 'candidate.finished', prefix: scope.prefix, candidate, score, scored, of });
    this.#evaluations.set(evaluation, { ...known, isTold: true, scores, isOver: true });
  }

  /** @throws HumanError once the metric has failed on each of the first rows. */
  ran({ evaluation, row, state, outcome: reported }: CompileRun): void {
    const split = this.#splits.get(row);
    if (split === undefined) return;
    const { context, scope } = this.#parts;
    const { journal, metricRange } = context;
    const outcome = withCutOff(reported);
    const score = outcomeScore(outcome, metricRange);
    const candidate = this.#candidateOf(evaluation, split, score, outcome.error !== undefined);
    const purpose = candidate === null ? 'bootstrap' : 'validate';
    const round = this.#roundOf(`${purpose} ${candidate} ${row}`);
    const { prefix } = scope;
    const { seconds, error } = outcome;
    const cached = recordsOf(outcome).every((record) => record.cached);
    const about = { prefix, candidate, purpose, example: row, round, score, cached, seconds } as const;
    journal.append({ type: 'example', ...about, ...(error === undefined ? {} : { error }) });
    const hash = stateHash(this.ours(state));
    journal.trace({ step: prefix, candidate, purpose, example: row, round, state: hash, outcome });
    scope.failures.add(outcome, { settled: isSettled(outcome), unanswered: false });
    scope.failures.throwIfMetricIsBroken();
  }

  /** The candidate with this very state that was scored on the most rows, the first of these; `null`: there is none. */
  chosen(state: ProgramState): number | null {
    const same = [...this.#evaluations.values()].filter(
      (each) => each.isTold && stateHash(each.state) === stateHash(state),
    );
    const [first] = same.toSorted((a, b) => b.of - a.of || a.candidate - b.candidate);
    return first?.candidate ?? null;
  }

  /** The prompts of a state that came; models, and what may not change, as the step found them. */
  ours(state: ProgramState): ProgramState {
    const { request, context } = this.#parts;
    return withPromptsOf(request.state, state, context.predictors);
  }

  #candidateOf(evaluation: number | null, on: Split, score: number, isFailed: boolean): number | null {
    const known = evaluation === null ? undefined : this.#evaluations.get(evaluation);
    if (evaluation === null || known === undefined || known.isOver) return null;
    const told = this.#told(evaluation, known, on);
    const failed = told.failed + (isFailed ? 1 : 0);
    this.#evaluations.set(evaluation, { ...told, scores: [...told.scores, score], failed });
    return known.candidate;
  }

  #told(evaluation: number, known: Evaluation, on: About['on']): Evaluation {
    if (known.isTold) return known;
    const { record, request, scope } = this.#parts;
    const { candidate, state } = known;
    record.keep(state);
    record.tell({
      type: 'candidate.started',
      ...{ prefix: scope.prefix, candidate, state: stateHash(state) },
      about: aboutOf(state, request.state, on),
    });
    const told = { ...known, on, isTold: true };
    this.#evaluations.set(evaluation, told);
    return told;
  }

  /** By its rows where all of them were reported, else by what the optimizer was told. */
  #scoreOf({ scores, failed }: Evaluation, said: { mean: number; scored: number; failed: number }): Score {
    if (scores.length === said.scored && scores.length > 0) return scoreOf(scores, failed);
    return scoreOfMean(unitScore(said.mean, this.#parts.context.metricRange), said.scored, said.failed);
  }

  #roundOf(key: string): number {
    const round = this.#rounds.get(key) ?? 0;
    this.#rounds.set(key, round + 1);
    return round;
  }
}
