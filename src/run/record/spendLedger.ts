/**
 * `spend.jsonl`: what a run holds and has paid, call by call, so that a cap holds also when the process is killed. A
 * call is entered before it is sent, by a write that survives the process; one that was in flight at a kill may have
 * been paid and counts at its worst from then on. Each line ends with its seal, which covers the line before too: what
 * was spent cannot be made less by lines that came with the folder.
 */
import { closeSync, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import * as z from 'zod';
import { amountSchema } from '../../data/counts.ts';
import { linesOfSync } from '../../data/lines.ts';
import { replaceFileSync } from '../../data/replaceFile.ts';
import { HumanError, isMissing, messageOf } from '../../data/errors.ts';
import type { Cost, SpendLedger } from '../../engine/budget.ts';
import { ownSeal } from '../../home/seal.ts';
import { cannotWrite } from './diskError.ts';
import { writeAll } from './eventLog.ts';

export interface Spent {
  readonly calls: number;
  readonly tokens: number;
  readonly usd: number;
}

const amounts = [amountSchema, amountSchema, amountSchema] as const;
const lineSchema = z.union([
  /** All of earlier sittings. */
  z.tuple([z.literal('sum'), ...amounts]),
  z.tuple([z.literal('held'), z.number(), ...amounts]),
  z.tuple([z.literal('paid'), z.number(), ...amounts]),
  z.tuple([z.literal('free'), z.number()]),
  /** A training job, by its id. */
  z.tuple([z.literal('job'), z.string(), ...amounts]),
]);
type Line = z.infer<typeof lineSchema>;

interface Account {
  readonly spent: Spent;
  readonly jobs: ReadonlyMap<string, Spent>;
}

/** Seals the lines of one ledger, in order. */
class SealedLines {
  readonly #run: string;
  #last = '';

  constructor(file: string) {
    this.#run = basename(dirname(file));
  }

  /** The line as it is written, without its newline. */
  seal(line: Line): string {
    const json = JSON.stringify(line);
    this.#last = ownSeal().of('spend', this.#run, this.#last, json);
    return `${json.slice(0, -1)},"${this.#last}"]`;
  }

  /** The line that was sealed; `null` where the seal does not hold, or follows another line. */
  open(text: string): string | null {
    const [, json, seal] = /^(.*),"([0-9a-f]{32})"\]$/.exec(text) ?? [];
    if (json === undefined || !ownSeal().holds(seal, 'spend', this.#run, this.#last, `${json}]`)) return null;
    this.#last = seal!;
    return `${json}]`;
  }
}

/** One writer at a time: hold the run's lock. */
export class FileSpendLedger implements SpendLedger {
  /** What earlier sittings paid, or may have paid. */
  readonly spent: Spent;
  readonly #file: string;
  readonly #fd: number;
  readonly #jobs: Set<string>;
  readonly #lines: SealedLines;
  #pending = '';
  #scheduled = false;
  #closed = false;
  /** After a failed write a line may stand there by half: nothing is written behind it. */
  #failure: unknown;

  /**
   * @param before counts where no ledger was kept yet.
   * @param account what the file says, for who has read it.
   * @throws HumanError naming the file when it cannot be read or written.
   */
  constructor(file: string, before: Spent, account: Account | null = readAccount(file, sealed)) {
    this.#file = file;
    this.#lines = new SealedLines(file);
    const { spent, jobs } = account ?? { spent: before, jobs: new Map<string, Spent>() };
    this.#jobs = new Set(jobs.keys());
    this.spent = spent;
    try {
      // Begun anew by each sitting, so that it does not grow from one to the next.
      const paidForJobs = [...jobs.values()].reduce(add, nothing);
      const calls = subtract(spent, paidForJobs);
      const lines: Line[] = [['sum', calls.calls, calls.tokens, calls.usd]];
      for (const [job, { calls, tokens, usd }] of jobs) lines.push(['job', job, calls, tokens, usd]);
      replaceFileSync(file, lines.map((line) => `${this.#lines.seal(line)}\n`).join(''));
      this.#fd = openSync(file, 'a');
    } catch (error) {
      throw cannotWrite(file, error);
    }
  }

  hold(call: number, { calls, tokens, usd }: Cost): void {
    this.#enter(['held', call, calls, tokens, usd ?? 0]);
    this.#flush();
  }

  settle(call: number, cost: Cost | null): void {
    this.#enter(cost === null ? ['free', call] : ['paid', call, cost.calls, cost.tokens, cost.usd ?? 0]);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      // What is lost here still counts at its worst; the next `hold` says what is wrong with the disk.
      if (!this.#closed) ignoreErrors(() => this.#flush());
    });
  }

  charge(job: string, { calls, tokens, usd }: Cost): boolean {
    if (this.#jobs.has(job)) return false;
    this.#jobs.add(job);
    this.#enter(['job', job, calls, tokens, usd ?? 0]);
    this.#flush();
    return true;
  }

  close(): void {
    if (this.#closed) return;
    ignoreErrors(() => this.#flush());
    this.#closed = true;
    closeSync(this.#fd);
  }

  #enter(line: Line): void {
    this.#pending += `${this.#lines.seal(line)}\n`;
  }

  #flush(): void {
    if (this.#failure !== undefined) throw cannotWrite(this.#file, this.#failure);
    if (this.#pending === '') return;
    try {
      writeAll(this.#fd, Buffer.from(this.#pending));
      this.#pending = '';
    } catch (error) {
      this.#failure = error;
      throw cannotWrite(this.#file, error);
    }
  }
}

/** A line holds a few numbers, and perhaps a job's id. */
const ledgerLineBytes = 64 * 1024;

const nothing: Spent = { calls: 0, tokens: 0, usd: 0 };

function add(a: Spent, b: Spent): Spent {
  return { calls: a.calls + b.calls, tokens: a.tokens + b.tokens, usd: a.usd + b.usd };
}

function subtract(a: Spent, b: Spent): Spent {
  // Sums of fractions differ in their last digits.
  const less = (x: number, y: number): number => Math.max(0, x - y);
  return { calls: less(a.calls, b.calls), tokens: less(a.tokens, b.tokens), usd: less(a.usd, b.usd) };
}

/** What a run has paid, or may have paid, so far; `null` where it keeps no ledger. */
export function readSpent(file: string): Spent | null {
  return readAccount(file, sealed)?.spent ?? null;
}

/** Takes over a ledger that came with the folder, once its owner has agreed; one that is sealed stays as it is. */
export function adoptSpend(file: string): void {
  const account = readAccount(file, taken);
  if (account !== null) new FileSpendLedger(file, nothing, account).close();
}

/** How a line of the file is read, its seal taken off: `null` where it counts for nothing. */
type Opening = (lines: SealedLines, text: string) => string | null;
const sealed: Opening = (lines, text) => lines.open(text);
const taken: Opening = (_, text) => text.replace(/,"[0-9a-f]{32}"\]$/, ']');

function readAccount(file: string, opening: Opening): Account | null {
  try {
    return accountIn(file, opening);
  } catch (error) {
    if (isMissing(error)) return null;
    if (error instanceof HumanError) throw error;
    throw new HumanError(`${file} could not be read: ${messageOf(error)}.`, { cause: error });
  }
}

function accountIn(file: string, opening: Opening): Account {
  let spent = nothing;
  const chain = new SealedLines(file);
  const open = new Map<number, Spent>();
  const jobs = new Map<string, Spent>();
  // What comes after the last newline was cut off by a crash: that call was not sent yet, or counts at its worst.
  let number = 0;
  for (const { bytes } of linesOfSync(file, { lineBytes: ledgerLineBytes })) {
    const line = parseLine(opening(chain, bytes?.toString('utf8') ?? ''), file, ++number);
    if (line[0] === 'sum') spent = add(spent, spentOf(line[1], line[2], line[3]));
    else if (line[0] === 'held') open.set(line[1], spentOf(line[2], line[3], line[4]));
    else if (line[0] === 'job') jobs.set(line[1], spentOf(line[2], line[3], line[4]));
    else {
      open.delete(line[1]);
      if (line[0] === 'paid') spent = add(spent, spentOf(line[2], line[3], line[4]));
    }
  }
  return { spent: [...open.values(), ...jobs.values()].reduce(add, spent), jobs };
}

const spentOf = (calls: number, tokens: number, usd: number): Spent => ({ calls, tokens, usd });

function parseLine(text: string | null, file: string, number: number): Line {
  try {
    if (text === null) throw new Error('its seal does not hold');
    return lineSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new HumanError(
      `${file}:${number} is damaged or was changed, so what the run has spent is not known. Delete the file to count from the last ` +
        'entry of the log instead, and resume.',
      { cause: error },
    );
  }
}

function ignoreErrors(work: () => void): void {
  try {
    work();
  } catch {
    return;
  }
}
