/**
 * Merges, drawn as gepa draws them: two candidates that are not dominated and have a common ancestor, and of each
 * component the text of the one that has changed it since. Components are taken in their order as given; gepa takes
 * them in that of a set of strings, which another process walks in another order.
 */
import * as z from 'zod';
import type { DrawnRandom } from './drawnRandom.ts';
import { mean, undominated } from './front.ts';
import { NumberSet } from './numberSet.ts';

const place = z.number().int().nonnegative();
export const mergeSchema = z.strictObject({
  /** Places in the pool, the smaller first. */
  parents: z.tuple([place, place]).readonly(),
  /** The place of the ancestor that both parents come from. */
  ancestor: place,
  /** For each component the parent that its text is taken from. */
  from: z.array(place).min(1).readonly(),
});
export type Merge = Readonly<z.infer<typeof mergeSchema>>;

type Triplet = Pick<Merge, 'parents' | 'ancestor'>;

/** What a merge needs to know of a candidate. */
interface Candidate {
  readonly texts: Readonly<Record<string, string>>;
  readonly parents: readonly number[];
  readonly scores: readonly number[];
}

/** What merges are drawn from. */
interface Ground {
  readonly pool: readonly Candidate[];
  readonly means: readonly number[];
  /** The merges that were tried before: none of them is tried again. */
  readonly tried: readonly Merge[];
}

const attempts = 10;
const pairsAnAttempt = 10;

/** Validation rows that a merged candidate is compared with its parents on; with fewer rows nothing is merged. */
export const mergeRows = 5;
const rowsOfAKind = 2;

/** A merge that was not tried before; null where none was found among the pairs that were drawn. */
export function drawMerge(pool: readonly Candidate[], tried: readonly Merge[], random: DrawnRandom): Merge | null {
  const candidates = undominated(pool.map(({ scores }) => scores));
  if (candidates.length < 2 || pool.length < 3) return null;
  const ground = { pool, means: pool.map(({ scores }) => mean(scores)), tried };
  for (let attempt = 0; attempt < attempts; attempt++) {
    const triplet = drawTriplet(ground, candidates, random);
    if (triplet === null) continue;
    const merge = { ...triplet, from: drawSources(ground, triplet, random) };
    if (pool[0]!.scores.length >= mergeRows && !tried.some((other) => isSameChild(merge, other))) return merge;
  }
  return null;
}

/** The texts of the candidate that a merge makes. */
export function mergedTexts(pool: readonly Candidate[], { ancestor, from }: Merge): Readonly<Record<string, string>> {
  const components = Object.keys(pool[ancestor]!.texts);
  return Object.fromEntries(components.map((name, i) => [name, pool[from[i]!]!.texts[name]!]));
}

/** Rows to compare a merged candidate on: some where the one parent is better, some where the other, some with ties. */
export function drawMergeRows([one, other]: readonly (readonly number[])[], random: DrawnRandom): number[] {
  const rows = one!.map((_, row) => row);
  const kinds = [1, -1, 0].map((sign) => rows.filter((row) => Math.sign(one![row]! - other![row]!) === sign));
  const drawn: number[] = [];
  for (const kind of kinds) drawn.push(...sampleOf(kind, Math.min(rowsOfAKind, mergeRows - drawn.length), random));
  const rest = rows.filter((row) => !drawn.includes(row));
  return [...drawn, ...sampleOf(rest, mergeRows - drawn.length, random)];
}

function sampleOf(rows: readonly number[], atMost: number, random: DrawnRandom): number[] {
  const take = Math.min(rows.length, atMost);
  return take === 0 ? [] : random.sample(rows, take);
}

/** Two candidates, none an ancestor of the other, and a common ancestor to merge them by. */
function drawTriplet(ground: Ground, candidates: readonly number[], random: DrawnRandom): Triplet | null {
  for (let pair = 0; pair < pairsAnAttempt; pair++) {
    const parents = inOrder(random.sample(candidates, 2));
    const ancestors = commonAncestors(ground.pool, parents).filter((ancestor) => isFit(ground, { parents, ancestor }));
    if (ancestors.length > 0) return { parents, ancestor: drawAncestor(ground, ancestors, random) };
  }
  return null;
}

function inOrder(pair: readonly number[]): readonly [number, number] {
  return [Math.min(...pair), Math.max(...pair)];
}

/** None where one of the two is an ancestor of the other. */
function commonAncestors(pool: readonly Candidate[], [one, other]: Merge['parents']): readonly number[] {
  const ofOne = ancestorsOf(pool, one);
  const ofOther = ancestorsOf(pool, other);
  return ofOne.has(other) || ofOther.has(one) ? [] : [...ofOne.and(ofOther)];
}

function ancestorsOf(pool: readonly Candidate[], candidate: number): NumberSet {
  let found = NumberSet.of([]);
  const visit = (place: number): void => {
    for (const parent of pool[place]!.parents.filter((each) => !found.has(each))) {
      found = found.with(parent);
      visit(parent);
    }
  };
  visit(candidate);
  return NumberSet.of(found);
}

/** An ancestor that is not better than either parent, and has a component that one alone has changed. */
function isFit({ pool, means, tried }: Ground, triplet: Triplet): boolean {
  const { parents, ancestor } = triplet;
  return (
    !tried.some((other) => isSameTriplet(triplet, other)) &&
    parents.every((parent) => means[ancestor]! <= means[parent]!) &&
    Object.keys(pool[ancestor]!.texts).some((name) => changedBy(pool, triplet, name).length === 1)
  );
}

/** The parents whose text of a component is not the ancestor's any more. */
function changedBy(pool: readonly Candidate[], { parents, ancestor }: Triplet, name: string): readonly number[] {
  return parents.filter((parent) => pool[parent]!.texts[name] !== pool[ancestor]!.texts[name]);
}

/** Each as likely as its mean score is high; where none is above 0, all are equally likely (gepa ends with an error). */
function drawAncestor({ means }: Ground, ancestors: readonly number[], random: DrawnRandom): number {
  const weights = ancestors.map((ancestor) => Math.max(0, means[ancestor]!));
  const allZero = weights.every((weight) => weight === 0);
  return random.weightedChoice(ancestors, allZero ? weights.map(() => 1) : weights);
}

/** Whose text each component has: that of the parent who changed it, of two the better one's, of two equal ones either's. */
function drawSources({ pool, means }: Ground, triplet: Triplet, random: DrawnRandom): number[] {
  const [one, other] = triplet.parents;
  return Object.keys(pool[triplet.ancestor]!.texts).map((name) => {
    const changed = changedBy(pool, triplet, name);
    if (changed.length < 2) return changed[0] ?? one;
    if (means[one] === means[other]) return random.choice(triplet.parents);
    return means[one]! > means[other]! ? one : other;
  });
}

function isSameTriplet(one: Triplet, other: Triplet): boolean {
  return one.ancestor === other.ancestor && isSame(one.parents, other.parents);
}

/** By whichever ancestor. */
function isSameChild(one: Merge, other: Merge): boolean {
  return isSame(one.parents, other.parents) && isSame(one.from, other.from);
}

function isSame(one: readonly number[], other: readonly number[]): boolean {
  return one.every((number, i) => number === other[i]);
}
