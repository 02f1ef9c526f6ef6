/**
 * `spend.jsonl`: what a run holds and has paid, call by call, so that a cap holds also when the process is killed. A
 * call is entered before it is sent, by a write that survives the process; one that was in flight at a kill may have
 * been paid and counts at its worst from then on. Each line ends with its seal, which covers the line before too, and the
 * first lines, the heads, name the seal of a last one: what was spent cannot be made less by lines that came with the
 * folder, nor by cutting some off. The head is written over in place, after the lines it names: whenever the process is
 * killed, all that it names is there.
 */
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import * as z from 'zod';
import { amountSchema } from '../../base/counts.ts';
import { linesOfSync } from '../../base/lines.ts';
import { replaceFileSync } from '../../base/replaceFile.ts';
import { HumanError, isMissing, messageOf } from '../../base/errors.ts';
import type { Cost, SpendLedger } from '../../engine/budget.ts';
import { sealAt } from '../../home/seal.ts';
import type { Seal } from '../../home/seal.ts';
import { cannotWrite } from './diskError.ts';

export interface Spent {
  readonly calls: number;
  readonly tokens: number;
  readonly usd: number;
}

const amounts = [amountSchema, amountSchema, amountSchema] as const;
const lineSchema = z.union([
  /** All of earlier sessions. */
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

/** Heads are written over in turn: of one that a crash tore, the other still holds. */
const heads = 2;
const headLine = /^\["head","([0-9a-f]{32})","([0-9a-f]{32})"\]$/;

/** Seals the lines of one ledger, in order. */
class SealedLines {
  readonly #run: string;
  readonly #seal: Seal;
  #last = '';

  /** The seal of the last line that was sealed or opened; '' before the first. */
  get last(): string {
    return this.#last;
  }

  /** The head that names the last line, without its newline; always of the same length. */
  head(): string {
    return `["head","${this.#last}","${this.#seal.of('account', this.#run, this.#last)}"]`;
  }

  /** The seal of the line that a head names; `null` where it is not a head, or its seal does not hold. */
  openHead(text: string): string | null {
    const [, named, seal] = headLine.exec(text) ?? [];
    return named !== undefined && this.#seal.holds(seal, 'account', this.#run, named) ? named : null;
  }

  constructor(file: string) {
    this.#run = basename(dirname(file));
    this.#seal = sealAt(file);
  }

  /** The line as it is written, without its newline. */
  seal(line: Line): string {
    const json = JSON.stringify(line);
    this.#last = this.#seal.of('spend', this.#run, this.#last, json);
    return `${json.slice(0, -1)},"${this.#last}"]`;
  }

  /** The line whose seal, or a part of it, was torn off its end: the one that a head names by `seals`. */
  openTorn(text: string, seals: ReadonlySet<string>): string | null {
    const json = text.replace(/,(?:"[0-9a-f]*"?\]?)?$/, '');
    const seal = this.#seal.of('spend', this.#run, this.#last, `${json}]`);
    return seals.has(seal) ? `${json}]` : null;
  }

  /** The line that was sealed; `null` where the seal does not hold, or follows another line. */
  open(text: string): string | null {
    const [, json, seal] = /^(.*),"([0-9a-f]{32})"\]$/.exec(text) ?? [];
    if (json === undefined || !this.#seal.holds(seal, 'spend', this.#run, this.#last, `${json}]`)) return null;
    this.#last = seal!;
    return `${json}]`;
  }
}

/** One writer at a time: hold the run's lock. */
export class FileSpendLedger implements SpendLedger {
  /** What earlier sessions paid, or may have paid. */
  readonly spent: Spent;
  readonly #file: string;
  readonly #fd: number;
  readonly #jobs: Set<string>;
  readonly #lines: SealedLines;
  /** Which head is written over next. */
  #turn = 0;
  /** Where the next line is written. */
  #end: number;
  #pending = '';
  /** Lines of one turn of the event loop are written together. */
  #writing: Promise<void> | null = null;
  #closed = false;
  /** After a failed write half a line may be there: nothing is written behind it. */
  #failure: unknown;

  /**
   * @param account what was paid so far (`readAccount`).
   * @throws HumanError naming the file when it cannot be written.
   */
  constructor(file: string, account: Account) {
    this.#file = file;
    this.#lines = new SealedLines(file);
    const { spent, jobs } = account;
    this.#jobs = new Set(jobs.keys());
    this.spent = spent;
    try {
      // Begun again by each session, so that it does not grow from one to the next.
      const paidForJobs = [...jobs.values()].reduce(add, nothing);
      const calls = subtract(spent, paidForJobs);
      const lines: Line[] = [['sum', calls.calls, calls.tokens, calls.usd]];
      for (const [job, { calls, tokens, usd }] of jobs) lines.push(['job', job, calls, tokens, usd]);
      const sealed = lines.map((line) => `${this.#lines.seal(line)}\n`).join('');
      const content = Buffer.from(`${`${this.#lines.head()}\n`.repeat(heads)}${sealed}`);
      replaceFileSync(file, content);
      this.#end = content.length;
      this.#fd = openSync(file, 'r+');
    } catch (error) {
      throw cannotWrite(file, error);
    }
  }

  async hold(call: number, { calls, tokens, usd }: Cost): Promise<void> {
    this.#enter(['held', call, calls, tokens, usd ?? 0]);
    await this.#written();
  }

  settle(call: number, cost: Cost | null): void {
    this.#enter(cost === null ? ['free', call] : ['paid', call, cost.calls, cost.tokens, cost.usd ?? 0]);
    // What is lost here still counts at its worst; the next `hold` says what is wrong with the disk.
    this.#written().catch(() => undefined);
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

  /** @throws HumanError when the disk does not take the lines of this turn. */
  #written(): Promise<void> {
    this.#writing ??= new Promise<void>((resolve, reject) => {
      setImmediate(() => {
        this.#writing = null;
        try {
          this.#flush();
          resolve();
        } catch (error) {
          reject(error);
        }
      });
    });
    return this.#writing;
  }

  #enter(line: Line): void {
    this.#pending += `${this.#lines.seal(line)}\n`;
  }

  #flush(): void {
    if (this.#failure !== undefined) throw cannotWrite(this.#file, this.#failure);
    if (this.#pending === '') return;
    // The descriptor may be another file's by now.
    if (this.#closed) throw new Error('the account is closed');
    try {
      this.#end = writeAt(this.#fd, this.#pending, this.#end);
      this.#pending = '';
      const head = `${this.#lines.head()}\n`;
      writeAt(this.#fd, head, this.#turn * head.length);
      this.#turn = (this.#turn + 1) % heads;
    } catch (error) {
      this.#failure = error;
      throw cannotWrite(this.#file, error);
    }
  }
}

/** A line holds a few numbers, and perhaps a job's id. */
const ledgerLineBytes = 64 * 1024;

const nothing: Spent = { calls: 0, tokens: 0, usd: 0 };
const noAccount: Account = { spent: nothing, jobs: new Map() };

function add(a: Spent, b: Spent): Spent {
  return { calls: a.calls + b.calls, tokens: a.tokens + b.tokens, usd: a.usd + b.usd };
}

function subtract(a: Spent, b: Spent): Spent {
  // Sums of fractions differ in their last digits.
  const less = (x: number, y: number): number => Math.max(0, x - y);
  return { calls: less(a.calls, b.calls), tokens: less(a.tokens, b.tokens), usd: less(a.usd, b.usd) };
}

function most(a: Spent, b: Spent): Spent {
  return {
    calls: Math.max(a.calls, b.calls),
    tokens: Math.max(a.tokens, b.tokens),
    usd: Math.max(a.usd, b.usd),
  };
}

/** @returns where the text ends. */
function writeAt(fd: number, text: string, from: number): number {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at, from + at);
  return from + bytes.length;
}

/**
 * What a run has paid, or may have paid, so far.
 *
 * @param begun whether a session came as far as to load the program, by the run's sealed manifest: then it kept an account.
 * @throws HumanError when the account is missing, was changed or cut off.
 */
export function readSpent(file: string, begun: boolean): Spent {
  return readAccount(file, begun).spent;
}

/** The same, to go on with; parameters and errors as `readSpent`. */
export function readAccount(file: string, begun: boolean): Account {
  const account = accountIn(file, provenLines(file));
  if (account === null && begun) throw notKnown(file, `${file} is missing`);
  return account ?? noAccount;
}

/**
 * Takes over the account of a run that came with the folder, or that lost it, once its owner has agreed.
 *
 * @param logged what the run's log says was spent: counts where it is more.
 * @param begun as for `readSpent`.
 */
export function adoptSpend(file: string, logged: Spent, begun: boolean): void {
  const account = accountIn(file, takenLines(file));
  if (account === null && !begun) return;
  const { spent, jobs } = account ?? noAccount;
  new FileSpendLedger(file, { spent: most(spent, logged), jobs }).close();
}

/** A line by its number, from 1. */
interface Numbered<T> {
  readonly number: number;
  readonly text: T;
}

/** The JSON of each line, its seal taken off; `null` for one that counts for nothing. */
type Lines = Iterable<Numbered<string | null>>;

function* provenLines(file: string): Lines {
  const chain = new SealedLines(file);
  const named = new Set<string>();
  let end = 0;
  for (const { number, text } of textsOf(file)) {
    end = number;
    if (number <= heads) {
      const last = chain.openHead(text);
      if (last !== null) named.add(last);
      if (number === heads && named.size === 0) yield { number: 1, text: null };
    } else {
      yield { number, text: chain.open(text) };
      named.delete(chain.last);
    }
  }
  if (end > heads && named.size === 0) return;
  // Cut off among its heads, or before a line that one of them names; a machine's crash may have torn that line alone.
  yield { number: end + 1, text: end > heads && named.size < heads ? chain.openTorn(tailOf(file), named) : null };
}

/** What is left of an account: a line that cannot be read counts for nothing, like one that was taken out. */
function* takenLines(file: string): Lines {
  for (const { number, text } of textsOf(file)) {
    const json = text.trimEnd().replace(/,"[0-9a-f]{32}"\]$/, ']');
    if (lineIn(json) !== null) yield { number, text: json };
  }
}

function lineIn(json: string): Line | null {
  try {
    return lineSchema.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}

/** What comes after the last newline was cut off by a crash: that call was not sent yet, or counts at its worst. */
function* textsOf(file: string): Iterable<Numbered<string>> {
  let number = 0;
  for (const { bytes } of linesOfSync(file, { lineBytes: ledgerLineBytes })) {
    yield { number: ++number, text: bytes?.toString('utf8') ?? '' };
  }
}

/** What follows the last newline. */
function tailOf(file: string): string {
  const fd = openSync(file, 'r');
  try {
    const size = fstatSync(fd).size;
    const end = Buffer.alloc(Math.min(size, ledgerLineBytes));
    readSync(fd, end, 0, end.length, size - end.length);
    return end.subarray(end.lastIndexOf(10) + 1).toString('utf8');
  } finally {
    closeSync(fd);
  }
}

/** `null`: there is no such file. */
function accountIn(file: string, lines: Lines): Account | null {
  try {
    return sumOf(file, lines);
  } catch (error) {
    if (isMissing(error)) return null;
    if (error instanceof HumanError) throw error;
    throw new HumanError(`${file} could not be read: ${messageOf(error)}.`, { cause: error });
  }
}

function sumOf(file: string, lines: Lines): Account {
  let spent = nothing;
  const open = new Map<number, Spent>();
  const jobs = new Map<string, Spent>();
  for (const each of lines) {
    const line = parseLine(each, file);
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

function parseLine({ number, text }: Numbered<string | null>, file: string): Line {
  try {
    if (text === null) throw new Error('its seal does not hold');
    return lineSchema.parse(JSON.parse(text));
  } catch (error) {
    throw notKnown(file, `${file}:${number} is damaged, was changed or cut off`, error);
  }
}

function notKnown(file: string, why: string, cause?: unknown): HumanError {
  const run = basename(dirname(file));
  return new HumanError(
    `${why}, so what the run has spent is not known and no cap could hold. \`bettertogether adopt ${run}\` counts from ` +
      "what is left of it and the run's log; `resume` goes on then.",
    { cause },
  );
}

function ignoreErrors(work: () => void): void {
  try {
    work();
  } catch {
    return;
  }
}
