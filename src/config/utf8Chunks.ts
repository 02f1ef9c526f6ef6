/** The bytes of a data file as UTF-8 text: those that gzip packed are unpacked, UTF-16 is told by its mark. */
import { Readable, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** At the file's start. */
const gzipMark = Buffer.from([0x1f, 0x8b]);
const utf16Marks = [
  { mark: Buffer.from([0xff, 0xfe]), encoding: 'utf-16le' },
  { mark: Buffer.from([0xfe, 0xff]), encoding: 'utf-16be' },
] as const;
const markBytes = 2;

/** The name without what says that the file is packed: `rows.jsonl.gz` → `rows.jsonl`. */
export function unpackedName(file: string): string {
  return file.replace(/\.gz$/i, '');
}

/**
 * @throws Error of zlib, where what is packed is torn; TypeError, where UTF-16 is none.
 */
export async function* utf8Chunks(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const head = await headOf(chunks, markBytes);
  const all = after(head, chunks);
  if (head.subarray(0, markBytes).equals(gzipMark)) {
    yield* utf8Chunks(unpacked(all));
    return;
  }
  const utf16 = utf16Marks.find(({ mark }) => head.subarray(0, markBytes).equals(mark));
  yield* utf16 === undefined ? all : decoded(all, utf16.encoding);
}

/** The first chunks: so many bytes at least, where there are as many. */
export async function headOf(chunks: AsyncGenerator<Buffer>, bytesAtLeast: number): Promise<Buffer> {
  const head: Buffer[] = [];
  for (let bytes = 0; bytes < bytesAtLeast;) {
    const next = await chunks.next();
    if (next.done === true) break;
    head.push(next.value);
    bytes += next.value.length;
  }
  return Buffer.concat(head);
}

export async function* after(head: Buffer, chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  yield* chunks;
}

async function* unpacked(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  // An error of either end destroys the other, and is thrown below.
  const gunzip = pipeline(Readable.from(chunks), createGunzip(), () => undefined);
  for await (const chunk of gunzip) yield chunk as Buffer;
}

async function* decoded(chunks: AsyncGenerator<Buffer>, encoding: string): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  for await (const chunk of chunks) yield Buffer.from(decoder.decode(chunk, { stream: true }));
  yield Buffer.from(decoder.decode());
}
