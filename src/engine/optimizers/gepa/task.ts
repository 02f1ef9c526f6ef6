/** The search's work on a program: its runs on rows, and what the proposer is asked. */
import { estimateTokenCount } from 'tokenx';
import type { Example, ProgramState } from '../../../data/program.ts';
import type { ProgramOutcome } from '../../../data/trace.ts';
import { CallRejected } from '../../errors.ts';
import { evaluateRows } from '../../evaluation.ts';
import type { StepContext } from '../../optimizer.ts';
import { priority } from '../../pool.ts';
import { questionOf } from '../../proposer/question.ts';
import type { Output, ReadProposal } from '../../proposer/readProposal.ts';
import { outputsOf, readProposal } from '../../proposer/readProposal.ts';
import type { Proposer } from '../../proposer/settings.ts';
import type { SearchRecord } from '../../rememberedSearch.ts';
import type { Scope } from '../../scope.ts';
import { outcomeScore, percent } from '../../score.ts';
import { stateHash, withInstructions } from '../../state.ts';
import { ExactContest } from '../../validation/exact.ts';
import type { Answering } from '../../teacher.ts';
import { Validation } from '../../validation/validation.ts';
import { aboutOf } from './candidates.ts';
import type { ReflectedRow } from './proposer/reflect.ts';
import { reflectionPrompt } from './proposer/reflect.ts';
import { mean } from './search/front.ts';
import type {
  Batch,
  Purpose,
  Iteration,
  Merging,
  Outcome,
  Proposal,
  Rewriting,
  SearchTask,
  Texts,
} from './search/terms.ts';

export interface TaskParts {
  readonly context: Pick<StepContext, 'runner' | 'ask' | 'metricRange' | 'source'>;
  readonly proposer: Proposer;
  /** Runs the rows that went wrong as well. */
  readonly teacher: Answering;
  /** The program that the search began with: its demos and its weights are those of all candidates. */
  readonly start: ProgramState;
  readonly rows: { readonly train: readonly Example[]; readonly validation: readonly Example[] };
  readonly scope: Scope;
  readonly record: SearchRecord;
}

/** What an evaluation of one kind is for. */
type Of<Kind extends Purpose['kind']> = Extract<Purpose, { readonly kind: Kind }>;

/** Scores of a contest are rounded to two decimals, and the search compares them as they are. */
const roundedAtMost = 0.01;

/** Only of a parent's runs more is needed than their scores. */
type Scored = Outcome<ReflectedRow | null>;

export class GepaTask implements SearchTask<ReflectedRow | null> {
  readonly #parts: TaskParts;
  #proposals = 0;

  constructor(parts: TaskParts) {
    this.#parts = parts;
  }

  stateOf(texts: Texts): ProgramState {
    return withInstructions(this.#parts.start, texts);
  }

  evaluate(texts: Texts, { of, rows: places }: Batch, purpose: Purpose): Promise<readonly Scored[]> {
    const state = this.stateOf(texts);
    const examples = places.map((place) => this.#parts.rows[of][place]!);
    switch (purpose.kind) {
      case 'parent':
        return this.#parent(state, examples, purpose);
      case 'child':
        return this.#child(state, examples);
      case 'candidate':
        return this.#candidate(state, examples, purpose);
    }
  }

  /** Asked for once more with a shorter prompt where the LM does not take the first one. */
  async propose(proposal: Proposal<ReflectedRow | null>): Promise<ReadProposal> {
    if (!isCalled(proposal)) return { kind: 'refused', reason: 'never called' };
    const { promptTokens } = this.#parts.proposer;
    for (const tokens of [promptTokens, Math.floor(promptTokens / 3)]) {
      try {
        return await this.#ask(proposal, tokens);
      } catch (error) {
        if (!(error instanceof CallRejected)) throw error;
      }
    }
    return { kind: 'refused', reason: 'not answered' };
  }

  /** Logs what came of an iteration. */
  note(iteration: Iteration): void {
    const { record, scope } = this.#parts;
    record.tell({ type: 'proposal', prefix: scope.prefix, proposal: this.#proposals++, ...endOf(iteration) });
  }

  async #parent(state: ProgramState, examples: readonly Example[], parent: Of<'parent'>): Promise<readonly Scored[]> {
    const request = { ...this.#reflection(state, examples), candidate: parent.member, feedbackFor: parent.component };
    const { metricRange, runner } = this.#parts.context;
    const { rows } = await evaluateRows(runner, request, this.#parts.scope, (outcome, example) => ({
      score: outcomeScore(outcome, metricRange),
      trajectory: { example, outcome },
    }));
    return this.#taught(state, rows);
  }

  /** With what a teacher did better. */
  async #taught(
    state: ProgramState,
    rows: readonly Outcome<ReflectedRow>[],
  ): Promise<readonly Outcome<ReflectedRow>[]> {
    const { teacher: asks, context, scope } = this.#parts;
    const wrong = rows.filter(({ score }) => score < 1).map(({ trajectory }) => trajectory.example);
    if (asks === undefined || wrong.length === 0) return rows;
    const request = { ...this.#reflection(state, wrong), candidate: null, asks };
    const { rows: taught } = await evaluateRows(context.runner, request, scope, (outcome) => outcome);
    const byRow = new Map(wrong.map((example, i) => [example, taught[i]!]));
    return rows.map((row) => withTeacher(row, byRow.get(row.trajectory.example)));
  }

  async #child(state: ProgramState, examples: readonly Example[]): Promise<readonly Scored[]> {
    const request = { ...this.#reflection(state, examples), candidate: null };
    const { metricRange, runner } = this.#parts.context;
    const { rows } = await evaluateRows(runner, request, this.#parts.scope, (outcome) =>
      outcomeScore(outcome, metricRange),
    );
    return rows.map(withoutTrajectory);
  }

  #reflection(state: ProgramState, examples: readonly Example[]) {
    const { metricRange } = this.#parts.context;
    return { state, examples, purpose: 'reflect', priority: priority.validate, metricRange } as const;
  }

  async #candidate(
    state: ProgramState,
    examples: readonly Example[],
    { place: candidate, parents, component, last }: Of<'candidate'>,
  ): Promise<readonly Scored[]> {
    const { record, scope, context } = this.#parts;
    const { metricRange, runner } = context;
    const { prefix } = scope;
    const of = examples.length;
    record.keep(state);
    const made = parents.length === 0 ? {} : { parents: [...parents] };
    const started = { state: stateHash(state), ...made, about: aboutOf(parents, component) };
    record.tell({ type: 'candidate.started', prefix, candidate, ...started });
    const contest = new ExactContest(of, last === null ? undefined : percent(last.mustExceed, of) - roundedAtMost);
    const validation = new Validation(runner, scope, { rows: examples, metricRange, contest });
    const { score, scored, scores } = await validation.score(candidate, () => state, 0);
    record.tell({ type: 'candidate.finished', prefix, candidate, score, scored, of });
    return scores.filter((each) => each !== undefined).map(withoutTrajectory);
  }

  async #ask({ component, texts, outcomes }: Proposal<ReflectedRow | null>, tokens: number): Promise<ReadProposal> {
    const { context, proposer } = this.#parts;
    const instruction = texts[component]!;
    const all = outcomes.map(({ trajectory }) => trajectory).filter((row) => row !== null);
    // A minibatch with more rows than there are has some of them twice.
    const rows = [...new Map(all.map((row) => [row.example, row])).values()];
    // One that is longer already may stay so.
    const tokensAtMost = Math.max(proposer.instructionTokens, estimateTokenCount(instruction));
    const { source, metricRange } = context;
    const content = reflectionPrompt({ component, instruction, rows, source, metricRange, tokensAtMost }, tokens);
    const answer = await context.ask(questionOf(content, proposer));
    const fields = rows.flatMap(({ outcome }) => toldOutputs(outcome));
    return readProposal(answer, { instruction, outputs: fields, tokensAtMost });
  }
}

/** Whether there is anything to learn about the component: a program need not call all of its predictors. */
function isCalled({ component, outcomes }: Proposal<ReflectedRow | null>): boolean {
  return outcomes.some(({ trajectory }) => trajectory?.outcome.trace.some(({ predictor }) => predictor === component));
}

function withTeacher(row: Outcome<ReflectedRow>, teacher: ProgramOutcome | undefined): Outcome<ReflectedRow> {
  const { trajectory } = row;
  if (teacher === undefined || teacher.score <= trajectory.outcome.score) return row;
  return { ...row, trajectory: { ...trajectory, teacher } };
}

const withoutTrajectory = (score: number): Scored => ({ score, trajectory: null });

function toldOutputs({ prediction, trace }: Pick<ProgramOutcome, 'prediction' | 'trace'>): readonly Output[] {
  return [prediction, ...trace.map(({ outputs }) => outputs)].flatMap((fields) => outputsOf(fields ?? {}));
}

function endOf(iteration: Iteration) {
  return iteration.kind === 'rewrite' ? endOfRewriting(iteration) : endOfMerging(iteration);
}

function endOfRewriting(iteration: Rewriting) {
  const { parent, parentScores, end } = iteration;
  const from = { parents: [parent], before: mean(parentScores) };
  if (end === 'perfect') return { ...from, predictor: null, end };
  const { component: predictor } = iteration;
  if (end === 'refused') return { ...from, predictor, end, reason: iteration.reason };
  return { ...from, predictor, end, after: mean(iteration.childScores) };
}

function endOfMerging({ parents, parentScores, end, childScores }: Merging) {
  const before = Math.max(...parentScores.map(mean));
  return { parents: [...parents], predictor: null, end, before, after: mean(childScores) };
}
