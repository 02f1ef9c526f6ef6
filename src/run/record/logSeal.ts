/**
 * `log.json`: the seal of a log that ends, with a result or with a stop. Scores, result and times of a finished run are acted on
 * (`resume`, `compare`, `prune`), and that a run has ended frees what it held of an allowance: so they count only where the whole
 * log is as this user wrote it; else it is there to be looked at. A run that goes on after a stop is sealed when it ends again.
 */
import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import * as z from 'zod';
import { noLink, readPlainFileSync } from '../../base/plainFile.ts';
import { parseRecord } from '../../data/record.ts';
import { replaceFileSync } from '../../base/replaceFile.ts';
import { sealAt } from '../../home/seal.ts';
import { isSealedText, sealedText } from '../../home/sealedText.ts';
import { cannotWrite } from './diskError.ts';
import { runFiles } from './runFolder.ts';

const contentSchema = z.object({ bytes: z.int().nonnegative(), sha256: z.string() });
type Content = z.infer<typeof contentSchema>;

/** A seal holds two values. */
const sealBytesAtMost = 4096;
const chunkBytes = 2 ** 20;

/**
 * Seals the log as it is, with what is about to be appended: a process that is killed in between leaves a log that
 * has no result yet, and never one whose result does not count.
 *
 * @throws HumanError when the disk does not take it.
 */
export function sealLog(folder: string, next = ''): void {
  const { events, logSeal: file } = runFiles(folder);
  try {
    replaceFileSync(file, sealedText(sealAt(folder), 'log', basename(folder), contentOf(events, next)));
  } catch (error) {
    throw cannotWrite(file, error);
  }
}

/** Whether the log is, to the byte, one that this user sealed. A log of another length is not read for it. */
export function isLogSealed(folder: string): boolean {
  const { events, logSeal: file } = runFiles(folder);
  try {
    const text = readPlainFileSync(file, sealBytesAtMost);
    if (!isSealedText(sealAt(folder), 'log', basename(folder), text)) return false;
    const { bytes, sha256 } = parseRecord(contentSchema, text);
    return statSync(events).size === bytes && contentOf(events).sha256 === sha256;
  } catch {
    return false;
  }
}

function contentOf(file: string, next = ''): Content {
  const hash = createHash('sha256');
  const chunk = Buffer.alloc(chunkBytes);
  const fd = openSync(file, constants.O_RDONLY | noLink);
  let bytes = 0;
  try {
    for (let read = readSync(fd, chunk); read > 0; read = readSync(fd, chunk)) {
      hash.update(chunk.subarray(0, read));
      bytes += read;
    }
  } finally {
    closeSync(fd);
  }
  return { bytes: bytes + Buffer.byteLength(next), sha256: hash.update(next).digest('hex') };
}
