/** Whether the weights that preferences gave are taken: they must still answer in the program's format, and be no worse. */
import type { ProgramState } from '../../../data/program.ts';
import type { ProgramOutcome } from '../../../data/trace.ts';
import type { Reached, StepContext } from '../../optimizer.ts';
import type { Scope } from '../../scope.ts';
import { scoreOnDev } from '../../scoreCandidate.ts';
import type { About } from './candidates.ts';

/** Weights that can be chosen. */
export interface Choice {
  readonly state: ProgramState;
  readonly about: About;
}

export interface AcceptRequest {
  /** The weights that the step started from. */
  readonly before: ProgramState;
  /** The last weights of the job, then those that it kept on the way. */
  readonly trained: readonly Choice[];
  /** The predictors whose weights changed. */
  readonly predictors: readonly string[];
  /** By how much the share of unreadable answers may grow, 0 to 1; one row may be unreadable in any case. */
  readonly unreadable: number;
}

interface Tried {
  readonly score: number;
  /** Of the rows those with an answer that could not be read, or only after asking again; 0 to 1. */
  readonly unreadable: number;
}

/**
 * The best on dev of the weights before and after, the last ones where they are equal. Preference optimization lowers the
 * probability of both answers of a pair and can so lose a format that it never saw broken: weights of which more answers
 * are unreadable than before are out, whatever they score.
 */
export async function accept(
  context: StepContext,
  { before, trained, predictors, unreadable }: AcceptRequest,
  scope: Scope,
): Promise<Reached> {
  const { journal, dev } = context;
  const choices: readonly Choice[] = [...trained, { state: before, about: { weights: 'before' } }];
  const tried = await Promise.all(
    choices.map(async ({ state, about }, candidate): Promise<Tried> => {
      const { score, rows } = await scoreOnDev(context, { candidate, state, about }, scope, (outcome) =>
        isUnreadable(outcome, predictors),
      );
      return { score: score.score, unreadable: rows.filter(Boolean).length / Math.max(1, rows.length) };
    }),
  );
  const limit = tried.at(-1)!.unreadable + Math.max(unreadable, 1 / Math.max(1, dev.length)) + 1e-9;
  const readable = tried.map((each) => each.unreadable <= limit);
  if (!readable[0]) journal.append({ type: 'warning', message: breaksFormat(scope.prefix, tried[0]!, tried.at(-1)!) });
  // From the last, the weights before, on: of equals the first wins, the last weights of the job.
  const best = tried.reduceRight(
    (winner, { score }, place) => (readable[place] && score >= tried[winner]!.score ? place : winner),
    tried.length - 1,
  );
  return { state: choices[best]!.state, candidate: best };
}

/** Whether the program made up for it or not: a call that was asked again costs twice from now on. */
function isUnreadable({ error, trace }: ProgramOutcome, predictors: readonly string[]): boolean {
  if (error?.kind === 'parse') return true;
  return trace.some(
    ({ predictor, outputs, lm }) => predictors.includes(predictor) && (outputs === null || lm.length > 1),
  );
}

function breaksFormat(prefix: string, after: Tried, before: Tried): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return (
    `Step "${prefix}": with the weights that were trained, ${percent(after.unreadable)} of the answers on dev are ` +
    `unreadable, ${percent(before.unreadable)} before. They are dropped. A lower "learningRate" or a higher "beta" keeps ` +
    'closer to the weights before.'
  );
}
