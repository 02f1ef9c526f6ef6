/** A run's reader at the end of its log. */
import { UsageError } from '../../base/errors.ts';
import { RunReader } from '../../page/runReader.ts';
import type { Purpose } from '../../protocol.ts';
import { startName, stepName } from '../../view/words.ts';
import { cut } from '../base/bounded.ts';
import type { NamedRun } from '../base/find.ts';

/** Rows that code builds are not built for a tool that reads. */
export async function openReader({ run }: NamedRun, signal: AbortSignal): Promise<RunReader> {
  const reader = await RunReader.open(run);
  while (await reader.advance()) signal.throwIfAborted();
  return reader;
}

/** What a step is called in a run's answers. */
export const nameIn = (reader: RunReader, prefix: string): string =>
  cut(stepName(prefix, startName(reader.manifest.start?.from)), 300);

/**
 * The key of a step by its name in answers, or by the last one that was measured where none is given.
 *
 * @throws UsageError naming the steps that there are.
 */
export function stepNamed(reader: RunReader, asked: string | undefined): string {
  const { steps } = reader;
  if (asked === undefined) {
    const measured = reader.snapshot(true).steps.filter(({ evaluations }) => evaluations.dev !== undefined);
    return measured.at(-1)?.prefix ?? steps.at(-1) ?? '';
  }
  const found = steps.find((prefix) => prefix === asked || nameIn(reader, prefix) === asked);
  if (found !== undefined) return found;
  const known = steps.map((prefix) => JSON.stringify(nameIn(reader, prefix))).join(', ');
  throw new UsageError(`${JSON.stringify(asked)} ("step") is no step of this run. It has: ${known || 'none yet'}.`);
}

/** The rows that a program run was made on are held out: they are measured on, and nobody learns from what they say. */
export const isHeldOut = (purpose: Purpose): boolean => purpose === 'test';
