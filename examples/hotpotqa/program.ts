import { bm25, ChainOfThought, colbertv2, deduplicate, Module, Retrieve } from 'bettertogether';
import type { Retriever } from 'bettertogether';

/** The passages beside this file, searched by words on this machine. */
const passages = () => bm25({ corpus: new URL('corpus.jsonl', import.meta.url) });

/** Multi-hop questions, the largest program of the BetterTogether paper: search, search again with what was found, answer. */
export class HotPotQA extends Module {
  retrieve: Retrieve;
  generate_query = [0, 1].map(() => new ChainOfThought('context, question -> search_query'));
  generate_answer = new ChainOfThought('context, question -> answer');

  constructor(retriever: Retriever = passages()) {
    super();
    this.retrieve = new Retrieve({ k: 3, retriever });
  }

  async forward({ question }: { question: string }) {
    let context: string[] = [];
    for (const generate_query of this.generate_query) {
      const { search_query } = await generate_query({ context, question });
      const { passages: found } = await this.retrieve(search_query);
      context = deduplicate([...context, ...found]);
    }
    return { ...(await this.generate_answer({ context, question })), context };
  }
}

/** The same on all of Wikipedia's abstracts, as in the paper: needs a ColBERTv2 server. */
export function overWikipedia() {
  const url = process.env['COLBERT_URL'];
  if (url === undefined) throw new Error('Set COLBERT_URL to a ColBERTv2 server with the abstracts of Wikipedia 2017.');
  return new HotPotQA(colbertv2({ url }));
}
