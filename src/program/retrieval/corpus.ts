import { readFile } from 'node:fs/promises';
import { HumanError, messageOf, UsageError } from '../../base/errors.ts';
import { sha256 } from './indexFile.ts';

/** Passages by number. */
export interface Corpus {
  readonly count: number;
  passage(document: number): string;
  /** SHA-256 of all of it, where it comes from a file. */
  readonly hash: string | null;
}

export function corpusOf(passages: readonly string[]): Corpus {
  return { count: passages.length, passage: (document) => passages[document]!, hash: null };
}

/**
 * A corpus from a `.jsonl` file with a passage a line: `{"title", "text"}`, `{"text"}` or a JSON string. It is kept as
 * the bytes that it is on the disk; a line is read when its passage is asked for.
 *
 * @throws HumanError when the file cannot be read; `passage` when its line holds no passage.
 */
export async function readCorpus(file: string): Promise<Corpus> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new HumanError(`The passages of bm25 cannot be read: ${messageOf(error)}.`, { cause: error });
  });
  const lines = linesOf(bytes);
  return {
    count: lines.length,
    hash: sha256(bytes),
    passage: (document) => {
      const { start, end, number } = lines[document]!;
      return passageOf(bytes.toString('utf8', start, end), `${file}:${number}`);
    },
  };
}

interface Line {
  readonly start: number;
  readonly end: number;
  /** From 1. */
  readonly number: number;
}

function linesOf(bytes: Buffer): readonly Line[] {
  const lines: Line[] = [];
  for (let start = 0, number = 1; start < bytes.length; number++) {
    const found = bytes.indexOf(0x0a, start);
    const end = found < 0 ? bytes.length : found;
    if (!isBlank(bytes, start, end)) lines.push({ start, end, number });
    start = end + 1;
  }
  return lines;
}

function isBlank(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i]! > 0x20) return false;
  return true;
}

function passageOf(line: string, at: string): string {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch (error) {
    throw new UsageError(`${at} is not JSON: ${messageOf(error)}.`, error);
  }
  if (typeof row === 'string') return row;
  const { title, text } = (typeof row === 'object' && row !== null ? row : {}) as Record<string, unknown>;
  if (typeof text !== 'string') {
    throw new UsageError(`${at} is no passage: write {"title": "…", "text": "…"}, {"text": "…"} or "…".`);
  }
  return typeof title === 'string' ? `${title} | ${text}` : text;
}
