import { isUtf8 } from 'node:buffer';
import { accessSync, constants } from 'node:fs';
import { basename, dirname, isAbsolute, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { foundAt, hashOfNames, isOurs, namesIn } from '../../../data/foundAt.ts';
import { kindOfFound, mostOwnNames } from '../../../data/reads.ts';
import type { Found, KindFound, Read } from '../../../data/reads.ts';
import { mostReads } from '../../protocol.ts';
import type { ReadsParams } from '../../protocol.ts';
import { packageOf } from './packageOf.ts';

/** Devices and the system's own state. */
const notFiles = ['/proc/', '/dev/', '/sys/'];
/** Files as any other, but that a restart forgets. */
const inMemory = '/dev/shm/';

const tooMany = `The program reads more than ${mostReads} files and variables.`;

/** Paths of the program's own that are kept. */
const mostWritten = 50_000;

/**
 * What this process reads besides the program's sources, sent in parts. What a run read, a later one may have in memory
 * (a cache, a module), so reads are those of the process and count for all runs that end after them: they need not be
 * assigned to one. What child processes, sockets and native code read is not seen.
 */
export class ProcessReads {
  readonly #ignored: readonly string[];
  #news: Read[] = [];
  #dropped: string[] = [];
  readonly #stale = new Set<string>();
  readonly #files = new Map<string, Found>();
  readonly #places = new Map<string, KindFound>();
  readonly #listed = new Map<string, readonly string[] | null>();
  readonly #names = new Set<string>();
  readonly #written = new Set<string>();
  /** Names that the program made, by their folder. */
  readonly #ownNames = new Map<string, Set<string>>();
  /** Opened for reading and writing: whether the program writes shows later. */
  readonly #mayBeWritten = new Map<string, Found>();
  readonly #made: string[] = [];
  readonly #ownVariables = new Set<string>();
  #unclear: string | null = null;
  #toldUnclear = false;
  /** Work that is not to be noticed is under way: our own looks. */
  #looking = false;

  /** @param own folders of ours: what lies in them is not a dependency. */
  constructor(own: readonly string[]) {
    this.#ignored = [...notFiles, ...own.map((folder) => `${folder}${sep}`)];
  }

  /** What is new since the last time; `null`: nothing is. */
  take(): ReadsParams | null {
    this.unnoticed(() => this.#lookForChanges());
    for (const folder of this.#stale) this.#addListing(folder);
    this.#stale.clear();
    const [reads, written] = [this.#news, [...new Set(this.#dropped)]];
    if (Math.max(reads.length, written.length) > mostReads) this.#giveUp(tooMany);
    [this.#news, this.#dropped] = [[], []];
    if (this.#unclear === null) return reads.length + written.length === 0 ? null : { reads, written };
    if (this.#toldUnclear) return null;
    this.#toldUnclear = true;
    return { reads: [], written: [], unclear: this.#unclear };
  }

  /** A file that is opened for reading, whether it is there or not. */
  opened(path: unknown): void {
    this.#look(path, (full) => {
      if (this.#isPackaged(full)) return;
      const found = foundAt(full);
      if (found === 'other') this.#giveUp(`${full} is no file that stays as it is, and the program reads it.`);
      this.#file(full, found);
    });
  }

  /** A path that is looked at; `whether`: only to know if something is there. */
  lookedAt(path: unknown, whether: boolean): void {
    this.#look(path, (full) => {
      if (this.#isPackaged(full)) return;
      const found = foundAt(full);
      if (whether || typeof found === 'string') this.#place(full, kindOfFound(found));
      else this.#file(full, found);
    });
  }

  listed(path: unknown): void {
    this.#look(path, (full) => {
      if (this.#unclear !== null || packageOf(full) !== null || this.#isOwn(full)) return;
      const names = namesIn(full);
      const known = this.#listed.get(full);
      if (known === undefined) {
        this.#listed.set(full, names);
        this.#stale.add(full);
      } else if (String(this.#foreign(full, known)) !== String(this.#foreign(full, names))) this.#changedUnder(full);
    });
  }

  /** The program writes something, or renames it. */
  wrote(path: unknown): void {
    this.#look(path, (full) => this.#write(full));
  }

  /** A file that is opened for writing, or would be; `reads`: what it holds can be read as well. */
  openedToWrite(path: unknown, how: { readonly exclusively: boolean; readonly reads: boolean }): void {
    this.#look(path, (full) => {
      const found = foundAt(full);
      if (found === 'nothing') this.#write(full);
      else if (how.exclusively) this.#place(full, kindOfFound(found));
      else if (how.reads || !isWritable(full)) this.#file(full, found);
      else this.#write(full);
      if (how.reads && this.#files.has(full)) this.#mayBeWritten.set(full, this.#files.get(full)!);
    });
  }

  /** The program removes something, if it is there. */
  removed(path: unknown): void {
    this.#look(path, (full) => {
      if (foundAt(full) !== 'nothing') this.#write(full);
    });
  }

  /** The program makes a folder: all in it is its own. One that is there already is left as it is. */
  makes(path: unknown): void {
    this.#look(path, (full) => {
      const top = topmostMissing(full);
      if (top !== null) this.#make(top);
    });
  }

  /** The program has made a folder of a name that was unknown before. */
  made(path: unknown): void {
    this.#look(path, (full) => this.#make(full));
  }

  variable(name: string): void {
    if (this.#looking || this.#ownVariables.has(name) || this.#names.has('environment')) return;
    this.#note({ kind: 'variable', name }, name);
  }

  setVariable(name: string): void {
    this.#ownVariables.add(name);
  }

  environment(): void {
    if (!this.#looking) this.#note({ kind: 'environment' }, '');
  }

  /** Runs `body`, in which nothing is noticed. */
  unnoticed<T>(body: () => T): T {
    if (this.#looking) return body();
    this.#looking = true;
    try {
      return body();
    } finally {
      this.#looking = false;
    }
  }

  /** Never throws: that would be an error of the user's own call. */
  #look(path: unknown, then: (full: string) => void): void {
    if (this.#looking) return;
    try {
      const full = absolute(path);
      if (full === null || isOurs(full) || this.#isIgnored(full)) return;
      this.unnoticed(() => then(full));
    } catch (error) {
      this.#giveUp(`What the program reads cannot be noticed: ${String(error)}.`);
    }
  }

  #isIgnored(full: string): boolean {
    return !full.startsWith(inMemory) && this.#ignored.some((prefix) => full.startsWith(prefix));
  }

  #isPackaged(full: string): boolean {
    const folder = packageOf(full);
    if (folder !== null) this.#note({ kind: 'package', path: folder }, folder);
    return folder !== null;
  }

  #file(path: string, found: Found): void {
    if (this.#unclear !== null || this.#isOwn(path)) return;
    const known = this.#files.get(path);
    if (known !== undefined) {
      if (sameFound(known, found)) return;
      if (this.#mayBeWritten.has(path)) this.#write(path);
      else this.#changedUnder(path);
      return;
    }
    this.#files.set(path, found);
    this.#add({ kind: 'file', path, found });
  }

  #place(path: string, found: KindFound): void {
    if (this.#unclear !== null || this.#isOwn(path)) return;
    const known = this.#places.get(path);
    if (known !== undefined) {
      if (known !== found) this.#changedUnder(path);
      return;
    }
    this.#places.set(path, found);
    this.#add({ kind: 'place', path, found });
  }

  #note(read: Read, name: string): void {
    const key = `${read.kind} ${name}`.trim();
    if (this.#unclear !== null || this.#names.has(key)) return;
    this.#names.add(key);
    this.#add(read);
  }

  #add(read: Read): void {
    const count = this.#files.size + this.#places.size + this.#listed.size + this.#names.size;
    if (Math.max(count, this.#news.length) > mostReads) this.#giveUp(tooMany);
    else if (this.#unclear === null) this.#news.push(read);
  }

  #addListing(path: string): void {
    const own = [...(this.#ownNames.get(path) ?? [])];
    if (own.length > mostOwnNames) {
      this.#giveUp(`The program writes more than ${mostOwnNames} files into ${path}, which it lists.`);
      return;
    }
    const foreign = this.#foreign(path, this.#listed.get(path) ?? null);
    const entries = foreign === null ? null : hashOfNames(foreign);
    this.#add({ kind: 'folder', path, without: own.sort(), entries });
  }

  /** The names in a folder that the program did not make. */
  #foreign(folder: string, names: readonly string[] | null): readonly string[] | null {
    const own = this.#ownNames.get(folder);
    return names === null || own === undefined ? names : names.filter((name) => !own.has(name));
  }

  #write(full: string): void {
    if (this.#unclear !== null || this.#written.has(full)) return;
    if (this.#written.size >= mostWritten) this.#giveUp(`The program writes more than ${mostWritten} files.`);
    this.#written.add(full);
    this.#mayBeWritten.delete(full);
    this.#ownIn(dirname(full)).add(basename(full));
    const known = [this.#files.delete(full), this.#places.delete(full)];
    if (known.includes(true)) this.#dropped.push(full);
    const folder = dirname(full);
    if (this.#listed.has(folder)) this.#stale.add(folder);
  }

  #ownIn(folder: string): Set<string> {
    const known = this.#ownNames.get(folder);
    if (known !== undefined) return known;
    const names = new Set<string>();
    this.#ownNames.set(folder, names);
    return names;
  }

  #lookForChanges(): void {
    for (const [path, found] of this.#mayBeWritten) if (!sameFound(foundAt(path), found)) this.#write(path);
  }

  #make(full: string): void {
    if (this.#isOwn(full)) return;
    this.#write(full);
    this.#made.push(`${full}${sep}`);
  }

  #isOwn(full: string): boolean {
    return this.#written.has(full) || this.#made.some((folder) => full.startsWith(folder));
  }

  #changedUnder(path: string): void {
    this.#giveUp(`${path} changed while the program ran on it.`);
  }

  #giveUp(why: string): void {
    this.#unclear ??= why;
  }
}

/**
 * `null` for descriptors and what is not a path.
 *
 * @throws Error for a name that cannot be reported.
 */
function absolute(path: unknown): string | null {
  if (typeof path === 'string') return isAbsolute(path) && !path.includes('..') ? path : resolve(path);
  if (path instanceof URL) return path.protocol === 'file:' ? fileURLToPath(path) : null;
  if (!Buffer.isBuffer(path)) return null;
  if (!isUtf8(path)) throw new Error('the name of a file is not UTF-8');
  return resolve(path.toString());
}

/** The outermost folder that has to be made for `path`; `null`: it is there. */
function topmostMissing(path: string): string | null {
  let top: string | null = null;
  for (let each = path; foundAt(each) === 'nothing'; each = dirname(each)) top = each;
  return top;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function sameFound(a: Found, b: Found): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  return a.size === b.size && a.mtime === b.mtime;
}
