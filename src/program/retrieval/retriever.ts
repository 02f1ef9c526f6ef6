/** What retrieval gives: one passage of a corpus. */
export interface Passage {
  /** The passage as a prompt shows it; in ColBERT's Wikipedia and in our own corpora `Title | text`. */
  readonly text: string;
  /** How well it fits the query; higher is better. Comparable within one answer only. */
  readonly score: number;
}

/**
 * Finds passages for a query. Implement it to bring your own search; `bm25` and `colbertv2` are made for you.
 *
 * @example
 * const retriever: Retriever = {
 *   search: async (query, k) => (await index.find(query, k)).map(({ body, rank }) => ({ text: body, score: -rank })),
 * };
 */
export interface Retriever {
  /** The best passages first, at most `k`. May be called concurrently. */
  search(query: string, k: number): Promise<readonly Passage[]>;
}
