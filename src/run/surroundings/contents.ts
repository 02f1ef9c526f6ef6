import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { foundAt } from '../../data/foundAt.ts';
import type { FileStamp, Found } from '../../data/reads.ts';

/** Bytes up to which a file is known by its content, hashed once; a larger one by its size and time of change. */
const hashedAtMost = 8 * 1024 * 1024;

/** What files hold. A content is read once for each size and time of change. */
export class Contents {
  readonly #hashes = new Map<string, string>();

  /** The fingerprint of what is at a path now; `null`: it is being written. */
  now(path: string): string | null {
    return this.of(path, foundAt(path));
  }

  /** The fingerprint of what was found at a path; `null`: it is not there any more to be looked at. */
  of(path: string, found: Found): string | null {
    if (typeof found === 'string') return found;
    if (found.size > hashedAtMost) return `${found.size} ${found.mtime}`;
    const key = `${path}\n${found.size} ${found.mtime}`;
    const known = this.#hashes.get(key);
    if (known !== undefined) return known;
    const hash = hashIf(path, found);
    if (hash !== null) this.#hashes.set(key, hash);
    return hash;
  }
}

/** The content's hash if it is, before and after it is read, the file that was found. */
function hashIf(path: string, found: FileStamp): string | null {
  if (!isStill(path, found)) return null;
  try {
    const hash = createHash('sha256').update(readFileSync(path)).digest('hex');
    return isStill(path, found) ? hash : null;
  } catch {
    return null;
  }
}

function isStill(path: string, { size, mtime }: FileStamp): boolean {
  const now = foundAt(path);
  return typeof now !== 'string' && now.size === size && now.mtime === mtime;
}
