import { closeSync, constants, fstatSync, openSync, readFile, readSync, stat, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, isMissing, messageOf } from '../base/errors.ts';
import { slowestTickMs } from '../base/fileSystems.ts';
import { isNotebook } from '../notebook/notebookText.ts';
import { NotebookSkim } from '../notebook/skim.ts';
import { largestFile, largestNotebook } from './base/limits.ts';

/** What a reading of a file gave. */
export type Reading =
  | {
      readonly kind: 'read';
      /** Valid until the next reading. */
      readonly bytes: Uint8Array;
      /** Distinguishes this content from later ones; `null` when the file is too new. */
      readonly stamp: string | null;
    }
  /** It still has the stamp that was given. */
  | { readonly kind: 'same' }
  /** Not there any more, no file, or too large to have been written by hand. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'unreadable'; readonly why: string };

/** A pipe without a writer would be waited for. Windows knows no such flag. */
const reading = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

const same: Reading = { kind: 'same' };
const gone: Reading = { kind: 'gone' };

/** What the system has in memory is read in a fiftieth of this, in milliseconds. */
const usualSlowMs = 1;
/** Where one of so many files takes longer, of late, the disk is read from with many requests at once. */
const slowShare = 1 / 4;
/** Of one file in that share: a process that has to wait for its turn meets few such files, a slow disk only such. */
const weight = 1 / 64;

/**
 * Reads the sources of a folder, of notebooks what is written in them. What the system has in memory, it reads at once and into one buffer: of 10,000 small
 * files a promise each would take four times as long as the reading.
 */
export class SourceReader {
  private readonly folder: string;
  private readonly buffer = Buffer.allocUnsafeSlow(largestFile);
  private readonly slowMs: number;
  private share = 0;

  constructor(folder: string, slowMs = usualSlowMs) {
    this.folder = folder;
    this.slowMs = slowMs;
  }

  /** @param stamp of the last reading: a file that has it still is not read again. */
  read(file: string, stamp: string | null): Reading | Promise<Reading> {
    const path = join(this.folder, file);
    if (isNotebook(file)) return readNotebook(path, stamp).catch(failed);
    if (this.share > slowShare) return readLater(path, stamp);
    const began = performance.now();
    const reading = this.readNow(path, stamp);
    const isSlow = performance.now() - began > this.slowMs;
    this.share += (Number(isSlow) - this.share) * weight;
    return reading;
  }

  private readNow(path: string, stamp: string | null): Reading {
    try {
      if (stamp !== null && stampOf(statSync(path)) === stamp) return same;
      const file = openSync(path, reading);
      try {
        return this.readOpen(file);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      return failed(error);
    }
  }

  private readOpen(file: number): Reading {
    const info = fstatSync(file);
    if (!info.isFile() || info.size > largestFile) return gone;
    let length = 0;
    while (length < info.size) {
      const count = readSync(file, this.buffer, length, info.size - length, null);
      if (count === 0) break;
      length += count;
    }
    return { kind: 'read', bytes: this.buffer.subarray(0, length), stamp: stampOf(info) };
  }
}

function readLater(path: string, stamp: string | null): Promise<Reading> {
  return new Promise((resolve) => {
    stat(path, (error, info) => {
      if (error !== null) return resolve(failed(error));
      if (!info.isFile() || info.size > largestFile) return resolve(gone);
      const now = stampOf(info);
      if (now !== null && now === stamp) return resolve(same);
      readFile(path, (unread, bytes) =>
        resolve(unread === null ? { kind: 'read', bytes, stamp: now } : failed(unread)),
      );
    });
  });
}

/** Bytes of a notebook that are read at a time. */
const pieceOfNotebook = 256 * 1024;

/** Without what its cells put out. */
async function readNotebook(path: string, stamp: string | null): Promise<Reading> {
  const file = await open(path, reading);
  try {
    const info = await file.stat();
    if (!info.isFile()) return gone;
    const now = stampOf(info);
    if (now !== null && now === stamp) return same;
    const skim = new NotebookSkim(largestNotebook);
    const buffer = Buffer.allocUnsafe(Math.min(pieceOfNotebook, info.size + 1));
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return { kind: 'read', bytes: skim.end(), stamp: now };
      skim.push(buffer.subarray(0, bytesRead));
      if (skim.isFull) return { kind: 'unreadable', why: 'more is written in it than by hand' };
    }
  } finally {
    await file.close();
  }
}

/** A link that leads nowhere, or in a circle, leads to no file. */
function failed(error: unknown): Reading {
  const none = isMissing(error) || ['ELOOP', 'ENOTDIR', 'ENXIO'].includes(codeOf(error) ?? '');
  return none ? gone : { kind: 'unreadable', why: messageOf(error) };
}

function stampOf({ mtimeMs, ctimeMs, size }: Stats): string | null {
  return Date.now() - Math.max(mtimeMs, ctimeMs) < slowestTickMs ? null : `${mtimeMs} ${ctimeMs} ${size}`;
}
