/** What a search for instructions takes at the least, from what it did, whoever carried it out. */
import * as z from 'zod';

const stepSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('iteration') }),
  z.object({
    kind: z.literal('evaluation'),
    /** Of each predictor, in the order in which they are called. */
    instructions: z.array(z.string()),
    /** Numbers of the rows that were scored, side by side. */
    rows: z.array(z.number()),
  }),
  z.object({ kind: z.literal('proposal') }),
]);
export const stepsSchema = z.array(stepSchema);
export type SearchStep = Readonly<z.infer<typeof stepSchema>>;

/** Calls of the endpoint. */
export interface Least {
  readonly task: number;
  readonly proposals: number;
  /** Those that wait for each other, where all that need not wait are made at once. */
  readonly inARow: number;
  /** Calls that are made at once, one such round after the other. */
  readonly rounds: readonly number[];
}

/**
 * Predictors of a program wait for each other, rows do not, and what is scored or proposed waits for what came before.
 * @param remembered whether a call that was made before is an answer already; a proposal never is.
 * @param passedOn what a predictor with an instruction gives the next one of a row.
 */
export function leastOf(
  steps: readonly SearchStep[],
  remembered: boolean,
  passedOn: (instruction: string, row: number) => string,
): Least {
  const known = new Set<string>();
  let least: Least = { task: 0, proposals: 0, inARow: 0, rounds: [] };
  for (const step of steps) {
    if (step.kind === 'proposal') {
      least = { ...withRounds(least, [1]), proposals: least.proposals + 1 };
    } else if (step.kind === 'evaluation') {
      const runs = step.rows.map((row) => callsOf(step.instructions, row, passedOn).filter((call) => !known.has(call)));
      const calls = remembered ? new Set(runs.flat()).size : runs.flat().length;
      least = { ...withRounds(least, roundsOf(runs)), task: least.task + calls };
      if (remembered) for (const call of runs.flat()) known.add(call);
    }
  }
  return least;
}

function withRounds(least: Least, rounds: readonly number[]): Least {
  return { ...least, inARow: least.inARow + rounds.length, rounds: [...least.rounds, ...rounds] };
}

/** The first calls of all runs together, then their second ones. */
function roundsOf(runs: readonly (readonly string[])[]): readonly number[] {
  const longest = Math.max(0, ...runs.map((run) => run.length));
  return Array.from({ length: longest }, (_, place) => runs.filter((run) => run.length > place).length);
}

/** What came before an iteration, which is told by its place, from 0; all, where there are not so many. */
export function before(steps: readonly SearchStep[], iteration: number): readonly SearchStep[] {
  let seen = 0;
  const end = steps.findIndex(({ kind }) => kind === 'iteration' && seen++ === iteration);
  return end < 0 ? steps : steps.slice(0, end);
}

/** The calls of a run by what decides their answers. */
function callsOf(
  instructions: readonly string[],
  row: number,
  passedOn: (instruction: string, row: number) => string,
): readonly string[] {
  return instructions.map((instruction, hop) => {
    const given = hop === 0 ? null : passedOn(instructions[hop - 1]!, row);
    return JSON.stringify([hop, instruction, row, given]);
  });
}
