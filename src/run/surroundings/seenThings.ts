import * as z from 'zod';
import { keyOfName, readNameSchema } from '../../data/reads.ts';
import type { ReadName } from '../../data/reads.ts';
import { together } from './fingerprints.ts';

/** Things, and what they were like together. */
export const seenSchema = z.object({ names: z.array(readNameSchema), fingerprint: z.string() });
export type Seen = z.infer<typeof seenSchema>;

interface SeenThing {
  readonly name: ReadName;
  readonly fingerprint: string | null;
}

/** Everything that was read or looked at again: each thing once. */
export class SeenThings {
  readonly #byKey = new Map<string, SeenThing>();
  #clear = true;

  add(names: readonly ReadName[], fingerprints: readonly (string | null)[]): void {
    for (const [i, name] of names.entries()) {
      const key = keyOfName(name);
      const seen = { name, fingerprint: fingerprints[i]! };
      const known = this.#byKey.get(key);
      if (known !== undefined && isOtherwise(known, seen)) this.lost();
      if (known === undefined || ownNames(known.name).length <= ownNames(name).length) this.#byKey.set(key, seen);
    }
  }

  /** Something was not always the same: there is no state of things that all of it belongs to. */
  lost(): void {
    this.#clear = false;
  }

  all(): Seen | null {
    if (!this.#clear) return null;
    const things = [...this.#byKey.values()];
    return {
      names: things.map(({ name }) => name),
      fingerprint: together(
        null,
        things.map(({ fingerprint }) => fingerprint),
      ),
    };
  }
}

/** Whether one thing was not the same both times. With other names of the program's left out, a folder is another. */
function isOtherwise(known: SeenThing, seen: SeenThing): boolean {
  if (known.fingerprint === seen.fingerprint) return false;
  return String(ownNames(known.name)) === String(ownNames(seen.name));
}

/** The program makes more of them as it goes on. */
function ownNames(name: ReadName): readonly string[] {
  return name.kind === 'folder' ? name.without : [];
}
