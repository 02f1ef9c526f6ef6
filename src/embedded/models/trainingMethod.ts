import * as z from 'zod';

/** Of preferences: how closely the model that the job starts from is kept to; the smaller the freer. */
const beta = z.number().gt(0);
/**
 * `[low, high]`: a token whose probability has changed by more than a factor of 1 - low to 1 + high teaches nothing
 * more.
 */
const clip = z.tuple([z.number().gt(0).lt(1), z.number().gt(0)]);

/** What a job learns from: answers to imitate, pairs of which one is preferred, answers with rewards. All decided. */
export const trainingMethodSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('supervised') }),
  z.object({ type: z.literal('dpo'), beta }),
  z.object({ type: z.literal('grpo'), clip }),
]);
export type TrainingMethod = z.infer<typeof trainingMethodSchema>;

const auto = z.literal('auto');

/** What a request may say of each method among its hyper-parameters; `auto` and what is left out are ours to choose. */
export const requestedOfMethod = {
  supervised: {},
  dpo: { beta: z.union([beta, auto], { error: 'a number above 0, or "auto"' }).nullish() },
  grpo: { clip: z.union([clip, auto], { error: '[low, high], both above 0 and low below 1, or "auto"' }).nullish() },
} as const satisfies Record<TrainingMethod['type'], z.ZodRawShape>;

/** OpenAI's default of beta, and the clip of DeepSeekMath (arXiv 2402.03300). */
const defaults = { beta: 0.1, clip: [0.2, 0.2] } as const;

/** @param given hyper-parameters of a request, checked. */
export function decideMethod(type: TrainingMethod['type'], given: Readonly<Record<string, unknown>>): TrainingMethod {
  if (type === 'supervised') return { type };
  const key = type === 'dpo' ? 'beta' : 'clip';
  const asked = given[key];
  const isOpen = asked === undefined || asked === null || asked === 'auto';
  return trainingMethodSchema.parse({ type, [key]: isOpen ? defaults[key] : asked });
}

/** The method's own hyper-parameters, as requests and answers write them. */
export function ownHyperParameters(method: TrainingMethod): object {
  if (method.type === 'dpo') return { beta: method.beta };
  return method.type === 'grpo' ? { clip: method.clip } : {};
}
