import * as z from 'zod';
import { contentHash } from '../../base/contentHash.ts';
import type { JsonValue } from '../../base/json.ts';
import { keptPath } from '../../base/portablePaths.ts';
import { nameOfRead, readNameSchema } from '../../data/reads.ts';
import type { Read, ReadName, Reads } from '../../data/reads.ts';
import type { Reading, Surroundings } from '../../engine/interfaces.ts';
import { Fingerprints, together } from './fingerprints.ts';
import type { FingerprintOptions } from './fingerprints.ts';
import { SeenThings } from './seenThings.ts';
import type { Seen } from './seenThings.ts';

export interface SurroundingsOptions extends FingerprintOptions {
  /** Where sets of names are kept. */
  readonly memo: {
    get(key: string): Promise<JsonValue | undefined>;
    put(key: string, value: JsonValue): Promise<void>;
  };
  /** Something that people should find in the run's record. */
  readonly warn: (message: string) => void;
  /** Milliseconds for which a look at a set's things counts. Default 1000. */
  readonly freshMs?: number;
}

/** What a set holds: its own names, and those of another. Kept in the memo under the set's hash. */
const setSchema = z.object({ before: z.string().nullable(), names: z.array(readNameSchema) });
type NamedSet = z.infer<typeof setSchema>;

interface Look {
  readonly at: number;
  readonly fingerprint: Promise<string | null>;
}

/** The files, packages and variables of this machine. */
export class FileSurroundings implements Surroundings {
  readonly #options: SurroundingsOptions;
  readonly #fingerprints: Fingerprints;
  readonly #whenRead = new WeakMap<Reads, Promise<Reading | null>>();
  readonly #sets = new Map<string, NamedSet>();
  readonly #looks = new Map<string, Look>();
  readonly #seen = new SeenThings();
  #warned = false;

  constructor(options: SurroundingsOptions) {
    this.#options = options;
    this.#fingerprints = new Fingerprints(options);
  }

  whenRead(reads: Reads): Promise<Reading | null> {
    let reading = this.#whenRead.get(reads);
    if (reading === undefined) {
      reading = this.#read(reads);
      this.#whenRead.set(reads, reading);
    }
    return reading;
  }

  async now(set: string): Promise<string | null> {
    const { freshMs = 1000 } = this.#options;
    const known = this.#looks.get(set);
    const at = performance.now();
    if (known !== undefined && at - known.at < freshMs) return known.fingerprint;
    const fingerprint = this.#look(set);
    this.#looks.set(set, { at, fingerprint });
    return fingerprint;
  }

  /** Everything that outcomes of this process depend on; `null` where that is unknown. */
  seen(): Seen | null {
    return this.#seen.all();
  }

  async #read({ before, here }: Reads): Promise<Reading | null> {
    // First of all: what was just read is still as it was.
    const parts = here.map((read) => this.#fingerprints.whenRead(read));
    const earlier = before === null ? null : await this.whenRead(before);
    if (before !== null && earlier === null) return null;
    const lost = here.find((_, i) => parts[i] === null);
    if (lost !== undefined) {
      this.#tellOfChange(lost);
      return null;
    }
    const names = here.map((read) => this.#kept(nameOfRead(read)));
    this.#seen.add(names, parts);
    const set = await this.#keep({ before: earlier?.set ?? null, names });
    return { set, fingerprint: together(earlier?.fingerprint ?? null, parts) };
  }

  #kept(name: ReadName): ReadName {
    return 'path' in name ? { ...name, path: keptPath(name.path, this.#options.workspace) } : name;
  }

  async #keep(named: NamedSet): Promise<string> {
    const { memo } = this.#options;
    const set = contentHash(['what was read', named.before, named.names]);
    if (this.#sets.has(set)) return set;
    this.#sets.set(set, named);
    if ((await memo.get(set)) === undefined) await memo.put(set, named);
    return set;
  }

  async #look(set: string): Promise<string | null> {
    const named = await this.#named(set);
    if (named === null) return null;
    const earlier = named.before === null ? null : await this.now(named.before);
    if (named.before !== null && earlier === null) return null;
    const parts = named.names.map((name) => this.#fingerprints.now(name));
    if (parts.includes(null)) return null;
    this.#seen.add(named.names, parts);
    return together(earlier, parts);
  }

  async #named(set: string): Promise<NamedSet | null> {
    const known = this.#sets.get(set);
    if (known !== undefined) return known;
    const named = setSchema.safeParse(await this.#options.memo.get(set)).data ?? null;
    if (named !== null) this.#sets.set(set, named);
    return named;
  }

  #tellOfChange(read: Read): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#seen.lost();
    const what = read.kind === 'file' ? read.path : 'Something that the program reads';
    this.#options.warn(
      `${what} changed while the program ran on it. What its runs give is not remembered from now on; LM answers are.`,
    );
  }
}
