import { messageOf } from '../base/errors.ts';
import { allReads, keyOfName } from '../data/reads.ts';
import type { Read, Reads } from '../data/reads.ts';
import { readReads } from './messages.ts';
import { mostReads } from './protocol.ts';
import type { ReadsParams } from './protocol.ts';

/** Characters of an error that are shown: one of many parts has as many causes. */
const longestCause = 300;

/** What one host process has read so far. */
export class ReadLog {
  readonly #byKey = new Map<string, Read>();
  /** Paths that the process looked at before it wrote them. */
  readonly #written = new Set<string>();
  #reads: Reads | null = null;
  #clear = true;
  #absences = 0;

  /** How many looks so far found nothing, or a folder's names: what the process makes later can be what they missed. */
  get absences(): number {
    return this.#absences;
  }

  /**
   * Takes what a host sent. What cannot be understood may have held anything, so nothing is known from then on.
   *
   * @returns as `add`
   */
  receive(message: unknown): string | null {
    try {
      return this.add(readReads(message));
    } catch (error) {
      return this.#clear
        ? this.#giveUp(`What the program reads cannot be taken in: ${messageOf(error).slice(0, longestCause)}`)
        : null;
    }
  }

  /** @returns why nothing is known of any run from now on, the first time that this is so; else `null`. */
  add({ reads, written, unclear }: ReadsParams): string | null {
    if (!this.#clear) return null;
    if (unclear !== undefined) return this.#giveUp(unclear);
    const own = new Set(written);
    const fresh = reads.filter((read) => !('path' in read && own.has(read.path)));
    const replaces = fresh.some((read) => this.#byKey.has(keyOfName(read)));
    for (const read of fresh) this.#byKey.set(keyOfName(read), read);
    this.#absences += fresh.filter(isAbsence).length;
    const dropped = written.filter((path) => this.#drop(path)).length > 0;
    if (this.#byKey.size > mostReads) return this.#giveUp(`The program reads more than ${mostReads} things.`);
    if (replaces || dropped) this.#reads = { before: null, here: [...this.#byKey.values()] };
    else if (fresh.length > 0) this.#reads = { before: this.#reads, here: fresh };
    return null;
  }

  /** What a run that is through now can have used. */
  soFar(): { readonly reads?: Reads | null } {
    if (!this.#clear) return { reads: null };
    return this.#reads === null ? {} : { reads: this.#reads };
  }

  /**
   * What a run depends on that ended with `atEnd`, once the runs beside it are over: one of them may have looked for a
   * file in vain before that end, and have made it after it. What the program makes itself is not a dependency.
   */
  withoutWritten(atEnd: Reads): Reads {
    const all = allReads(atEnd);
    const left = all
      .filter((read) => !('path' in read && this.#written.has(read.path)))
      .map((read) => this.#relisted(read));
    return left.length === all.length && left.every((read, i) => read === all[i])
      ? atEnd
      : { before: null, here: left };
  }

  /** A folder without the names in it that the program has made since. */
  #relisted(read: Read): Read {
    return read.kind === 'folder' ? (this.#byKey.get(keyOfName(read)) ?? read) : read;
  }

  #giveUp(why: string): string {
    this.#clear = false;
    return why;
  }

  #drop(path: string): boolean {
    this.#written.add(path);
    const kinds = ['file', 'place', 'folder'] as const;
    return kinds.map((kind) => this.#byKey.delete(`${kind} ${path}`)).some(Boolean);
  }
}

function isAbsence(read: Read): boolean {
  return read.kind === 'folder' || ('found' in read && read.found === 'nothing');
}
