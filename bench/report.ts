/** What benches say of numbers, and of goals. */

/** The middle one of `all` by size; of an even number the upper one. */
export function median(all: readonly number[]): number {
  return [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)]!;
}

/** A line that says whether a goal is met, by which value, and where it is missed perhaps why. */
export function goalLine(what: string, value: number, hit: boolean, why = ''): string {
  const because = hit || why === '' ? '' : ` (${why})`;
  return `  ${hit ? 'hit ' : 'MISS'}  ${value.toFixed(2).padStart(6)}  ${what}${because}`;
}
