/** States of a program, and how the candidates of a search stand to each other. */
import * as z from 'zod';
import { programStateSchema } from '../data/program.ts';
import { count, stateName } from './parts.ts';

export const standingSchema = z.object({
  candidate: count,
  /** On how many rows no other has a better score. */
  bestOn: count,
  /** Predictors that are other ones in its first parent; `null`: it has none, or the states were not kept. */
  changed: z.array(z.string()).nullable(),
});
export type Standing = z.infer<typeof standingSchema>;

export const changeSchema = z.object({
  predictor: z.string(),
  /** Its instructions; `null`: there is no such predictor. */
  before: z.string().nullable(),
  after: z.string().nullable(),
  /** What is other than the instructions. */
  demos: z.boolean(),
  model: z.boolean(),
});
export type Change = z.infer<typeof changeSchema>;

export const sentCallSchema = z.object({
  predictor: z.string(),
  /** The place of the call in the trace, and the key of its first request in the memo. */
  call: count,
  key: z.string(),
});

export const predictorInfoSchema = z.object({
  name: z.string(),
  inputs: z.array(z.string()),
  outputs: z.array(z.string()),
  frozen: z.boolean(),
});

export const stateRowSchema = z.object({
  name: stateName,
  state: programStateSchema,
});
export type StateRow = z.infer<typeof stateRowSchema>;

/** A candidate whose state the run kept. */
export const keptCandidateSchema = z.object({
  name: stateName,
  step: z.string(),
  /** From 0. */
  candidate: count,
  /** How it came out: `chosen, 61.3 %`, `stopped early after 10 rows`. */
  note: z.string(),
});
export type KeptCandidate = z.infer<typeof keptCandidateSchema>;
