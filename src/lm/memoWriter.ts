/** Who owns a segment of the memo. Each process writes its own segment, so one line shows it for all. */
import { statSync } from 'node:fs';
import { codeOf, isMissing } from '../base/errors.ts';
import { lineBytesAtMost } from '../base/limits.ts';
import { linesOfSync } from '../base/lines.ts';
import type { Seal } from '../home/seal.ts';
import { sealedBy } from './memoLine.ts';

/** Of this user here, or of somebody else; `null`: no whole line of it is sound yet. */
export type Writer = 'own' | 'foreign' | null;

/** The user's file, no matter who wrote its content. Windows has no such owners. */
export const isOurs = (file: string): boolean => statSync(file).uid === (process.getuid?.() ?? 0);

/** In a shared workspace a segment may be one that only its writer can read: it remembers nothing for this user. */
export const isForbidden = (error: unknown): boolean => ['EACCES', 'EPERM'].includes(codeOf(error) ?? '');

const newline = Buffer.from('\n');
/** Enough for most first lines. */
const chunkBytes = 1 << 14;

/** The writer of the first sound line: a damaged one before it says nothing. */
export function writerOf(file: string, seal: Seal): Writer {
  try {
    for (const { bytes } of linesOfSync(file, { lineBytes: lineBytesAtMost, chunkBytes })) {
      const writer = bytes === null ? null : sealedBy(Buffer.concat([bytes, newline]), seal);
      if (writer !== null) return writer;
    }
    return null;
  } catch (error) {
    if (isMissing(error)) return null;
    if (isForbidden(error)) return 'foreign';
    throw error;
  }
}
