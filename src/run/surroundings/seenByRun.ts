/** `reads.json` of a run that has finished: what its program runs read, for those who would show its scores again. */
import { rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { readPlainFile } from '../../base/plainFile.ts';
import { parseRecord } from '../../data/record.ts';
import { replaceFile } from '../../base/replaceFile.ts';
import { sealAt } from '../../home/seal.ts';
import { isSealedText, sealedText } from '../../home/sealedText.ts';
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
    if (seen !== null) return await replaceFile(file, sealedText(sealAt(file), 'reads', runOf(file), seen));
  } catch {
    // What an earlier session left says nothing of this one.
  }
  await rm(file, { force: true }).catch(() => undefined);
}

/** Whether everything that a run's program read is as it was; one that does not say counts as changed. */
export async function isAsSeen(file: string, workspace: string): Promise<boolean> {
  const seen = await readSeen(file, isOwn);
  if (seen === null) return false;
  const fingerprints = new Fingerprints({ workspace });
  const now = seen.names.map((name) => fingerprints.now(name));
  return together(null, now) === seen.fingerprint;
}

/** Takes over what came with the folder, once its owner has agreed. */
export async function adoptSeen(file: string): Promise<void> {
  await keepSeen(file, await readSeen(file, () => true));
}

const isOwn = (file: string, text: string): boolean => isSealedText(sealAt(file), 'reads', runOf(file), text);

const runOf = (file: string): string => basename(dirname(file));

/** @param counts whether a text is taken: by its seal, where it is acted on. */
async function readSeen(file: string, counts: (file: string, text: string) => boolean): Promise<Seen | null> {
  try {
    const text = (await readPlainFile(file)) ?? '';
    return counts(file, text) ? parseRecord(seenSchema, text) : null;
  } catch {
    return null;
  }
}
