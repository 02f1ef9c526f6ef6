import * as z from 'zod';
import { contentHash } from '../../data/contentHash.ts';
import { foundAt, hashOfNames, namesIn } from '../../data/foundAt.ts';
import type { JsonValue } from '../../data/json.ts';
import { keptPath, locatedPath } from '../../data/portablePaths.ts';
import { kindOfFound, nameOfRead, readNameSchema } from '../../data/reads.ts';
import type { Read, ReadName, Reads } from '../../data/reads.ts';
import type { Reading, Surroundings } from '../../engine/interfaces.ts';
import { ownSeal } from '../../home/seal.ts';
import type { Seal } from '../../home/seal.ts';
import { Contents } from './contents.ts';
import { Packages } from './packages.ts';
import { environmentFingerprint, variableFingerprint } from './variables.ts';

export interface SurroundingsOptions {
  /** Paths within it are kept as such: a workspace that is moved keeps what it remembers. */
  readonly workspace: string;
  /** Where sets of names are kept. */
  readonly memo: {
    get(key: string): Promise<JsonValue | undefined>;
    put(key: string, value: JsonValue): Promise<void>;
  };
  /** Something that people should find in the run's record. */
  readonly warn: (message: string) => void;
  /** The environment of the program. Default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** Default: the user's own. */
  readonly seal?: Seal;
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
  readonly #seal: Seal;
  readonly #env: NodeJS.ProcessEnv;
  readonly #contents = new Contents();
  readonly #packages = new Packages();
  readonly #whenRead = new WeakMap<Reads, Promise<Reading | null>>();
  readonly #sets = new Map<string, NamedSet>();
  readonly #looks = new Map<string, Look>();
  #warned = false;

  constructor(options: SurroundingsOptions) {
    this.#options = options;
    this.#seal = options.seal ?? ownSeal();
    this.#env = options.env ?? process.env;
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

  async #read({ before, here }: Reads): Promise<Reading | null> {
    // First of all: what was just read is still as it was.
    const parts = here.map((read) => this.#fingerprintOf(read));
    const earlier = before === null ? null : await this.whenRead(before);
    if (before !== null && earlier === null) return null;
    const lost = here.filter((_, i) => parts[i] === null);
    if (lost.length > 0) {
      this.#tellOfChange(lost[0]!);
      return null;
    }
    const { workspace } = this.#options;
    const names = here.map((read) => withPath(nameOfRead(read), (path) => keptPath(path, workspace)));
    const set = await this.#keep({ before: earlier?.set ?? null, names });
    return { set, fingerprint: fingerprintOf(earlier?.fingerprint ?? null, parts) };
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
    const parts = named.names.map((name) => this.#fingerprintNow(name));
    return parts.includes(null) ? null : fingerprintOf(earlier, parts);
  }

  async #named(set: string): Promise<NamedSet | null> {
    const known = this.#sets.get(set);
    if (known !== undefined) return known;
    const named = setSchema.safeParse(await this.#options.memo.get(set)).data ?? null;
    if (named !== null) this.#sets.set(set, named);
    return named;
  }

  #fingerprintOf(read: Read): string | null {
    switch (read.kind) {
      case 'file':
        return this.#contents.of(read.path, read.found);
      case 'place':
        return read.found;
      case 'folder':
        return read.entries ?? 'nothing';
      case 'package':
      case 'variable':
      case 'environment':
        return this.#fingerprintNow(read);
    }
  }

  #fingerprintNow(kept: ReadName): string | null {
    const name = withPath(kept, (path) => locatedPath(path, this.#options.workspace));
    switch (name.kind) {
      case 'file':
        return this.#contents.now(name.path);
      case 'place':
        return kindOfFound(foundAt(name.path));
      case 'folder':
        return entriesNow(name.path, name.without);
      case 'package':
        return this.#packages.version(name.path);
      case 'variable':
        return variableFingerprint(name.name, this.#env, this.#seal);
      case 'environment':
        return environmentFingerprint(this.#env, this.#seal);
    }
  }

  #tellOfChange(read: Read): void {
    if (this.#warned) return;
    this.#warned = true;
    const what = read.kind === 'file' ? read.path : 'something it reads';
    this.#options.warn(
      `${what} changed while the program ran on it. What its runs give from now on in this process is not remembered; ` +
        'LM answers are.',
    );
  }
}

/** As a host tells `entries`. */
function entriesNow(folder: string, without: readonly string[]): string {
  const left = new Set(without);
  const names = namesIn(folder)?.filter((name) => !left.has(name));
  return names === undefined ? 'nothing' : hashOfNames(names);
}

function fingerprintOf(before: string | null, parts: readonly (string | null)[]): string {
  return contentHash([before, parts]);
}

function withPath(name: ReadName, change: (path: string) => string): ReadName {
  return 'path' in name ? { ...name, path: change(name.path) } : name;
}
