/** The search's work on a program: its runs on rows, and what the proposer is asked. */
import type { Example, ProgramState } from '../../../data/program.ts';
import type { ProgramOutcome } from '../../../data/trace.ts';
import type { Score } from '../../../protocol.ts';
import type { AskedModel, Question } from '../../ask.ts';
import { CallRejected } from '../../errors.ts';
import { evaluateRows } from '../../evaluation.ts';
import type { StepContext } from '../../optimizer.ts';
import { priority } from '../../pool.ts';
import type { SearchRecord } from '../../rememberedSearch.ts';
import type { Scope } from '../../scope.ts';
import { unitScore } from '../../score.ts';
import { stateHash, withInstructions } from '../../state.ts';
import { aboutOf } from './candidates.ts';
import type { ReadProposal } from './readProposal.ts';
import { readProposal } from './readProposal.ts';
import type { ReflectedRow } from './reflect.ts';
import { reflectionPrompt } from './reflect.ts';
import { mean } from './front.ts';
import type { Batch, Purpose, Iteration, Merging, Outcome, Proposal, Rewriting, SearchTask, Texts } from './terms.ts';
import type { Proposer } from './settings.ts';

export interface TaskParts {
  readonly context: Pick<StepContext, 'runner' | 'ask' | 'metricRange' | 'source'>;
  readonly proposer: Proposer;
  /** The program that the search began with: its demos and its weights are those of all candidates. */
  readonly start: ProgramState;
  readonly rows: { readonly train: readonly Example[]; readonly validation: readonly Example[] };
  readonly scope: Scope;
  readonly record: SearchRecord;
}

export class GepaTask implements SearchTask<ReflectedRow> {
  readonly #parts: TaskParts;
  #proposals = 0;

  constructor(parts: TaskParts) {
    this.#parts = parts;
  }

  stateOf(texts: Texts): ProgramState {
    return withInstructions(this.#parts.start, texts);
  }

  async evaluate(texts: Texts, batch: Batch, purpose: Purpose): Promise<readonly Outcome<ReflectedRow>[]> {
    const state = this.stateOf(texts);
    if (purpose.kind === 'candidate') return this.#candidate(state, batch, purpose);
    const candidate = purpose.kind === 'parent' ? purpose.member : null;
    return (await this.#run(state, batch, { purpose: 'reflect', candidate })).rows;
  }

  /** Asked for once more with a shorter prompt where the LM does not take the first one. */
  async propose(proposal: Proposal<ReflectedRow>): Promise<ReadProposal> {
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

  async #candidate(
    state: ProgramState,
    batch: Batch,
    { place: candidate, parents, component }: Extract<Purpose, { kind: 'candidate' }>,
  ): Promise<readonly Outcome<ReflectedRow>[]> {
    const { record, scope } = this.#parts;
    const { prefix } = scope;
    record.keep(state);
    const made = parents.length === 0 ? {} : { parents: [...parents] };
    const started = { state: stateHash(state), ...made, about: aboutOf(parents, component) };
    record.tell({ type: 'candidate.started', prefix, candidate, ...started });
    const { score, rows } = await this.#run(state, batch, { purpose: 'validate', candidate });
    const of = batch.rows.length;
    record.tell({ type: 'candidate.finished', prefix, candidate, score, scored: of, of });
    return rows;
  }

  #run(
    state: ProgramState,
    { of, rows: places }: Batch,
    what: { readonly purpose: 'reflect' | 'validate'; readonly candidate: number | null },
  ): Promise<{ readonly score: Score; readonly rows: readonly Outcome<ReflectedRow>[] }> {
    const { context, rows, scope } = this.#parts;
    const { runner, metricRange } = context;
    const examples = places.map((place) => rows[of][place]!);
    const request = { state, examples, ...what, priority: priority.validate, metricRange };
    return evaluateRows(runner, request, scope, (outcome, { inputs }) => ({
      score: unitScore(outcome.score, metricRange),
      trajectory: { inputs, outcome, feedback: outcome.feedback ?? null },
    }));
  }

  async #ask({ component, texts, outcomes }: Proposal<ReflectedRow>, tokens: number): Promise<ReadProposal> {
    const { context, proposer } = this.#parts;
    const instruction = texts[component]!;
    const rows = outcomes.map(({ trajectory }) => trajectory);
    const content = reflectionPrompt({ component, instruction, rows, source: context.source }, tokens);
    const answer = await context.ask(questionOf(content, proposer));
    const outputs = rows.flatMap(({ outcome }) => outputsOf(outcome));
    return readProposal(answer, { instruction, outputs, tokensAtMost: proposer.instructionTokens });
  }
}

/** Who is asked, where it is not the run's base model. */
export function askedOf({ model, endpoint }: Proposer): AskedModel | undefined {
  if (model === null) return undefined;
  return endpoint === null ? { model } : { model, endpoint };
}

function questionOf(content: string, proposer: Proposer): Question {
  const { temperature, maxTokens } = proposer;
  const of = askedOf(proposer);
  return {
    prompt: { kind: 'chat', messages: [{ role: 'user', content }] },
    sampling: { temperature, maxTokens },
    ...(of === undefined ? {} : { of }),
  };
}

/** Values of all outputs, alone and with their names, as a model may write them. */
function outputsOf({ prediction, trace }: Pick<ProgramOutcome, 'prediction' | 'trace'>): readonly string[] {
  const all = [prediction, ...trace.map(({ outputs }) => outputs)].filter((fields) => fields !== null);
  return all.flatMap((fields) =>
    Object.entries(fields).flatMap(([name, value]) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      return [text, `${name} ${text}`];
    }),
  );
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
