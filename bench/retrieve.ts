import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PythonRandom } from '../src/engine/pythonRandom.ts';
import { bm25 } from '../src/program/retrieval/bm25.ts';

const passages = 50_000;
const queries = 500;

/**
 * BM25 on 50,000 generated passages of 80 words each, whose words are as unequally common as those of a language: how
 * long it takes to build the index, to take it from the disk in a new process, and to answer a query of 8 words.
 */
export async function retrieve(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bettertogether-bench-'));
  try {
    const random = new PythonRandom(0);
    // Zipf: the n-th word is n times rarer than the first.
    const word = () => `w${Math.floor(200_000 ** random.random())}x`;
    const words = (count: number) => Array.from({ length: count }, word).join(' ');
    const corpus = join(folder, 'passages.jsonl');
    writeFileSync(corpus, Array.from({ length: passages }, () => JSON.stringify({ text: words(80) })).join('\n'));
    const asked = Array.from({ length: queries }, () => words(8));
    const open = async () => {
      const began = performance.now();
      const retriever = bm25({ corpus, index: join(folder, 'indexes') });
      await retriever.search(asked[0]!, 10);
      return { retriever, milliseconds: performance.now() - began };
    };
    const built = await open();
    const loaded = await open();
    const times: number[] = [];
    for (const query of asked) {
      const began = performance.now();
      await loaded.retriever.search(query, 10);
      times.push(performance.now() - began);
    }
    times.sort((a, b) => a - b);
    const at = (share: number) => times[Math.floor(share * times.length)]!.toFixed(2);
    console.log(
      `BM25, ${passages} passages: index built in ${(built.milliseconds / 1000).toFixed(2)} s, taken from the disk in ` +
        `${(loaded.milliseconds / 1000).toFixed(2)} s; a query takes ${at(0.5)} ms (median), ${at(0.99)} ms (99 %)`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
