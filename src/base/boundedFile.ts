/** Files that are read whole: a size beyond all sense is an error of its own, before anything is read. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { HumanError } from './errors.ts';
import { inMebibytes, recordBytesAtMost } from './limits.ts';

/** A pipe without a writer would be waited for. Windows knows no such flag. */
const noWait = constants.O_NONBLOCK ?? 0;

/**
 * @param bytesAtMost the most it may have; the default is that of the files of a run.
 * @param flags of opening it.
 * @throws HumanError for a larger file and for what is no file; else what the file system says.
 */
export async function readBounded(
  file: string,
  bytesAtMost: number = recordBytesAtMost,
  flags: number = constants.O_RDONLY,
): Promise<Buffer> {
  const handle = await open(file, flags | noWait);
  try {
    check(file, await handle.stat(), bytesAtMost);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** The same as UTF-8 text. */
export async function readBoundedText(file: string, bytesAtMost?: number): Promise<string> {
  return (await readBounded(file, bytesAtMost)).toString('utf8');
}

/** The same at once. */
export function readBoundedSync(
  file: string,
  bytesAtMost: number = recordBytesAtMost,
  flags: number = constants.O_RDONLY,
): Buffer {
  const fd = openSync(file, flags | noWait);
  try {
    check(file, fstatSync(fd), bytesAtMost);
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The last bytes of a file, of which the first may be the rest of a character; empty where it cannot be read. */
export async function readTail(file: string, bytes: number): Promise<Buffer> {
  const handle = await open(file, constants.O_RDONLY | noWait).catch(() => null);
  if (handle === null) return Buffer.alloc(0);
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, bytes);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function check(file: string, info: Stats, bytesAtMost: number): void {
  if (!info.isFile()) throw new HumanError(`${file} is not a file.`);
  if (info.size <= bytesAtMost) return;
  throw new HumanError(
    `${file} has ${inMebibytes(info.size)}, and at most ${inMebibytes(bytesAtMost)} of such a file are read.`,
  );
}
