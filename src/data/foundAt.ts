/** The state of things on the disk, in a form that can be compared later. */
import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { sep } from 'node:path';
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

/** Whether a path leads into such a folder. */
export function isOurs(path: string): boolean {
  return path.split(sep).some((part) => ours.has(part));
}

/** The names in a folder, but for ours, in the order of their bytes; `null`: it cannot be listed. */
export function namesIn(folder: string): readonly string[] | null {
  try {
    const names = readdirSync(folder).filter((name) => !ours.has(name));
    return names
      .map((name) => Buffer.from(name))
      .sort((a, b) => Buffer.compare(a, b))
      .map(String);
  } catch {
    return null;
  }
}

/**
 * SHA-256 (hex) of names, a line each, as `python/host/bettertogether_host/reads.py` makes it.
 *
 * @param names in the order of `namesIn`.
 */
export function hashOfNames(names: readonly string[]): string {
  return createHash('sha256')
    .update(names.map((name) => `${name}\n`).join(''))
    .digest('hex');
}
