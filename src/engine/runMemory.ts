/**
 * What is remembered of program runs. A key alone does not decide what a run gives: it may read files, variables and
 * modules while it runs, and which ones is known only afterwards. So a key leads to the sets of things that runs under
 * it have read, and key, set and what the set is like now lead to the value: a build cache's manifests. What is put
 * back as it was finds again what was remembered for it.
 */
import * as z from 'zod';
import { contentHash } from '../base/contentHash.ts';
import type { Journal, ProgramRun, Reading, Surroundings } from './interfaces.ts';
import { recallAs, rememberAs } from './memory.ts';

/** Of a program that reads nothing. */
export const readNothing: Reading = { set: '', fingerprint: '' };

/** Values of one key that are looked for, by what they had read: the latest. */
const alternatives = 16;

/** Under the key itself: what was read for each value, the latest first. Hashes of sets (`Surroundings`). */
const manifestSchema = z.object({ reads: z.array(z.array(z.string())) });
type Manifest = z.infer<typeof manifestSchema>;

export interface Recalled<T> {
  readonly value: T;
  /** What it depends on besides its key. */
  readonly readings: readonly Reading[];
}

export class RunMemory {
  readonly #journal: Pick<Journal, 'recall' | 'remember'>;
  readonly #surroundings: Surroundings | null;

  /** @param surroundings `null`: nothing is recalled and nothing remembered (`"remember": false`). */
  constructor(journal: Pick<Journal, 'recall' | 'remember'>, surroundings: Surroundings | null) {
    this.#journal = journal;
    this.#surroundings = surroundings;
  }

  /**
   * What was remembered under `key` when all that it depends on was as it is now.
   *
   * @param isFinal a value that is not is given only where there is no other
   */
  async recall<T>(
    key: string,
    schema: z.ZodType<T>,
    isFinal: (value: T) => boolean = () => true,
  ): Promise<Recalled<T> | undefined> {
    const surroundings = this.#surroundings;
    if (surroundings === null) return undefined;
    let fallback: Recalled<T> | undefined;
    // A value of another shape, such as one from before reads were noticed, cannot be trusted: it is made again, once.
    const manifest = await recallAs(this.#journal, key, manifestSchema);
    for (const sets of manifest?.reads ?? []) {
      const readings = await readingsNow(surroundings, sets);
      if (readings === null) continue;
      const value = await recallAs(this.#journal, valueKey(key, readings), schema);
      if (value === undefined) continue;
      if (isFinal(value)) return { value, readings };
      fallback ??= { value, readings };
    }
    return fallback;
  }

  /** @param readings what `value` depends on besides its key, in any order; `null`: that is unknown. */
  async remember<T extends object>(key: string, value: NoInfer<T>, readings: readonly Reading[] | null): Promise<void> {
    if (this.#surroundings === null || readings === null) return;
    const sorted = readings.toSorted((a, b) => (a.set < b.set ? -1 : 1));
    // Waited for together: what was read for a value that a crash kept from the disk leads to nothing (`recall`).
    await Promise.all([rememberAs<T>(this.#journal, valueKey(key, sorted), value), this.#rememberSets(key, sorted)]);
  }

  /** Enters what was read for the latest value of `key`. */
  async #rememberSets(key: string, readings: readonly Reading[]): Promise<void> {
    const sets = readings.map(({ set }) => set);
    const known = (await recallAs(this.#journal, key, manifestSchema))?.reads ?? [];
    if (known[0]?.join() === sets.join()) return;
    const others = known.filter((each) => each.join() !== sets.join());
    await rememberAs<Manifest>(this.#journal, key, { reads: [sets, ...others].slice(0, alternatives) });
  }

  /** What a finished program run depends on; `null`: that is unknown. */
  async readingOf(reads: ProgramRun['reads']): Promise<Reading | null> {
    if (reads === undefined || this.#surroundings === null) return readNothing;
    const known = await reads;
    return known === null ? null : this.#surroundings.whenRead(known);
  }
}

async function readingsNow(surroundings: Surroundings, sets: readonly string[]): Promise<readonly Reading[] | null> {
  const readings = await Promise.all(sets.map((set) => readingNow(surroundings, set)));
  return readings.every((reading) => reading !== null) ? readings : null;
}

async function readingNow(surroundings: Surroundings, set: string): Promise<Reading | null> {
  if (set === readNothing.set) return readNothing;
  const fingerprint = await surroundings.now(set);
  return fingerprint === null ? null : { set, fingerprint };
}

function valueKey(key: string, readings: readonly Reading[]): string {
  return contentHash(['as it was read', key, readings.map(({ set, fingerprint }) => [set, fingerprint])]);
}

/** Gathers what the runs of one piece of work depend on. */
export class ReadingTally {
  readonly #bySet = new Map<string, string>();
  readonly #open = new Set<Promise<void>>();
  #clear = true;

  /** @param reading `null`: that is unknown */
  add(reading: Reading | null | Promise<Reading | null>): void {
    if (reading instanceof Promise) this.#addLater(reading);
    else this.#add(reading);
  }

  /** What the whole work depends on; `null`: that is unknown. */
  async all(): Promise<readonly Reading[] | null> {
    while (this.#open.size > 0) await Promise.all(this.#open);
    return this.#clear ? [...this.#bySet].map(([set, fingerprint]) => ({ set, fingerprint })) : null;
  }

  #addLater(reading: Promise<Reading | null>): void {
    const added = reading
      .catch(() => null) // its maker gets the error
      .then((known) => {
        this.#open.delete(added);
        this.#add(known);
      });
    this.#open.add(added);
  }

  #add(reading: Reading | null): void {
    if (reading === null) {
      this.#clear = false;
      return;
    }
    const { set, fingerprint } = reading;
    const known = this.#bySet.get(set);
    // The same file was read before and after it changed: no state of the files gives this work again.
    if (known !== undefined && known !== fingerprint) this.#clear = false;
    this.#bySet.set(set, fingerprint);
  }
}
