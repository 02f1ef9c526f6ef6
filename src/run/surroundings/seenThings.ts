import * as z from 'zod';
import { readNameSchema } from '../../data/reads.ts';
import type { ReadName } from '../../data/reads.ts';
import { together } from './fingerprints.ts';

/** Things, and what they were like together. */
export const seenSchema = z.object({ names: z.array(readNameSchema), fingerprint: z.string() });
export type Seen = z.infer<typeof seenSchema>;

/** Everything that was read or looked at again, by name. */
export class SeenThings {
  readonly #byName = new Map<string, { readonly name: ReadName; readonly fingerprint: string | null }>();
  #clear = true;

  add(names: readonly ReadName[], fingerprints: readonly (string | null)[]): void {
    for (const [i, name] of names.entries()) {
      const key = JSON.stringify(name);
      const fingerprint = fingerprints[i]!;
      const known = this.#byName.get(key);
      if (known !== undefined && known.fingerprint !== fingerprint) this.lost();
      this.#byName.set(key, { name, fingerprint });
    }
  }

  /** Something was not always the same: there is no state of things that all of it belongs to. */
  lost(): void {
    this.#clear = false;
  }

  all(): Seen | null {
    if (!this.#clear) return null;
    const things = [...this.#byName.values()];
    return {
      names: things.map(({ name }) => name),
      fingerprint: together(
        null,
        things.map(({ fingerprint }) => fingerprint),
      ),
    };
  }
}
