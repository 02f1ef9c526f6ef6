/** No one mistypes longer ones; comparing takes time with the square of the length. */
const longestName = 200;
const namesCompared = 1000;
const namesShown = 50;

/** The name among `names` that `wrong` was most likely meant to be; `undefined` when none is near. */
export function nearest(wrong: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(wrong.length / 3)) + 1;
  if (wrong.length > longestName) return undefined;
  for (const name of names.slice(0, namesCompared)) {
    if (name.length > longestName) continue;
    const distance = editDistance(wrong.toLowerCase(), name.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}

/** ' Did you mean "x"?' and the list of what there is. */
export function suggestion(wrong: string, names: readonly string[]): string {
  const near = nearest(wrong, names);
  const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
  const more = names.length > namesShown ? ` and ${names.length - namesShown} more` : '';
  return names.length === 0 ? hint : `${hint} Known: ${names.slice(0, namesShown).join(', ')}${more}.`;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
