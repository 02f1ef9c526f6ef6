/** Runs that a later version of BetterTogether began: they may ask for what this one does not know. */

/** Whether `other` comes after `own`: numbers joined by dots; what follows a `-` counts for nothing. */
export function isLater(other: string, own: string): boolean {
  const [theirs, ours] = [numbersOf(other), numbersOf(own)];
  const at = theirs.findIndex((number, i) => number !== (ours[i] ?? 0));
  return at >= 0 && theirs[at]! > (ours[at] ?? 0);
}

function numbersOf(version: string): readonly number[] {
  return version.split('-', 1)[0]!.split('.').map(Number);
}

/**
 * Keys that `text` has and that were not read, as dotted paths. Whoever writes `read` back would lose them.
 *
 * @param text JSON.
 */
export function unreadKeys(text: string, read: unknown): readonly string[] {
  return missing(JSON.parse(text), read, '');
}

function missing(given: unknown, read: unknown, path: string): readonly string[] {
  if (typeof given !== 'object' || given === null) return [];
  const known = typeof read === 'object' && read !== null ? (read as Record<string, unknown>) : {};
  return Object.entries(given).flatMap(([key, value]) => {
    const at = path === '' ? key : `${path}.${key}`;
    return Object.hasOwn(known, key) ? missing(value, known[key], at) : [at];
  });
}
