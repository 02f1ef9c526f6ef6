/** What all kinds of data files have in common: rows with their places, pieces of the file, and limits. */
import { isUtf8 } from 'node:buffer';
import type { Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { UsageError, messageOf } from '../base/errors.ts';
import type { Fields } from '../base/json.ts';
import { columnsAtMost, inMebibytes, nestingAtMost, rowBytesAtMost, wholeDataBytesAtMost } from '../base/limits.ts';
import { LineSplitter } from '../base/lines.ts';
import type { Line } from '../base/lines.ts';
import { notUtf8 } from './utf8.ts';
import { utf8Chunks } from './utf8Chunks.ts';

/** A row of a data set before it is known what the program is called with. */
export interface Row {
  /** For people: the file and its line, from 1, or the place in a list. */
  readonly place: string;
  readonly fields: Fields;
  /** The fields that the row's author marked as inputs (`with_inputs` of a `dspy.Example`). */
  readonly inputs?: readonly string[];
}

/** Bytes that are taken; the defaults are those of `base/limits.ts`. */
export interface DataLimits {
  /** Read at a time. */
  readonly chunkBytes?: number;
  readonly rowBytes?: number;
  /** Of a `.json` or a `.parquet` file, which is read whole. */
  readonly wholeBytes?: number;
}

export interface DataOptions extends DataLimits {
  /** The key of the list that is meant, where a `.json` holds an object. */
  readonly list?: string | undefined;
}

/** The text of the file, chunk by chunk. Its bytes are hashed as they are on the disk. */
export async function* chunksOf(file: string, limits: DataLimits, hash: Hash): AsyncGenerator<Buffer> {
  try {
    yield* utf8Chunks(hashed(file, limits, hash));
  } catch (error) {
    throw error instanceof UsageError ? error : unreadable(file, error);
  }
}

async function* hashed(file: string, { chunkBytes = 2 ** 20 }: DataLimits, hash: Hash): AsyncGenerator<Buffer> {
  for await (const chunk of createReadStream(file, { highWaterMark: chunkBytes })) {
    if ((chunk as Buffer).toString('latin1', 0, lfsPointer.length) === lfsPointer) {
      throw new UsageError(`${file} is a pointer of Git LFS: \`git lfs pull\` fetches the file.`);
    }
    hash.update(chunk as Buffer);
    yield chunk as Buffer;
  }
}

/** What stands in the place of a large file that was not fetched. */
const lfsPointer = 'version https://git-lfs.github.com/spec/';

/** The bytes of a file that is no text. @param remedy where it is larger than is read as a whole */
export async function bytesOf(file: string, limits: DataLimits, hash: Hash, remedy: string): Promise<Buffer> {
  try {
    return Buffer.concat(await whole(hashed(file, limits, hash), file, limits, remedy));
  } catch (error) {
    throw error instanceof UsageError ? error : unreadable(file, error);
  }
}

/** All of the chunks. @param remedy where they are more than is read as a whole */
export async function whole(
  chunks: AsyncIterable<Buffer>,
  file: string,
  { wholeBytes = wholeDataBytesAtMost }: DataLimits,
  remedy: string,
): Promise<readonly Buffer[]> {
  const read: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > wholeBytes) {
      throw new UsageError(`${file} is larger than ${inMebibytes(wholeBytes)}, and is read whole. ${remedy}`);
    }
    read.push(chunk);
  }
  return read;
}

function unreadable(file: string, error: unknown): UsageError {
  return new UsageError(`The data file ${file} could not be read: ${messageOf(error)}.`, error);
}

/** Chunks whose lines are UTF-8: what is not would be replaced in silence. */
export async function* checkedChunks(file: string, limits: DataLimits, hash: Hash): AsyncGenerator<Buffer> {
  const { rowBytes = rowBytesAtMost } = limits;
  const splitter = new LineSplitter({ lineBytes: rowBytes });
  let number = 0;
  const check = ({ bytes }: Line): void => {
    const place = `${file}:${++number}`;
    if (bytes === null) throw tooLong(place, rowBytes);
    if (!isUtf8(bytes)) throw notUtf8(place);
  };
  for await (const chunk of chunksOf(file, limits, hash)) {
    splitter.split(chunk).forEach(check);
    if (splitter.isTooLong) throw tooLong(`${file}:${number + 1}`, rowBytes);
    yield chunk;
  }
  const last = splitter.rest();
  if (last !== null) check(last);
}

export function tooLong(place: string, bytes: number): UsageError {
  return new UsageError(`${place}: the row is longer than ${inMebibytes(bytes)}. Is a line break missing?`);
}

export function tooDeep(place: string): UsageError {
  return new UsageError(`${place}: the row nests deeper than ${nestingAtMost} levels.`);
}

export function tooWide(place: string, fields: number): UsageError {
  return new UsageError(`${place}: a row has ${columnsAtMost} fields at most, and this one has ${fields}.`);
}
