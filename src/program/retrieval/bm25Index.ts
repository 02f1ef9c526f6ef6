/** An inverted index in typed arrays, and BM25 over it. */
import { wordsOf } from './words.ts';

/** How often each word occurs in each document. Plain data: what an index file holds. */
export interface Postings {
  /** Words of each document, repetitions included. */
  readonly lengths: Uint32Array;
  /** Every word of the collection; its place is its number. */
  readonly words: readonly string[];
  /** Where the postings of word i begin; one more entry for the end of the last. */
  readonly starts: Uint32Array;
  /** Document of each posting, ascending within a word. */
  readonly documents: Uint32Array;
  /** How often the word occurs in it. */
  readonly counts: Uint32Array;
}

export interface Bm25Parameters {
  /** How soon further occurrences of a word stop to count. */
  readonly k1: number;
  /** How much long documents are held back: 0 not at all, 1 in proportion to their length. */
  readonly b: number;
}

export interface Hit {
  readonly document: number;
  readonly score: number;
}

/** Documents between two turns of the event loop while an index is built. */
const documentsPerTurn = 500;

/** Counts the words of documents 0 to `count` - 1. Lets other work go on meanwhile. */
export async function countWords(count: number, textOf: (document: number) => string): Promise<Postings> {
  const numbers = new Map<string, number>();
  const lengths = new Uint32Array(count);
  const [entryWords, entryCounts] = [new GrowingArray(), new GrowingArray()];
  const entryStarts = new Uint32Array(count + 1);
  for (let document = 0; document < count; document++) {
    if (document % documentsPerTurn === documentsPerTurn - 1) await new Promise((resolve) => setImmediate(resolve));
    const words = wordsOf(textOf(document));
    const tally = new Map<number, number>();
    for (const word of words) {
      const known = numbers.get(word);
      const number = known ?? numbers.size;
      if (known === undefined) numbers.set(word, number);
      tally.set(number, (tally.get(number) ?? 0) + 1);
    }
    for (const [number, times] of tally) {
      entryWords.push(number);
      entryCounts.push(times);
    }
    lengths[document] = words.length;
    entryStarts[document + 1] = entryWords.length;
  }
  const words = [...numbers.keys()];
  return { lengths, words, ...byWord(words.length, entryStarts, entryWords.taken(), entryCounts.taken()) };
}

/** Regroups entries from by document to by word; documents stay in ascending order. */
function byWord(
  words: number,
  entryStarts: Uint32Array,
  entryWords: Uint32Array,
  entryCounts: Uint32Array,
): Pick<Postings, 'starts' | 'documents' | 'counts'> {
  const starts = new Uint32Array(words + 1);
  for (const word of entryWords) starts[word + 1]! += 1;
  for (let word = 0; word < words; word++) starts[word + 1]! += starts[word]!;
  const next = starts.slice();
  const documents = new Uint32Array(entryWords.length);
  const counts = new Uint32Array(entryWords.length);
  for (let document = 0; document + 1 < entryStarts.length; document++) {
    for (let entry = entryStarts[document]!; entry < entryStarts[document + 1]!; entry++) {
      const place = next[entryWords[entry]!]!++;
      documents[place] = document;
      counts[place] = entryCounts[entry]!;
    }
  }
  return { starts, documents, counts };
}

/**
 * Okapi BM25 as Lucene has it (Robertson and Zaragoza 2009; Lucene leaves out the constant factor k1 + 1): the sum
 * over the query's words of
 *
 *     ln(1 + (N - n + 0.5) / (n + 0.5)) * f / (f + k1 * (1 - b + b * length / mean length))
 *
 * for N documents of which n have the word, which occurs f times in this one. What each posting adds does not depend
 * on the query and is worked out once.
 */
export class Bm25Index {
  private readonly starts: Uint32Array;
  private readonly documents: Uint32Array;
  private readonly numbers: ReadonlyMap<string, number>;
  private readonly weights: Float32Array;
  /** Sums by document, zero between searches. */
  private readonly sums: Float64Array;

  constructor(postings: Postings, parameters: Bm25Parameters) {
    this.starts = postings.starts;
    this.documents = postings.documents;
    this.numbers = new Map(postings.words.map((word, number) => [word, number]));
    this.weights = weightsOf(postings, parameters);
    this.sums = new Float64Array(postings.lengths.length);
  }

  /** The best documents that share a word with the query, the earlier one first where scores are equal. */
  search(query: string, k: number): readonly Hit[] {
    const { starts, documents, sums, weights } = this;
    for (const word of wordsOf(query)) {
      const number = this.numbers.get(word);
      if (number === undefined) continue;
      const end = starts[number + 1]!;
      for (let i = starts[number]!; i < end; i++) sums[documents[i]!]! += weights[i]!;
    }
    const best = largest(sums, k);
    sums.fill(0);
    return best;
  }
}

function weightsOf({ lengths, starts, documents, counts }: Postings, { k1, b }: Bm25Parameters): Float32Array {
  const mean = lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length);
  const weights = new Float32Array(documents.length);
  for (let word = 0; word + 1 < starts.length; word++) {
    const having = starts[word + 1]! - starts[word]!;
    const rarity = Math.log(1 + (lengths.length - having + 0.5) / (having + 0.5));
    for (let i = starts[word]!; i < starts[word + 1]!; i++) {
      const often = counts[i]!;
      weights[i] = (rarity * often) / (often + k1 * (1 - b + (b * lengths[documents[i]!]!) / mean));
    }
  }
  return weights;
}

function largest(sums: Float64Array, k: number): readonly Hit[] {
  const best: Hit[] = [];
  let least = 0;
  for (let document = 0; document < sums.length; document++) {
    const score = sums[document]!;
    if (score <= least) continue; // an equal one that came earlier stays
    let place = Math.min(best.length, k - 1);
    while (place > 0 && best[place - 1]!.score < score) place--;
    best.splice(place, 0, { document, score });
    if (best.length > k) best.pop();
    if (best.length === k) least = best[k - 1]!.score;
  }
  return best;
}

/** A list of numbers without the memory of a list of objects. */
class GrowingArray {
  length = 0;
  private values = new Uint32Array(1024);

  push(value: number): void {
    if (this.length === this.values.length) {
      const longer = new Uint32Array(this.values.length * 2);
      longer.set(this.values);
      this.values = longer;
    }
    this.values[this.length++] = value;
  }

  taken(): Uint32Array {
    return this.values.subarray(0, this.length);
  }
}
