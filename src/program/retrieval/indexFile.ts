/**
 * An index on the disk: one line of JSON that says what follows, then the words and the arrays. A file that does not
 * belong to the corpus as it is, or is not whole, counts as none: the index is built again.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { endianness } from 'node:os';
import { dirname } from 'node:path';
import * as z from 'zod';
import { replaceFile } from '../../base/replaceFile.ts';
import type { Postings } from './bm25Index.ts';
import { wordsVersion } from './words.ts';

const headerSchema = z.object({
  format: z.literal('bettertogether bm25 1'),
  wordsVersion: z.literal(wordsVersion),
  endianness: z.literal(endianness()),
  /** SHA-256 of the corpus and of everything after this line. */
  corpus: z.string(),
  body: z.string(),
  /** Bytes of each part, in the order in which they follow. */
  parts: z.tuple([z.number(), z.number(), z.number(), z.number(), z.number()]),
});
type Header = z.infer<typeof headerSchema>;

/** @returns `undefined` when there is no index of this corpus, or none that can be used. */
export async function readIndex(file: string, corpus: string): Promise<Postings | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  const end = bytes?.indexOf(0x0a) ?? -1;
  if (bytes === undefined || end < 0) return undefined;
  const header = headerOf(bytes.toString('utf8', 0, end));
  const body = bytes.subarray(end + 1);
  if (header?.corpus !== corpus || header.body !== sha256(body)) return undefined;
  const parts = header.parts.map((length, i) => {
    const start = header.parts.slice(0, i).reduce((sum, before) => sum + before, 0);
    // A copy: a typed array must begin where its element size divides.
    return Uint8Array.from(body.subarray(start, start + length)).buffer;
  });
  const [words, lengths, starts, documents, counts] = parts as [
    ArrayBuffer,
    ArrayBuffer,
    ArrayBuffer,
    ArrayBuffer,
    ArrayBuffer,
  ];
  return {
    words: Buffer.from(words).toString('utf8').split('\n'),
    lengths: new Uint32Array(lengths),
    starts: new Uint32Array(starts),
    documents: new Uint32Array(documents),
    counts: new Uint32Array(counts),
  };
}

/** Written beside and renamed, so that a reader finds a whole file or none whenever the writer dies. */
export async function writeIndex(file: string, corpus: string, postings: Postings): Promise<void> {
  const { words, lengths, starts, documents, counts } = postings;
  const parts = [
    Buffer.from(words.join('\n')),
    ...[lengths, starts, documents, counts].map((a) => Buffer.from(a.buffer, a.byteOffset, a.byteLength)),
  ];
  const body = Buffer.concat(parts);
  const header: Header = {
    format: 'bettertogether bm25 1',
    wordsVersion,
    endianness: endianness(),
    corpus,
    body: sha256(body),
    parts: parts.map((part) => part.length) as Header['parts'],
  };
  await mkdir(dirname(file), { recursive: true });
  await replaceFile(file, Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body]));
}

function headerOf(line: string): Header | undefined {
  try {
    return headerSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
