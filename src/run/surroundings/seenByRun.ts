/** `reads.json` of a run that has finished: what its program runs read, for those who would show its scores again. */
import { readFile, rm } from 'node:fs/promises';
import { replaceFile } from '../../data/replaceFile.ts';
import { Fingerprints, together } from './fingerprints.ts';
import { seenSchema } from './seenThings.ts';
import type { Seen } from './seenThings.ts';

/**
 * What cannot be written is not kept: the work is done all the same, and counts as changed where somebody asks.
 *
 * @param seen `null`: nothing can be said, so nothing is kept.
 */
export async function keepSeen(file: string, seen: Seen | null): Promise<void> {
  try {
    if (seen !== null) return await replaceFile(file, `${JSON.stringify(seen)}\n`);
  } catch {
    // What an earlier sitting left does not tell of this one.
  }
  await rm(file, { force: true }).catch(() => undefined);
}

/** Whether everything that a run's program read is as it was; one that does not tell is taken to have changed. */
export async function isAsSeen(file: string, workspace: string): Promise<boolean> {
  const seen = await readSeen(file);
  if (seen === null) return false;
  const fingerprints = new Fingerprints({ workspace });
  const now = seen.names.map((name) => fingerprints.now(name));
  return together(null, now) === seen.fingerprint;
}

async function readSeen(file: string): Promise<Seen | null> {
  try {
    return seenSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return null;
  }
}
