/**
 * Where a job of a command lies: one folder a content hash, one attempt at a time. What it says of the job is sealed:
 * `start.json` names a command, and one that came with the folder must start nothing.
 */
import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readTail } from '../../base/boundedFile.ts';
import { outputLineBytesAtMost } from '../../base/limits.ts';
import { linesOf } from '../../base/lines.ts';
import { checkNoLinks, readPlainFile } from '../../base/plainFile.ts';
import { parseRecord } from '../../data/record.ts';
import { replaceFile } from '../../base/replaceFile.ts';
import * as z from 'zod';
import { sealAt } from '../../home/seal.ts';
import { isSealedText, sealedText } from '../../home/sealedText.ts';

/** What the job's supervisor is to start. */
const startSchema = z.object({
  v: z.literal(1),
  /** From 1. */
  attempt: z.int().positive(),
  command: z.array(z.string()).min(1),
  cwd: z.string(),
  env: z.record(z.string(), z.string()),
});
export type Start = z.infer<typeof startSchema>;

const exitSchema = z.object({
  code: z.number().nullable(),
  signal: z.string().nullable(),
  /** It could not be started at all. */
  error: z.string().optional(),
  cancelled: z.boolean().optional(),
  /** It was killed, as often as it was started. */
  kills: z.number().optional(),
});
export type Exit = z.infer<typeof exitSchema>;

/** How often the command of an attempt was started. */
const startsSchema = z.object({ v: z.literal(1), starts: z.int() });

export const jobFiles = (folder: string, attempt = 0) => {
  const own = join(folder, `attempt-${attempt}`);
  return {
    lock: join(folder, 'lock.json'),
    start: join(folder, 'start.json'),
    data: join(folder, 'data'),
    rows: join(folder, 'data', 'train.jsonl'),
    /** LLaMA-Factory's description of the data folder. */
    datasetInfo: join(folder, 'data', 'dataset_info.json'),
    attempt: own,
    /** The adapter comes here, in a folder that each attempt has for itself. */
    out: join(own, 'out'),
    output: join(own, 'output.log'),
    errors: join(own, 'errors.log'),
    exit: join(own, 'exit.json'),
    starts: join(own, 'starts.json'),
  };
};

/** Begins an attempt: its folder is empty, so that what it finds there is its own. */
export async function writeStart(folder: string, start: Start): Promise<void> {
  const { attempt, out, start: file } = jobFiles(folder, start.attempt);
  await rm(attempt, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  await writeSealed(folder, file, start);
}

export async function readStart(folder: string): Promise<Start | null> {
  return readSealed(folder, jobFiles(folder).start, startSchema);
}

export async function writeExit(folder: string, attempt: number, exit: Exit): Promise<void> {
  await writeSealed(folder, jobFiles(folder, attempt).exit, exit);
}

export async function readExit(folder: string, attempt: number): Promise<Exit | null> {
  return readSealed(folder, jobFiles(folder, attempt).exit, exitSchema);
}

/** Written before each start, so that neither a killed command nor a killed supervisor is forgotten. */
export async function writeStarts(folder: string, attempt: number, starts: number): Promise<void> {
  await writeSealed(folder, jobFiles(folder, attempt).starts, { v: 1, starts });
}

export async function readStarts(folder: string, attempt: number): Promise<number> {
  return (await readSealed(folder, jobFiles(folder, attempt).starts, startsSchema))?.starts ?? 0;
}

/** A job that somebody else has run to its end: what it left can be taken over. */
export interface ForeignJob {
  readonly folder: string;
  readonly start: Start;
  readonly exit: Exit;
}

/**
 * The last attempt in the folder, where this user did not start it here. One that has not ended does not count:
 * going on with it would be to start a command that somebody else chose.
 *
 * @param around the folder that jobs lie in.
 * @throws UsageError when there is a link on the way.
 */
export async function foreignJob(folder: string, around: string): Promise<ForeignJob | null> {
  checkNoLinks(folder, around);
  const start = await readAny(jobFiles(folder).start, startSchema);
  if (start === null || (await readStart(folder)) !== null) return null;
  checkNoLinks(jobFiles(folder, start.attempt).attempt, around);
  const exit = await readAny(jobFiles(folder, start.attempt).exit, exitSchema);
  return exit === null ? null : { folder, start, exit };
}

/** Takes over what is known of a job, once its owner has agreed: that it has ended, and how. */
export async function adoptJob({ folder, start, exit }: ForeignJob): Promise<void> {
  await writeExit(folder, start.attempt, exit);
  await writeSealed(folder, jobFiles(folder).start, start);
}

async function writeSealed(folder: string, file: string, record: object): Promise<void> {
  await replaceFile(file, sealedText(sealAt(folder), 'job', idOf(folder, file), record));
}

/** `null` also where the seal does not hold. */
async function readSealed<T>(folder: string, file: string, schema: z.ZodType<T>): Promise<T | null> {
  return readAny(file, schema, (text) => isSealedText(sealAt(folder), 'job', idOf(folder, file), text));
}

async function readAny<T>(
  file: string,
  schema: z.ZodType<T>,
  accepts: (text: string) => boolean = () => true,
): Promise<T | null> {
  try {
    const text = await readPlainFile(file);
    return text !== null && accepts(text) ? parseRecord(schema, text) : null;
  } catch {
    return null;
  }
}

/** Which record of which job: `<job>/attempt-1/exit.json`. */
const idOf = (folder: string, file: string): string =>
  basename(folder) + file.slice(folder.length).replaceAll('\\', '/');

/** The whole lines of a log from `offset` on, as far as they can be events. A bar that redraws itself is many lines. */
export async function* linesAfter(file: string, offset: number): AsyncGenerator<{ text: string; end: number }> {
  const options = { from: offset, lineBytes: outputLineBytesAtMost, carriageReturns: true };
  for await (const lines of linesOf(file, options)) {
    for (const { bytes, end } of lines) yield { text: bytes?.toString('utf8') ?? '', end };
  }
}

const tailBytes = 64 * 1024;

/** The last `count` lines with words in them. */
export async function lastLines(file: string, count: number): Promise<string> {
  const lines = (await readTail(file, tailBytes))
    .toString('utf8')
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== '');
  return lines.slice(-count).join('\n');
}
