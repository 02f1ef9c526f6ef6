import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../../base/errors.ts';
import { userFolder } from '../../home/home.ts';
import { makePrivateFolder } from '../../home/private.ts';
import { noteUsedFile } from '../runtime/usedFiles.ts';
import { Bm25Index, countWords } from './bm25Index.ts';
import type { Bm25Parameters, Postings } from './bm25Index.ts';
import { corpusOf, readCorpus } from './corpus.ts';
import type { Corpus } from './corpus.ts';
import { readIndex, writeIndex } from './indexFile.ts';
import type { Retriever } from './retriever.ts';

export interface Bm25Options extends Partial<Bm25Parameters> {
  /** A `.jsonl` file with a passage a line: `{"title", "text"}`, `{"text"}` or a JSON string. */
  readonly corpus?: string | URL;
  /** Instead of `corpus`: the passages themselves. */
  readonly passages?: readonly string[];
  /**
   * Folder that keeps the index of `corpus`, so that it is not built again; null: it is built in each process.
   * Default: `indexes` in the user's home folder of BetterTogether, where the folder that the program is started in has
   * a `.bettertogether`. Not in there, where anyone could commit an index that finds what they like.
   */
  readonly index?: string | null;
}

/** As Anserini's and Pyserini's baselines have them. */
const defaults: Bm25Parameters = { k1: 0.9, b: 0.4 };

/**
 * Search by words in passages on this machine, ranked by BM25: for tens of thousands of passages, without a server.
 * The corpus is read and indexed at the first search.
 *
 * @throws UsageError when the options are wrong; `search` when the corpus is.
 * @example configure({ retriever: bm25({ corpus: new URL('passages.jsonl', import.meta.url) }) });
 */
export function bm25(options: Bm25Options): Retriever {
  const { corpus, passages, k1 = defaults.k1, b = defaults.b } = options;
  if ((corpus === undefined) === (passages === undefined)) {
    throw new UsageError('bm25 takes either corpus (a .jsonl file) or passages (a list of texts).');
  }
  if (!(k1 >= 0) || !(b >= 0 && b <= 1)) throw new UsageError(`bm25: k1 is ${k1} and b ${b}; k1 >= 0, 0 <= b <= 1.`);
  const file = corpus === undefined ? undefined : resolve(corpus instanceof URL ? fileURLToPath(corpus) : corpus);
  // What the program answers depends on it as on its code.
  if (file !== undefined) noteUsedFile(file);
  let opened: Promise<Opened> | undefined;
  const open = (): Promise<Opened> => {
    opened ??= openIndex(file, passages ?? [], options.index, { k1, b }).catch((error: unknown) => {
      opened = undefined; // the file may be there the next time
      throw error;
    });
    return opened;
  };
  return {
    search: async (query, k) => {
      const { corpus: texts, index } = await open();
      return index.search(query, k).map(({ document, score }) => ({ text: texts.passage(document), score }));
    },
  };
}

interface Opened {
  readonly corpus: Corpus;
  readonly index: Bm25Index;
}

async function openIndex(
  file: string | undefined,
  passages: readonly string[],
  folder: string | null | undefined,
  parameters: Bm25Parameters,
): Promise<Opened> {
  const corpus = file === undefined ? corpusOf(passages) : await readCorpus(file);
  const kept = file === undefined ? undefined : await keptAt(file, folder);
  return { corpus, index: new Bm25Index(await postingsOf(corpus, kept), parameters) };
}

async function postingsOf(corpus: Corpus, kept: string | undefined): Promise<Postings> {
  const hash = corpus.hash ?? '';
  const known = kept === undefined ? undefined : await readIndex(kept, hash);
  if (known !== undefined) return known;
  const postings = await countWords(corpus.count, (document) => corpus.passage(document));
  // A folder that cannot be written to costs the time of building it again, nothing else.
  if (kept !== undefined) await writeIndex(kept, hash, postings).catch(() => undefined);
  return postings;
}

/** One file a corpus: a corpus that changes has its index replaced. */
async function keptAt(corpus: string, folder: string | null | undefined): Promise<string | undefined> {
  const within = folder === undefined ? await ownIndexes() : (folder ?? undefined);
  if (within === undefined) return undefined;
  const name = createHash('sha256').update(corpus).digest('hex').slice(0, 16);
  return join(within, `${basename(corpus, '.jsonl')}-${name}.bm25`);
}

/** The user's own folder of indexes; `undefined` where no runs are kept, or the home cannot be written to. */
async function ownIndexes(): Promise<string | undefined> {
  if (!existsSync(join(process.cwd(), '.bettertogether'))) return undefined;
  const folder = join(userFolder(), 'indexes');
  return makePrivateFolder(folder).then(
    () => folder,
    () => undefined,
  );
}
