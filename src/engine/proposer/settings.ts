/** Settings of the LM that is asked for new instructions. */
import * as z from 'zod';
import { UsageError } from '../../base/errors.ts';
import type { EndpointFacts } from '../optimizer.ts';
import { count } from '../settingSchemas.ts';

/** What `proposer` leaves out. */
const proposerDefaults = { temperature: 1, maxTokens: 4000, promptTokens: 16_000, instructionTokens: 3000 };
/** Together with its answer a prompt is to fit the 2,048 tokens that the small model is quick with. */
const embeddedProposerDefaults = { temperature: 1, maxTokens: 200, promptTokens: 1200, instructionTokens: 200 };

/** As it is written in `bettertogether.json`. */
export const writtenProposer = z.strictObject({
  model: z
    .string()
    .min(1)
    .optional()
    .describe("The LM that writes instructions. Default: the program's, before any training."),
  endpoint: z
    .string()
    .min(1)
    .optional()
    .describe('Its name under "endpoints". Default: the program\'s. Give "model" with it.'),
  temperature: z.number().min(0).max(2).optional().describe('Its sampling temperature. Default 1.0.'),
  maxTokens: count.optional().describe('Tokens of its answer at most. Default 4000; on the embedded endpoint 200.'),
  promptTokens: count
    .optional()
    .describe(
      'Tokens of its prompt at most, about: what is longer is shortened. Default 16000; on the embedded endpoint 1200.',
    ),
  instructionTokens: count
    .optional()
    .describe('Tokens of a new instruction at most, about. Default 3000; on the embedded endpoint 200.'),
});

/** As runs keep it. */
export const keptProposer = z.object({
  /** `null`: the run's base model. */
  model: z.string().nullable(),
  endpoint: z.string().nullable(),
  temperature: z.number(),
  maxTokens: z.number(),
  promptTokens: z.number(),
  instructionTokens: z.number(),
});
export type Proposer = z.infer<typeof keptProposer>;

export function resolveProposer(
  written: z.output<typeof writtenProposer> | undefined,
  { embedded }: EndpointFacts,
): Proposer {
  const { model = null, endpoint = null, ...limits } = written ?? {};
  const defaults = embedded ? embeddedProposerDefaults : proposerDefaults;
  return {
    ...{ model, endpoint },
    temperature: limits.temperature ?? defaults.temperature,
    maxTokens: limits.maxTokens ?? defaults.maxTokens,
    promptTokens: limits.promptTokens ?? defaults.promptTokens,
    instructionTokens: limits.instructionTokens ?? defaults.instructionTokens,
  };
}

/** What decides what a proposer writes, besides who it is: for a search's memo key. */
export function decisiveLimits(proposer: Proposer): Omit<Proposer, 'model' | 'endpoint'> {
  const { temperature, maxTokens, promptTokens, instructionTokens } = proposer;
  return { temperature, maxTokens, promptTokens, instructionTokens };
}

/** @param key see `OptimizerSpec.fit`. @throws UsageError where an endpoint is named and no model. */
export function checkProposer({ endpoint, model }: Proposer, key: string): void {
  if (endpoint !== null && model === null) {
    throw new UsageError(`"${key}.proposer.endpoint" needs the model there: give "${key}.proposer.model".`);
  }
}
