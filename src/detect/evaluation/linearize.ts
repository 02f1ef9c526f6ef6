/**
 * Python's method resolution order (C3). Where the bases contradict each other, depth first, each class once.
 * A class that is its own base while somebody types is cut off.
 *
 * @param known the orders that were found before; those that are found now are added.
 * @param mostAncestors of one class: a line of more ends there.
 */
export function linearize<T>(
  start: T,
  basesOf: (one: T) => readonly T[],
  known: Map<T, readonly T[]>,
  mostAncestors: number,
): readonly T[] {
  // Without going down into bases of bases: chains may be of any length.
  const open: { readonly one: T; readonly bases: readonly T[]; next: number }[] = [];
  const around = new Set<T>();
  const enter = (one: T): void => {
    around.add(one);
    open.push({ one, bases: open.length < mostAncestors ? basesOf(one) : [], next: 0 });
  };
  enter(start);
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const base = top.bases[top.next++];
    if (base !== undefined) {
      if (!known.has(base) && !around.has(base)) enter(base);
      continue;
    }
    open.pop();
    around.delete(top.one);
    const bases = top.bases.filter((each) => known.has(each));
    known.set(top.one, [top.one, ...mergedLines(bases, known)].slice(0, mostAncestors));
  }
  return known.get(start)!;
}

/** Ancestors of each of several bases that are merged: more than programs have, and few enough for a thousand classes. */
const mostMerged = 200;

function mergedLines<T>(bases: readonly T[], known: ReadonlyMap<T, readonly T[]>): readonly T[] {
  if (bases.length === 1) return known.get(bases[0]!)!;
  const lines = bases.map((base) => known.get(base)!.slice(0, mostMerged));
  return merge([...lines, bases]) ?? [...new Set(lines.flat())];
}

/** C3: always the first head that is in no list behind its head; `null` where there is none. */
function merge<T>(lists: readonly (readonly T[])[]): readonly T[] | null {
  const places = lists.map(() => 0);
  /** In how many lists something is behind the head. */
  const behind = new Map<T, number>();
  for (const list of lists) for (const each of list.slice(1)) behind.set(each, (behind.get(each) ?? 0) + 1);
  const merged: T[] = [];
  for (;;) {
    const heads = lists.flatMap((list, i) => list.slice(places[i], places[i]! + 1));
    if (heads.length === 0) return merged;
    const next = heads.find((head) => (behind.get(head) ?? 0) === 0);
    if (next === undefined) return null;
    merged.push(next);
    for (const [i, list] of lists.entries()) {
      if (list[places[i]!] !== next) continue;
      places[i]! += 1;
      const head = list[places[i]!];
      if (head !== undefined) behind.set(head, behind.get(head)! - 1);
    }
  }
}
