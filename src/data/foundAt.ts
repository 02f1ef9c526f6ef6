/** How things on the disk are, told so that two moments can be compared. */
import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import type { Found } from './reads.ts';

/** What is at an absolute path; links are followed. What cannot be looked at is not there. */
export function foundAt(path: string): Found {
  const stat = statOf(path);
  if (stat === undefined) return 'nothing';
  if (stat.isDirectory()) return 'folder';
  if (!stat.isFile()) return 'other';
  return { size: Number(stat.size), mtime: Number(stat.mtimeNs / 1000n) };
}

function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Made by Python and by us wherever a program runs: no part of what it finds. */
const ours = new Set(['__pycache__', '.bettertogether']);

/**
 * SHA-256 (hex) of the names in a folder, in the order of their bytes and a line each, as
 * `python/host/bettertogether_host/reads.py` makes it; `null`: it cannot be listed.
 *
 * @param without names that do not count.
 */
export function entriesHash(folder: string, without: readonly string[]): string | null {
  const left = new Set(without);
  try {
    const names = readdirSync(folder, 'utf8').filter((name) => !ours.has(name) && !left.has(name));
    const lines = names.map((name) => Buffer.from(name)).sort((a, b) => Buffer.compare(a, b));
    const hash = createHash('sha256');
    for (const line of lines) hash.update(line).update('\n');
    return hash.digest('hex');
  } catch {
    return null;
  }
}
