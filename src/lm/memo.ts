import { closeSync, fdatasync, fdatasyncSync, fstatSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { HumanError, codeOf, messageOf } from '../base/errors.ts';
import { canonicalJson, type JsonValue } from '../base/json.ts';
import { LruCache } from './lruCache.ts';
import { MemoIndex, type Place } from './memoIndex.ts';
import { sealAt } from '../home/seal.ts';
import type { Seal } from '../home/seal.ts';
import { encodeLine, headerBytes, isMemoKey, readLine, type LineHeader, type MemoEntry } from './memoLine.ts';
import { listSegments, newSegmentName, Segments, type Segment } from './memoSegments.ts';

/**
 * Everything that cost money, by content hash, shared by all processes that open the same folder. Entries that this user
 * did not write on this machine are none. Keys are SHA-256 in
 * hex; what they hash, and so which kinds of values share the folder, is the callers' business.
 */
export interface Memo {
  /**
   * The value put last under `key`, or `undefined`. A key that is new here is looked for in what other processes put
   * up to 250 ms ago; a known key's value is this process's last, or that of the last look (`refresh`).
   */
  get(key: string): Promise<JsonValue | undefined>;
  /** Looks at once at what other processes have put: after it, `get` gives their values, for known keys too. */
  refresh(): Promise<void>;
  /**
   * Resolves when the operating system has the entry: it then survives the end of this process, however it ends. The
   * disk has it after `close`, or 5 seconds later. An equal value is not written again, unless it could not be; another
   * one replaces the old.
   * @throws HumanError naming the folder when it cannot be written. This process still finds the value while it is
   *   among the recent ones.
   */
  put(key: string, value: JsonValue): Promise<void>;
  close(): Promise<void>;
  readonly entries: number;
  /** Bytes of memory that the index takes. */
  readonly indexBytes: number;
}

export interface MemoOptions {
  /** Milliseconds between looks at what other processes wrote. Default 250. */
  readonly refreshMs?: number;
  /** Milliseconds between writes to disk proper (fdatasync). Default 5000. */
  readonly syncMs?: number;
  /** Bytes of JSON kept in memory; as objects they take several times as much. Default 512 KiB. */
  readonly cacheBytes?: number;
}

/** @throws HumanError when the folder cannot be made or read. */
export async function openMemo(folder: string, options: MemoOptions = {}): Promise<Memo> {
  try {
    mkdirSync(folder, { recursive: true });
    listSegments(folder);
    return await Promise.resolve(new FolderMemo(folder, options));
  } catch (error) {
    if (error instanceof HumanError) throw error;
    throw folderError(folder, 'opened', error);
  }
}

interface Pending {
  readonly key: string;
  readonly written: number;
  readonly line: Buffer;
  readonly length: number;
  readonly done: (error: HumanError | null) => void;
}

/**
 * One append-only segment per writing process, made with the first entry. Puts of one turn of the event loop are written
 * together, synchronously: a write of some kilobytes to the page cache takes microseconds, less than handing it to a
 * thread. On a slow disk a write takes longer, and more puts come together meanwhile.
 */
class FolderMemo implements Memo {
  readonly #folder: string;
  readonly #seal: Seal;
  readonly #options: Required<MemoOptions>;
  readonly #segments: Segments;
  readonly #index = new MemoIndex();
  readonly #recent: LruCache<JsonValue>;
  #own: { readonly segment: Segment; readonly file: number; size: number } | null = null;
  #pending: Pending[] = [];
  readonly #unwritten = new Map<string, { readonly value: JsonValue; readonly written: Promise<void> }>();
  /** Keys of values that this process alone knows, as the disk did not take them. */
  readonly #lost = new Set<string>();
  #scheduled: NodeJS.Immediate | null = null;
  #torn = false;
  #syncTimer: NodeJS.Timeout | null = null;
  #nextRefresh = 0;
  /** The youngest line seen, by its writer's clock. */
  #latest = 0;
  #closed = false;

  constructor(folder: string, options: MemoOptions) {
    this.#folder = folder;
    this.#seal = sealAt(folder);
    this.#options = { refreshMs: 250, syncMs: 5000, cacheBytes: 512 << 10, ...options };
    this.#recent = new LruCache(this.#options.cacheBytes);
    this.#segments = new Segments(folder, this.#seal);
    this.#refresh();
  }

  get entries(): number {
    return this.#index.entries;
  }

  get indexBytes(): number {
    return this.#index.bytes;
  }

  // Not `async` inside: a miss must not let others run between the look and the caller's next step (`languageModel.ts`).
  get(key: string): Promise<JsonValue | undefined> {
    try {
      checkKey(key);
      const known = this.#find(key);
      return Promise.resolve(known === undefined && this.#refresh() ? this.#find(key) : known);
    } catch (error) {
      return Promise.reject(error instanceof HumanError ? error : folderError(this.#folder, 'read', error));
    }
  }

  refresh(): Promise<void> {
    try {
      this.#nextRefresh = 0;
      this.#refresh();
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(folderError(this.#folder, 'read', error));
    }
  }

  async put(key: string, value: JsonValue): Promise<void> {
    checkKey(key);
    if (this.#closed) throw new Error('The memo is closed.');
    const json = JSON.stringify(value);
    const known = this.#find(key);
    const isKnown = known !== undefined && canonicalJson(known) === canonicalJson(value);
    // It may be on its way yet.
    if (isKnown && !this.#lost.has(key)) return this.#unwritten.get(key)?.written;
    this.#recent.set(key, value, json.length);
    // A clock that was set back must not make the older value the younger one.
    const written = known === undefined ? Date.now() : Math.max(Date.now(), this.#latest + 1);
    this.#latest = Math.max(this.#latest, written);
    const line = encodeLine(key, written, json, this.#seal);
    const whenWritten = new Promise<void>((resolve, reject) => {
      const done = (error: HumanError | null) => {
        if (error === null) resolve();
        else reject(error);
      };
      this.#pending.push({ key, written, line, length: line.length - headerBytes - 1, done });
      this.#scheduled ??= setImmediate(() => {
        this.#flush();
      });
    });
    this.#unwritten.set(key, { value, written: whenWritten });
    return whenWritten;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    if (this.#syncTimer !== null) clearTimeout(this.#syncTimer);
    this.#segments.close();
    if (this.#own !== null) {
      const { file } = this.#own;
      this.#own = null;
      try {
        fdatasyncSync(file);
      } catch (error) {
        throw folderError(this.#folder, 'written', error);
      } finally {
        closeSync(file);
      }
    }
  }

  #find(key: string): JsonValue | undefined {
    const recent = this.#recent.get(key);
    if (recent !== undefined) return recent;
    const unwritten = this.#unwritten.get(key);
    if (unwritten !== undefined) return unwritten.value;
    for (const slot of this.#index.candidates(key)) {
      const entry = this.#read(this.#index.place(slot));
      if (entry === null) this.#index.forget(slot);
      else if (entry.key === key) {
        this.#recent.set(key, entry.value, entry.length);
        return entry.value;
      }
    }
    return undefined;
  }

  #read(place: Place): MemoEntry | null {
    const bytes = this.#segments.readBytes(place);
    return bytes === null ? null : readLine(bytes, this.#seal);
  }

  /** Looks at what other processes appended; false when that was done a moment ago. */
  #refresh(): boolean {
    const begun = performance.now();
    if (begun < this.#nextRefresh) return false;
    this.#segments.refresh(this.#own?.segment ?? null, (header, place) => {
      this.#note(header, place);
    });
    const took = performance.now() - begun;
    // On a slow disk, or with very many segments, looking may take no more than a twentieth of the time.
    this.#nextRefresh = performance.now() + Math.max(this.#options.refreshMs, 20 * took);
    return true;
  }

  /** Enters a line; of two lines with one key the younger counts. */
  #note(header: LineHeader, place: Place): void {
    this.#latest = Math.max(this.#latest, header.written);
    for (const slot of this.#index.candidates(header.key)) {
      const other = this.#read(this.#index.place(slot));
      if (other !== null && other.key !== header.key) continue;
      // A line that was not sealed here must not hide one that was.
      if ((other === null || other.written <= header.written) && this.#read(place) !== null) {
        this.#index.move(slot, place);
        this.#recent.delete(header.key);
      }
      return;
    }
    this.#index.add(header.key, place);
  }

  #flush(): void {
    if (this.#scheduled !== null) clearImmediate(this.#scheduled);
    this.#scheduled = null;
    const batch = this.#pending;
    if (batch.length === 0) return;
    let failure: HumanError | null = null;
    try {
      this.#write(batch);
    } catch (error) {
      failure = folderError(this.#folder, 'written', error);
    }
    this.#pending = [];
    this.#unwritten.clear();
    for (const { key, done } of batch) {
      if (failure === null) this.#lost.delete(key);
      else this.#lost.add(key);
      done(failure);
    }
  }

  #write(batch: readonly Pending[]): void {
    const own = this.#ownSegment();
    const lines = batch.map((pending) => pending.line);
    // A batch that was cut off (a full disk) left half a line: end it, so that it spoils nothing after it.
    const bytes = Buffer.concat(this.#torn ? [Buffer.from('\n'), ...lines] : lines);
    let offset = own.size + (this.#torn ? 1 : 0);
    try {
      for (let written = 0; written < bytes.length;) written += writeSync(own.file, bytes, written);
    } catch (error) {
      own.size = fstatSync(own.file).size;
      this.#torn = true;
      throw error;
    }
    this.#torn = false;
    own.size += bytes.length;
    for (const { key, written, line, length } of batch) {
      this.#note({ key, written, length }, { segment: own.segment.number, offset, length });
      offset += line.length;
    }
    this.#syncSoon(own.file);
  }

  #ownSegment() {
    if (this.#own === null) {
      const name = newSegmentName();
      const file = openSync(join(this.#folder, name), 'ax');
      this.#own = { segment: this.#segments.own(name), file, size: 0 };
    }
    return this.#own;
  }

  #syncSoon(file: number): void {
    if (this.#syncTimer !== null) return;
    this.#syncTimer = setTimeout(() => {
      this.#syncTimer = null;
      // A failed sync shows up again with the next write, or when the memo is closed.
      if (!this.#closed) fdatasync(file, () => undefined);
    }, this.#options.syncMs);
    this.#syncTimer.unref();
  }
}

function checkKey(key: string): void {
  if (!isMemoKey(key)) throw new Error(`Not a SHA-256 in hex: "${key}".`);
}

function folderError(folder: string, what: string, cause: unknown): HumanError {
  const code = codeOf(cause);
  const why =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? 'the disk is full. Make room'
      : code === 'EACCES' || code === 'EROFS' || code === 'EPERM'
        ? 'no permission. Make the folder writable'
        : `${messageOf(cause)}. Check the folder`;
  return new HumanError(`The memo of paid answers in ${folder} cannot be ${what}: ${why}, then try again.`, { cause });
}
