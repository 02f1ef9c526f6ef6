/**
 * A finished search is remembered as a whole, with all that its program runs read: done again it costs nothing, and the
 * log lists its candidates again.
 */
import * as z from 'zod';
import type { ProgramState } from '../data/program.ts';
import { programStateSchema } from '../data/program.ts';
import { candidateFinishedSchema, candidateStartedSchema, proposalSchema, withAbout } from '../protocol.ts';
import type { StepContext } from './optimizer.ts';
import type { Scope } from './scope.ts';

export type SearchParts = Pick<StepContext, 'journal' | 'memory' | 'meter'>;

const searchEventSchema = z.preprocess(
  withAbout,
  z.discriminatedUnion('type', [candidateStartedSchema, candidateFinishedSchema, proposalSchema]),
);
type SearchEvent = z.infer<typeof searchEventSchema>;

/** What a search says of its candidates and proposals, as it goes. */
export interface SearchRecord {
  tell(event: SearchEvent): void;
  /** Keeps a candidate's state. */
  keep(state: ProgramState): void;
}

const doneSchema = z.object({
  events: z.array(searchEventSchema),
  /** Of all candidates. */
  states: z.array(programStateSchema),
  /** LM calls the search took. */
  calls: z.number(),
});
type Done = z.infer<typeof doneSchema>;

/** What a search is remembered under, and the shape of what it found. */
export interface Remembered<Found extends object> {
  /** Content hash of all that decides it. */
  readonly key: string;
  readonly found: z.ZodType<Found>;
}

/** @throws HumanError where all program runs of the search failed alike; as `search`. */
export async function rememberedSearch<Found extends object>(
  { journal, memory, meter }: SearchParts,
  { key, found }: Remembered<Found>,
  scope: Scope,
  search: (record: SearchRecord) => Promise<Found>,
): Promise<Found> {
  const recalled = await memory.recall(key, z.intersection(found, doneSchema));
  if (recalled !== undefined) {
    const { value } = recalled;
    for (const state of value.states) journal.state(state);
    for (const event of value.events) journal.append({ ...event, prefix: scope.prefix });
    scope.meter.recalled(value.calls);
    meter.recalled(value.calls);
    return value;
  }
  const done: { readonly events: SearchEvent[]; readonly states: ProgramState[] } = { events: [], states: [] };
  const result = await search({
    tell: (event) => {
      done.events.push(event);
      journal.append(event);
    },
    keep: (state) => {
      done.states.push(state);
      journal.state(state);
    },
  });
  scope.failures.throwIfAllAlike(`Step "${scope.prefix}"`);
  // A retriever or a proposer that was down for a minute must not decide all later runs.
  if (!scope.failures.allSettled) return result;
  const { calls, cached } = scope.meter.snapshot();
  await memory.remember<Found & Done>(key, { ...result, ...done, calls: calls + cached }, await scope.readings.all());
  return result;
}
