import { contentHash } from '../../base/contentHash.ts';
import { foundAt, hashOfNames, namesIn } from '../../data/foundAt.ts';
import { locatedPath } from '../../base/portablePaths.ts';
import { kindOfFound } from '../../data/reads.ts';
import type { Read, ReadName } from '../../data/reads.ts';
import { ownSeal } from '../../home/seal.ts';
import type { Seal } from '../../home/seal.ts';
import { Contents } from './contents.ts';
import { Packages } from './packages.ts';
import { environmentFingerprint, variableFingerprint } from './variables.ts';

export interface FingerprintOptions {
  /** Paths within it are kept as such: a workspace that is moved keeps what it remembers. */
  readonly workspace: string;
  /** The environment of the program. Default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** Default: the user's own. */
  readonly seal?: Seal;
}

/** What things are like: a text each, equal where they are the same. */
export class Fingerprints {
  readonly #workspace: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #seal: Seal;
  readonly #contents = new Contents();
  readonly #packages = new Packages();

  constructor({ workspace, env = process.env, seal = ownSeal() }: FingerprintOptions) {
    this.#workspace = workspace;
    this.#env = env;
    this.#seal = seal;
  }

  /** As a thing was when it was read; `null`: it has changed since, and it is unknown what it was. */
  whenRead(read: Read): string | null {
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
        return this.now(read);
    }
  }

  /** As a thing is, its path as files keep it or absolute; `null`: it is being written. */
  now(name: ReadName): string | null {
    switch (name.kind) {
      case 'file':
        return this.#contents.now(this.#located(name.path));
      case 'place':
        return kindOfFound(foundAt(this.#located(name.path)));
      case 'folder':
        return entriesNow(this.#located(name.path), name.without);
      case 'package':
        return this.#packages.version(this.#located(name.path));
      case 'variable':
        return variableFingerprint(name.name, this.#env, this.#seal);
      case 'environment':
        return environmentFingerprint(this.#env, this.#seal);
    }
  }

  #located(path: string): string {
    return locatedPath(path, this.#workspace);
  }
}

/** What several things are like together, and after others. */
export function together(before: string | null, parts: readonly (string | null)[]): string {
  return contentHash([before, parts]);
}

/** As a host reports `entries`. */
function entriesNow(folder: string, without: readonly string[]): string {
  const left = new Set(without);
  const names = namesIn(folder)?.filter((name) => !left.has(name));
  return names === undefined ? 'nothing' : hashOfNames(names);
}
