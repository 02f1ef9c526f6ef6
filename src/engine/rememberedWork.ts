import * as z from 'zod';
import type { StepContext } from './optimizer.ts';
import { ReadingTally } from './runMemory.ts';
import type { Scope } from './scope.ts';

export interface RememberedWork<T extends object> {
  /** Content hash of all that decides it. */
  readonly key: string;
  readonly schema: z.ZodType<T>;
  /** Whether what was found just now is remembered: that of a bad minute is not. */
  readonly isKept: (found: T) => boolean;
}

/**
 * What a step made of program runs, remembered as a whole with all that they read. A run that goes on trains the very same
 * job on it, which is found and not paid for again, also where a program run that broke off would end otherwise now.
 */
export async function rememberedWork<T extends object>(
  { memory, meter }: Pick<StepContext, 'memory' | 'meter'>,
  { key, schema, isKept }: RememberedWork<T>,
  scope: Scope,
  work: (scope: Scope) => Promise<T>,
): Promise<T> {
  // Beside it, the LM calls that it took.
  const recalled = await memory.recall(key, z.object({ found: schema, calls: z.number() }));
  if (recalled !== undefined) {
    const { found, calls } = recalled.value;
    for (const reading of recalled.readings) scope.readings.add(reading);
    scope.meter.recalled(calls);
    meter.recalled(calls);
    return found;
  }
  const before = callsOf(scope);
  // It depends on what its own runs read, and on nothing else of the step's.
  const readings = new ReadingTally();
  const found = await work({ ...scope, readings });
  const all = await readings.all();
  for (const reading of all ?? [null]) scope.readings.add(reading);
  if (isKept(found)) {
    await memory.remember<{ found: T; calls: number }>(key, { found, calls: callsOf(scope) - before }, all);
  }
  return found;
}

function callsOf({ meter }: Scope): number {
  const { calls, cached } = meter.snapshot();
  return calls + cached;
}
