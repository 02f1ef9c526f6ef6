/** The state of a search between two iterations, as plain data: a search that goes on from it is the uninterrupted one. */
import * as z from 'zod';
import { drawSchema } from './drawnRandom.ts';
import { mergeSchema } from './merge.ts';
import { epochSchema } from './minibatches.ts';

const place = z.number().int().nonnegative();

/** A candidate that was scored on all validation rows. */
const memberSchema = z.strictObject({
  /** The text of each component. */
  texts: z.record(z.string(), z.string()).readonly(),
  /** Places in the pool; none for the first. */
  parents: z.array(place).readonly(),
  /** One a validation row. */
  scores: z.array(z.number()).readonly(),
  /** The place, among the components, of the one that is changed next. */
  nextComponent: place,
  /** Places of shared rows that it or an ancestor learned from, in order; none where rows are apart. */
  learnedFrom: z.array(place).readonly(),
});
export type Member = Readonly<z.infer<typeof memberSchema>>;

export const searchStateSchema = z.strictObject({
  /** Never empty: the first is the program the search began with. */
  pool: z.array(memberSchema).min(1).readonly(),
  /** Iterations that are over. */
  iteration: place,
  /** Program runs that were scored, the first program's on the validation rows among them. */
  metricCalls: place,
  /** Null before the first minibatch. */
  epoch: epochSchema.nullable(),
  draws: z.array(drawSchema).readonly(),
  merges: z.strictObject({
    /** Whether the last iteration rewrote a component and its child joined the pool: then a merge is tried first. */
    due: z.boolean(),
    /** Merged candidates that joined the pool. */
    accepted: place,
    /** All merges that were compared with their parents, in their order. */
    tried: z.array(mergeSchema).readonly(),
  }),
  /** Whether the last child's validation was stopped: it is not in the pool, and no iteration may follow. */
  stopped: z.boolean(),
});
export type SearchState = Readonly<z.infer<typeof searchStateSchema>>;

/** The pool with one candidate more, which goes on where its furthest parent is in the round of components. */
export function joined(pool: readonly Member[], member: Omit<Member, 'nextComponent'>): readonly Member[] {
  const nextComponent = Math.max(0, ...member.parents.map((parent) => pool[parent]!.nextComponent));
  return [...pool, { ...member, nextComponent }];
}
