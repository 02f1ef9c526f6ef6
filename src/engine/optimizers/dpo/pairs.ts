/** Which answers are preferred to which: what runs of the program show of them. */
import type { Fields } from '../../../base/json.ts';
import { canonicalJson } from '../../../base/json.ts';
import type { ProgramOutcome } from '../../../data/trace.ts';
import { showsSomething } from '../../outcomes.ts';

/** Two answers of one predictor to the same inputs. */
export interface Pair {
  readonly predictor: string;
  readonly inputs: Fields;
  readonly preferred: Fields;
  readonly rejected: Fields;
}

/** An answer, and how often it was given in runs that were correct, and in runs that were wrong. */
interface Answer {
  readonly outputs: Fields;
  correct: number;
  wrong: number;
}

interface Prompt {
  readonly predictor: string;
  readonly inputs: Fields;
  readonly answers: Map<string, Answer>;
}

/**
 * The pairs of one example's runs. An answer is preferred where every run that it was given in was correct, and rejected
 * where every one was wrong; what was in both shows nothing. Of each prompt the answers that were given most often come
 * first, and each is paired with another one as long as there are others.
 *
 * @param most pairs of a prompt
 */
export function pairsOf(
  outcomes: readonly ProgramOutcome[],
  {
    predictors,
    isCorrect,
    most,
  }: {
    readonly predictors: readonly string[];
    readonly isCorrect: (outcome: ProgramOutcome) => boolean;
    readonly most: number;
  },
): readonly Pair[] {
  const prompts = new Map<string, Prompt>();
  for (const outcome of outcomes.filter(showsSomething)) {
    const key = isCorrect(outcome) ? 'correct' : 'wrong';
    for (const { predictor, inputs, outputs } of outcome.trace) {
      if (outputs === null || !predictors.includes(predictor)) continue;
      const prompt = entry(prompts, canonicalJson([predictor, inputs]), () => ({
        ...{ predictor, inputs, answers: new Map<string, Answer>() },
      }));
      entry(prompt.answers, canonicalJson(outputs), () => ({ outputs, correct: 0, wrong: 0 }))[key]++;
    }
  }
  return [...prompts.values()].flatMap((prompt) => pairsOfPrompt(prompt, most));
}

function pairsOfPrompt({ predictor, inputs, answers }: Prompt, most: number): Pair[] {
  const known = [...answers.values()];
  const preferred = known.filter(({ wrong }) => wrong === 0).sort((a, b) => b.correct - a.correct);
  const rejected = known.filter(({ correct }) => correct === 0).sort((a, b) => b.wrong - a.wrong);
  return ranked(preferred.length, rejected.length)
    .slice(0, most)
    .map(([better, worse]) => ({
      ...{ predictor, inputs },
      preferred: preferred[better]!.outputs,
      rejected: rejected[worse]!.outputs,
    }));
}

/** All places of `width` x `height` once; the first ones share no row and no column with those before, as far as that goes. */
function ranked(width: number, height: number): (readonly [number, number])[] {
  const turns = Math.max(width, height);
  const all = Array.from({ length: width * height }, (_, place) => [place % width, Math.floor(place / width)] as const);
  const turn = ([x, y]: readonly [number, number]) => (((y - x) % turns) + turns) % turns;
  return all.sort((a, b) => turn(a) - turn(b) || a[0] - b[0]);
}

function entry<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
