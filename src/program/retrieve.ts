import { messageOf, UsageError } from '../base/errors.ts';
import type { Retrieval } from '../data/trace.ts';
import { callableObject } from './callable.ts';
import { configuredRetriever } from './configure.ts';
import { currentModulePath } from './modulePath.ts';
import { currentRuntime } from './runtime/runtime.ts';
import type { Retriever } from './retrieval/retriever.ts';

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
    const passages = await traced(text, k, async () => {
      const found = await (this.retriever ?? configuredRetriever()).search(text, k);
      return found.slice(0, k).map((passage) => passage.text);
    });
    return { passages };
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

/** Notes the look-up in the trace of the run around it, where there is one. */
async function traced(query: string, k: number, lookUp: () => Promise<string[]>): Promise<string[]> {
  const runtime = currentRuntime();
  if (runtime?.recordRetrieval === undefined) return lookUp();
  const path = currentModulePath();
  const began = performance.now();
  const record = (end: Pick<Retrieval, 'passages' | 'error'>): void => {
    const [start, seconds] = [(began - runtime.startedAt) / 1000, (performance.now() - began) / 1000];
    runtime.recordRetrieval?.({ retriever: 'Retrieve', query, k, ...end, path, start, seconds });
  };
  try {
    const passages = await lookUp();
    record({ passages: passages.map(beginningOf) });
    return passages;
  } catch (error) {
    record({ passages: [], error: messageOf(error) });
    throw error;
  }
}

/** A trace shows which passages came, not what they say. */
function beginningOf(passage: string): string {
  const words = passage
    .slice(0, 4 * beginning)
    .trim()
    .replaceAll(/\s+/g, ' ');
  return words.length <= beginning ? words : `${words.slice(0, beginning - 1).trimEnd()}…`;
}

const beginning = 160;

/** Each passage once, at its first place (DSPy: dsp/utils `deduplicate`). */
export function deduplicate(passages: readonly string[]): string[] {
  return [...new Set(passages)];
}

function checkCount(k: number): void {
  if (!Number.isInteger(k) || k < 1)
    throw new UsageError(`Retrieve: k is ${k}; give a whole number of passages, from 1.`);
}
