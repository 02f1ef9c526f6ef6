import { UsageError } from '../../data/errors.ts';
import { callableObject } from '../callable.ts';
import { configuredRetriever } from '../configure.ts';
import type { Retriever } from './retriever.ts';

export interface RetrieveOptions {
  /** Passages a query. Default 3. */
  readonly k?: number;
  /** Default: the one of `configure({ retriever })`. */
  readonly retriever?: Retriever;
}

export interface Retrieved {
  /** The best first; the caller's own copy. */
  readonly passages: string[];
}

/** Looks passages up. Made by `new Retrieve({ k, retriever? })`. */
export interface Retrieve {
  /**
   * @param k instead of the one it was made with.
   * @throws UsageError when there is no retriever; what the retriever throws.
   */
  (query: string | { readonly query: string }, k?: number): Promise<Retrieved>;
  /** The same as calling it. */
  call(query: string | { readonly query: string }, k?: number): Promise<Retrieved>;
  readonly k: number;
}

export interface RetrieveConstructor {
  new (options?: RetrieveOptions): Retrieve;
}

class RetrieveObject {
  declare readonly k: number;
  declare private readonly retriever: Retriever | undefined;

  constructor({ k = 3, retriever }: RetrieveOptions = {}) {
    checkCount(k);
    const self = callableObject<RetrieveObject>(new.target.prototype);
    Object.defineProperties(self, { k: { value: k, enumerable: true }, retriever: { value: retriever } });
    return self;
  }

  async call(query: string | { readonly query: string }, k: number = this.k): Promise<Retrieved> {
    checkCount(k);
    const text: unknown = typeof query === 'string' ? query : query.query;
    if (typeof text !== 'string') throw new UsageError('Retrieve is called with a query, as in retrieve("Who …?").');
    if (text.trim() === '') return { passages: [] };
    const found = await (this.retriever ?? configuredRetriever()).search(text, k);
    return { passages: found.slice(0, k).map((passage) => passage.text) };
  }
}

Object.defineProperty(RetrieveObject, 'name', { value: 'Retrieve' });

/**
 * Looks up the passages that fit a query best. No optimizer touches it.
 *
 * @example
 * retrieve = new Retrieve({ k: 3 });
 * // in forward:
 * const { passages } = await this.retrieve(search_query);
 */
export const Retrieve = RetrieveObject as unknown as RetrieveConstructor;

/** Each passage once, where it stands first (DSPy: dsp/utils `deduplicate`). */
export function deduplicate(passages: readonly string[]): string[] {
  return [...new Set(passages)];
}

function checkCount(k: number): void {
  if (!Number.isInteger(k) || k < 1)
    throw new UsageError(`Retrieve: k is ${k}; give a whole number of passages, from 1.`);
}
