/** Numbers that others report, as far as they can be true; what cannot be counts as not reported. */
import * as z from 'zod';
import { callTokensAtMost, countAtMost, trainingTokensAtMost } from './limits.ts';

/** Tokens of one call. */
export const callTokensSchema = z.int().nonnegative().max(callTokensAtMost);

/** Tokens that one training job is billed for. */
export const trainedTokensSchema = z.int().nonnegative().max(trainingTokensAtMost);

/** Steps, rows and whatever else is counted one by one. */
export const countSchema = z.int().nonnegative().max(countAtMost);

/** Epochs, seconds, dollars: any amount that is not less than nothing. */
export const amountSchema = z.number().nonnegative().max(Number.MAX_SAFE_INTEGER);

/** The loss of a language model, a mean of negative logarithms of probabilities. */
export const lossSchema = z.number().nonnegative().max(1e9);
