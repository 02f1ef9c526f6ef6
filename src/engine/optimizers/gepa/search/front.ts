/** The Pareto front over validation rows, and the draw of a parent from it, as gepa makes them. */
import { NumberSet } from './numberSet.ts';
import type { DrawnRandom } from './drawnRandom.ts';

/** For each validation row the candidates (their places in the pool) that have its best score; ties are all kept. */
export type Fronts = readonly NumberSet[];

/** @param scores of each candidate in the order of the pool, one score a validation row. */
export function frontsOf(scores: readonly (readonly number[])[]): Fronts {
  const rows = scores[0]?.length ?? 0;
  return Array.from({ length: rows }, (_, row) => frontOfRow(scores.map((ofCandidate) => ofCandidate[row]!)));
}

function frontOfRow(scores: readonly number[]): NumberSet {
  let best = -Infinity;
  let front = NumberSet.of([]);
  scores.forEach((score, candidate) => {
    if (score > best) front = NumberSet.of([candidate]);
    else if (score === best) front = front.with(candidate);
    best = Math.max(best, score);
  });
  return front;
}

export function mean(scores: readonly number[]): number {
  return sum(scores) / scores.length;
}

export function sum(scores: readonly number[]): number {
  return scores.reduce((total, score) => total + score, 0);
}

/** The first candidate with the highest mean. */
export function bestOf(scores: readonly (readonly number[])[]): number {
  const means = scores.map(mean);
  return means.indexOf(Math.max(...means));
}

/** The fronts without candidates that are nowhere needed: every front that holds one of them holds another that stays. */
export function withoutDominated(fronts: Fronts, means: readonly number[]): Fronts {
  const copies = fronts.map((front) => front.copy());
  const present = [...new Set(copies.flatMap((front) => [...front]))];
  const staying = new Set(present.sort((a, b) => means[a]! - means[b]!));
  for (const candidate of [...staying]) if (isDominated(candidate, staying, copies)) staying.delete(candidate);
  return copies.map((front) => NumberSet.of([...front].filter((candidate) => staying.has(candidate))));
}

function isDominated(candidate: number, staying: ReadonlySet<number>, fronts: Fronts): boolean {
  return fronts
    .filter((front) => front.has(candidate))
    .every((front) => [...front].some((other) => other !== candidate && staying.has(other)));
}

/** The candidates that are not dominated, in the order in which Python walks the set of them. */
export function undominated(scores: readonly (readonly number[])[]): readonly number[] {
  return [...NumberSet.of(withoutDominated(frontsOf(scores), scores.map(mean)).flatMap((front) => [...front]))];
}

/** One of the candidates that are not dominated, each as likely as the number of fronts it is in. */
export function drawParent(scores: readonly (readonly number[])[], random: DrawnRandom): number {
  const fronts = withoutDominated(frontsOf(scores), scores.map(mean));
  const times = new Map<number, number>();
  for (const front of fronts) for (const candidate of front) times.set(candidate, (times.get(candidate) ?? 0) + 1);
  return random.choice([...times].flatMap(([candidate, count]) => new Array<number>(count).fill(candidate)));
}
