/**
 * Python's method resolution order (C3); where the bases contradict each other, depth first, each class once.
 * A class that is its own base while somebody types is cut off.
 */
export function linearize<T>(start: T, basesOf: (one: T) => readonly T[], around: readonly T[] = []): readonly T[] {
  if (around.includes(start)) return [];
  const bases = basesOf(start).filter((base) => base !== start && !around.includes(base));
  const lines = bases.map((base) => linearize(base, basesOf, [...around, start]));
  return [start, ...(merge([...lines, bases]) ?? new Set(lines.flat()))];
}

function merge<T>(lists: readonly (readonly T[])[]): readonly T[] | null {
  const merged: T[] = [];
  let rest = lists.filter((list) => list.length > 0);
  while (rest.length > 0) {
    const next = rest.map((list) => list[0]!).find((head) => !rest.some((list) => list.indexOf(head) > 0));
    if (next === undefined) return null;
    merged.push(next);
    rest = rest.map((list) => (list[0] === next ? list.slice(1) : list)).filter((list) => list.length > 0);
  }
  return merged;
}
