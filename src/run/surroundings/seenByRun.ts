/** `reads.json` of a run that has finished: what its program runs read, for those who would show its scores again. */
import { readFile } from 'node:fs/promises';
import { replaceFile } from '../../data/replaceFile.ts';
import { Fingerprints, together } from './fingerprints.ts';
import { seenSchema } from './seenThings.ts';
import type { Seen } from './seenThings.ts';

/** @param seen `null`: nothing can be said, so nothing is kept. */
export async function keepSeen(file: string, seen: Seen | null): Promise<void> {
  if (seen !== null) await replaceFile(file, `${JSON.stringify(seen)}\n`);
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
