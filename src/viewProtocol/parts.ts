/** What several questions and answers are made of. */
import * as z from 'zod';

export const count = z.number().int().nonnegative();

export const split = z.enum(['dev', 'test']);

export const page = { from: count, count: count.max(500) };

/** The step that ends in the state, '' is the program as it was written; or a candidate (`candidateState`). */
export const stateName = z.string();

/** The name of the state that a candidate of a step was, from 0. No step has a `#` in its name. */
export const candidateState = (step: string, candidate: number): string => `${step}#${candidate}`;

/** Numbers of rows, from 0. */
export const rowNumbers = z.array(count).max(100);

export const callPlace = { trace: count, call: count, request: count };
