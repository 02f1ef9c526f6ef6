/**
 * Instructions to choose from, proposed by an LM that knows the data, the program and runs that went well (MIPRO, arXiv
 * 2406.11695, section 3; dspy/propose/grounded_proposer.py). DSPy has program and predictor described again for each
 * instruction, and proposes one that it then puts the program's own in the place of; here each is asked for once.
 */
import { estimateTokenCount } from 'tokenx';
import { contentHash } from '../../../../base/contentHash.ts';
import type { Demo, Example } from '../../../../data/program.ts';
import type { Ask } from '../../../ask.ts';
import type { DemosByPredictor } from '../../../demos/demos.ts';
import { CallRejected } from '../../../errors.ts';
import { questionOf } from '../../../proposer/question.ts';
import type { RefusalReason } from '../../../proposer/readProposal.ts';
import { outputsOf, readProposal } from '../../../proposer/readProposal.ts';
import type { Proposer } from '../../../proposer/settings.ts';
import type { ProposalDraw } from '../search/draws.ts';
import type { Descriptions, Module } from './describe.ts';
import { describe } from './describe.ts';
import { instructionPrompt } from './instruct.ts';
import type { InstructionRequest } from './instruct.ts';
import { summaryOf } from './summary.ts';

/** Demos that the proposer sees (DSPy: `BOOTSTRAPPED_FEWSHOT_EXAMPLES_IN_CONTEXT`). */
const demosShown = 3;

export interface ProposerParts {
  readonly ask: Ask;
  readonly proposer: Proposer;
  /** The program's code; `null`: not known. */
  readonly source: string | null;
  /** Those that may change, in order. */
  readonly modules: readonly Module[];
  /** The instruction of each, as the search found it. */
  readonly instructions: readonly string[];
}

/** What the proposer knows before it sees any demos. */
export interface Background extends Descriptions {
  /** `null`: there is none. */
  readonly summary: string | null;
}

/** @param rows T. */
export async function learn(
  rows: readonly Example[],
  { source, modules, ask, proposer }: ProposerParts,
): Promise<Background> {
  const [summary, descriptions] = await Promise.all([
    summaryOf(rows, ask, proposer),
    describe(source, modules, ask, proposer),
  ]);
  return { summary, ...descriptions };
}

/** What came of one question. */
export type Proposed =
  | { readonly kind: 'instruction'; readonly text: string }
  | { readonly kind: 'refused'; readonly reason: RefusalReason | 'the same again' };

/**
 * One for each place but the first, by predictor. All are asked at once, in order: equal questions are told apart by that.
 *
 * @param draws by predictor and place.
 */
export async function propose(
  { ask, proposer, source, modules, instructions }: ProposerParts,
  { summary, program, modules: descriptions }: Background,
  sets: readonly DemosByPredictor[],
  draws: readonly (readonly ProposalDraw[])[],
): Promise<readonly (readonly Proposed[])[]> {
  const asked = modules.map((module, i) => {
    const instruction = instructions[i]!;
    // One that is longer already may stay so.
    const tokensAtMost = Math.max(proposer.instructionTokens, estimateTokenCount(instruction));
    const known = { module, instruction, summary, source, program, description: descriptions[i]!, tokensAtMost };
    return draws[i]!.slice(1).map(({ tip }, at) =>
      proposal({ ...known, tip, demos: demosFrom(sets, at + 1, module.name) }, ask, proposer),
    );
  });
  const answered = await Promise.all(asked.map((each) => Promise.all(each)));
  return answered.map((each, i) => withoutRepeats(each, instructions[i]!));
}

async function proposal(request: InstructionRequest, ask: Ask, proposer: Proposer): Promise<Proposed> {
  const { instruction, demos, module, tokensAtMost } = request;
  const outputs = demos.flatMap(({ fields }) =>
    outputsOf(fields).filter(({ name }) => module.signature.outputs.some((field) => field.name === name)),
  );
  try {
    const answer = await ask(questionOf(instructionPrompt(request, proposer.promptTokens), proposer));
    return readProposal(answer, { instruction, outputs, tokensAtMost });
  } catch (error) {
    if (error instanceof CallRejected) return { kind: 'refused', reason: 'not answered' };
    throw error;
  }
}

/** Bootstrapped demos of the set in this place, and then of those behind it, the first ones last. */
export function demosFrom(sets: readonly DemosByPredictor[], place: number, predictor: string): readonly Demo[] {
  const inTurn = [...sets.slice(place), ...sets.slice(0, place)];
  const demos = inTurn.flatMap((set) => set[predictor] ?? []).map(({ demo }) => demo);
  const different = new Map(demos.filter(({ augmented }) => augmented).map((demo) => [contentHash(demo), demo]));
  return [...different.values()].slice(0, demosShown);
}

/** A text that is there already is no other choice. */
function withoutRepeats(all: readonly Proposed[], own: string): readonly Proposed[] {
  const known = new Set([own]);
  return all.map((proposed) => {
    if (proposed.kind === 'refused') return proposed;
    if (known.has(proposed.text)) return { kind: 'refused', reason: 'the same again' };
    known.add(proposed.text);
    return proposed;
  });
}
