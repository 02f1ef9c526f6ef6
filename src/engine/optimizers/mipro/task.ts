/** The search's work on a program: combinations as states, and their scores. */
import type { Example, ProgramState } from '../../../data/program.ts';
import type { DemosByPredictor } from '../../demos/demos.ts';
import { withoutOwnFold, withRowDemos } from '../../demos/demos.ts';
import type { StepContext } from '../../optimizer.ts';
import type { SearchRecord } from '../../rememberedSearch.ts';
import type { Scope } from '../../scope.ts';
import { stateHash, withInstructions } from '../../state.ts';
import { ExactContest } from '../../validation/exact.ts';
import { Validation } from '../../validation/validation.ts';
import { aboutOf } from './candidates.ts';
import { keyOf } from './search/space.ts';
import type { Combination, Evaluation, Found, SearchTask } from './search/terms.ts';

export interface TaskParts {
  readonly context: Pick<StepContext, 'runner' | 'metricRange' | 'predictors'>;
  /** As the search found it: what is not chosen stays, its weights too. */
  readonly start: ProgramState;
  /** By predictor: to choose from, its own first. */
  readonly instructions: readonly (readonly string[])[];
  /** To choose from, the one without demos first; `null`: demos stay as they are. */
  readonly demoSets: readonly DemosByPredictor[] | null;
  /** V. */
  readonly validation: readonly Example[];
  /** See `foldsOf`; `null`: V is apart from the rows that demos come from. */
  readonly folds: ReadonlyMap<Example, number> | null;
  readonly scope: Scope;
  readonly record: SearchRecord;
}

/** What the log calls the program as the search found it. */
const startCandidate = 0;

export class MiproTask implements SearchTask {
  readonly #parts: TaskParts;
  #candidates = 0;
  /** Candidates that are scored on all rows, and their scores, by combination. */
  readonly #inFull = new Map<string, { readonly candidate: number; readonly score: number | null }>();

  constructor(parts: TaskParts) {
    this.#parts = parts;
  }

  /** One that was scored on all rows is not scored on them again. */
  async evaluate({ purpose, rows: places, mustExceed }: Evaluation): Promise<number | null> {
    const combination = purpose.kind === 'start' ? null : purpose.combination;
    const isFull = places.length === this.#parts.validation.length;
    const known = isFull ? this.#inFull.get(nameOf(combination)) : undefined;
    if (known !== undefined) return known.score;
    const { context, validation, record, scope } = this.#parts;
    const { prefix } = scope;
    const candidate = this.#candidates++;
    const state = this.stateOf(combination);
    const rows = places.map((place) => validation[place]!);
    const about = aboutOf(purpose, context.predictors, rows.length, validation.length);
    record.keep(state);
    record.tell({ type: 'candidate.started', prefix, candidate, state: stateHash(state), about });
    const contest = new ExactContest(rows.length, mustExceed ?? undefined);
    const validated = new Validation(context.runner, scope, { rows, metricRange: context.metricRange, contest });
    const { score, scored } = await validated.score(candidate, this.#answering(combination, state), 0);
    record.tell({ type: 'candidate.finished', prefix, candidate, score, scored, of: rows.length });
    if (isFull) this.#inFull.set(nameOf(combination), { candidate, score: score?.score ?? null });
    return score?.score ?? null;
  }

  /** @param combination `null`: the program as the search found it. */
  stateOf(combination: Combination | null): ProgramState {
    const { start, context, instructions, demoSets } = this.#parts;
    if (combination === null) return start;
    const texts = context.predictors.map((name, i) => [name, instructions[i]![combination[i]!.instruction]!] as const);
    const instructed = withInstructions(start, Object.fromEntries(texts));
    return demoSets === null ? instructed : withRowDemos(instructed, context.predictors, this.#demosOf(combination));
  }

  /** The candidate of the log that the search ended in. */
  candidateOf({ combination }: Found): number {
    return combination === null ? startCandidate : this.#inFull.get(nameOf(combination))!.candidate;
  }

  #demosOf(combination: Combination): DemosByPredictor {
    const { context, demoSets } = this.#parts;
    const chosen = context.predictors.map((name, i) => {
      const place = combination[i]!.demoSet;
      return [name, place === null ? [] : (demoSets?.[place]?.[name] ?? [])] as const;
    });
    return Object.fromEntries(chosen);
  }

  /** The state in which each row is answered: with folds without the demos of its own. */
  #answering(combination: Combination | null, state: ProgramState): (row: Example) => ProgramState {
    const { folds, demoSets, context } = this.#parts;
    if (folds === null || combination === null || demoSets === null) return () => state;
    return withoutOwnFold(state, context.predictors, this.#demosOf(combination), folds);
  }
}

const nameOf = (combination: Combination | null): string => (combination === null ? 'start' : keyOf(combination));
