import { optimizer, withInstructions } from 'bettertogether';
import { z } from 'zod';

/**
 * Asks an LM for other instructions, tells it what went wrong so far, and keeps what scores best.
 *
 *     "steps": {
 *       "instruct": {
 *         "kind": "custom",
 *         "optimizer": "examples/reviews/optimizer.ts#instruct",
 *         "settings": { "rounds": 3, "rows": 40 },
 *         "runs": 160,
 *         "calls": 3
 *       }
 *     }
 */
export const instruct = optimizer({
  settings: z.strictObject({
    /** Proposals that are tried. */
    rounds: z.int().positive().default(3),
    /** Training rows that each is scored on. */
    rows: z.int().positive().default(40),
  }),

  async run({ state, predictors, rows, settings, candidate, ask }) {
    const validation = rows.slice(0, settings.rows);
    let best = { state, ...(await candidate(state, validation, { name: 'as it was' })) };
    for (let round = 1; round <= settings.rounds; round++) {
      const wrong = best.rows.filter(({ score }) => score < 1).slice(0, 5);
      const answer = await ask(
        `${JSON.stringify(predictors.map(({ name }) => best.state.predictors[name]?.instructions))} are instructions for ` +
          `an LM. With them it went wrong on:\n` +
          wrong.map(({ row, outputs }) => JSON.stringify({ ...row.fields, answered: outputs })).join('\n') +
          `\nWrite better instructions in one or two sentences. Answer with the instructions alone.`,
      );
      const tried = withInstructions(best.state, predictors, () => answer.trim());
      const evaluation = await candidate(tried, validation, { name: `proposal ${round}` });
      if (evaluation.score > best.score) best = { state: tried, ...evaluation };
    }
    return best.state;
  },
});
