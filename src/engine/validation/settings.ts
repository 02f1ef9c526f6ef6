/** When candidates of a search are stopped, as it is written in `bettertogether.json` and kept by runs. */
import * as z from 'zod';

const writtenRacing = z.strictObject({
  chance: z
    .number()
    .min(1e-6)
    .max(0.5)
    .optional()
    .describe('The probability that the winner is more than "loss" points below the best, at most. Default 0.01.'),
  loss: z
    .number()
    .min(0)
    .max(50)
    .optional()
    .describe("Points of 100 that the winner's score on all validation rows may be below the best one's. Default 1."),
});

export const writtenStopping = z
  .union([z.enum(['exact', 'racing']), z.strictObject({ racing: writtenRacing })])
  .optional()
  .describe(
    'When a candidate is scored on no more rows. "exact" (default): when it cannot win any more. "racing": when it is ' +
      'unlikely to win by more than a little; {"racing": {"chance": 0.05, "loss": 2}} says how unlikely, and how little.',
  );

/** As runs keep it; those of earlier versions had none. */
export const keptStopping = z
  .union([z.literal('exact'), z.object({ racing: z.object({ chance: z.number(), loss: z.number() }) })])
  .default('exact');
type KeptStopping = z.output<typeof keptStopping>;

export function resolveStopping(written: z.output<typeof writtenStopping> = 'exact'): KeptStopping {
  if (written === 'exact') return written;
  const { chance = 0.01, loss = 1 } = written === 'racing' ? {} : written.racing;
  return { racing: { chance, loss } };
}
