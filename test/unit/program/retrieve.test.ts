import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChainOfThought, colbertv2, configure, deduplicate, Module, Retrieve } from 'bettertogether';
import type { Retriever } from 'bettertogether';
import type { Retrieval } from '../../../src/data/trace.ts';
import { namedPredictors } from '../../../src/program/predictors.ts';
import { withRuntime } from '../../../src/program/runtime/runtime.ts';
import type { Runtime } from '../../../src/program/runtime/runtime.ts';
import { chat, run } from './run.ts';

const letters: Retriever = {
  search: async (query, k) => Array.from({ length: k + 1 }, (_, i) => ({ text: `${query} ${i}`, score: -i })),
};

describe('Retrieve', () => {
  it('says what to do while there is nowhere to look', async () => {
    vi.resetModules();
    const fresh = await import('../../../src/program/sdk.ts');
    await expect(new fresh.Retrieve()('q')).rejects.toThrow(/Call configure\(\{ retriever/);
  });

  it('gives the k best of its own retriever, by text or by object', async () => {
    const retrieve = new Retrieve({ k: 2, retriever: letters });
    expect(retrieve.k).toBe(2);
    expect(await retrieve('a')).toEqual({ passages: ['a 0', 'a 1'] });
    expect(await retrieve({ query: 'a' })).toEqual({ passages: ['a 0', 'a 1'] });
    expect(await retrieve.call('a', 1)).toEqual({ passages: ['a 0'] });
    expect(await retrieve(' ')).toEqual({ passages: [] });
  });

  it('uses the configured retriever, with or without an LM configured', async () => {
    configure({ retriever: letters });
    expect((await new Retrieve()('b')).passages).toHaveLength(3);
    configure({ baseURL: 'http://127.0.0.1:9/v1', model: 'base' });
    expect((await new Retrieve()('b')).passages).toHaveLength(3);
  });

  it('refuses a k that is no number of passages', async () => {
    expect(() => new Retrieve({ k: 0 })).toThrow(/k is 0/);
    await expect(new Retrieve({ retriever: letters })('q', 1.5)).rejects.toThrow(/k is 1.5/);
  });

  it('is in the trace of the run around it: when, within what, and what came', async () => {
    const wordy: Retriever = {
      search: (query, k) => {
        if (query === 'down') return Promise.reject(new Error('no index'));
        return Promise.resolve(
          Array.from({ length: k }, (_, i) => ({ text: `${i}  ${'many words '.repeat(50)}`, score: 0 })),
        );
      },
    };
    class Hop extends Module {
      retrieve = new Retrieve({ k: 2, retriever: wordy });
      async forward({ question }: { question: string }) {
        return this.retrieve(question);
      }
    }
    const retrievals: Retrieval[] = [];
    const runtime: Runtime = {
      ...{ format: 'chat', guided: 'auto', startedAt: performance.now(), lookup: () => undefined },
      complete: () => Promise.reject(new Error('nobody asks')),
      record: () => undefined,
      recordRetrieval: (retrieval) => void retrievals.push(retrieval),
    };
    const hop = new Hop();
    const { passages } = await withRuntime(runtime, () => hop.call({ question: 'who' }));
    await expect(withRuntime(runtime, () => hop.call({ question: 'down' }))).rejects.toThrow('no index');
    await withRuntime(runtime, () => hop.call({ question: ' ' }));
    const [found, failed] = retrievals;
    expect(retrievals).toHaveLength(2);
    expect(found).toMatchObject({ retriever: 'Retrieve', query: 'who', k: 2, path: ['Hop'] });
    expect(found!.passages.map((passage) => passage.slice(0, 12))).toEqual(['0 many words', '1 many words']);
    expect(found!.passages.every((passage) => passage.length <= 160 && passage.endsWith('…'))).toBe(true);
    expect(passages[0]!.length).toBeGreaterThan(500);
    expect(failed).toMatchObject({ query: 'down', passages: [], error: 'no index' });
  });

  it('is part of a program without being one of its predictors', async () => {
    class Hops extends Module {
      retrieve = new Retrieve({ k: 2, retriever: letters });
      answer = new ChainOfThought('context: string[], question -> answer');
      async forward({ question }: { question: string }) {
        const { passages } = await this.retrieve(question);
        return this.answer({ context: deduplicate([...passages, ...passages]), question });
      }
    }
    const hops = new Hops();
    expect(namedPredictors(hops).map(({ name }) => name)).toEqual(['answer.predict']);
    const { trace } = await run(
      hops,
      () => chat({ reasoning: 'r', answer: 'x' }),
      () => hops.call({ question: 'q' }),
    );
    expect(trace[0]!.inputs['context']).toEqual(['q 0', 'q 1']);
  });
});

describe('colbertv2', () => {
  interface Asked {
    readonly method: string;
    readonly query: string | null;
    readonly k: string | null;
    readonly body: string;
  }
  const asked: Asked[] = [];
  let replies: { readonly status?: number; readonly body: unknown }[] = [];
  let server: Server;
  let url = '';
  const topk = [
    { text: 'Dune | a novel', pid: 1, rank: 1, score: 22.5, prob: 0.9 },
    { text: 'Arrakis | a planet', pid: 2, rank: 2, score: 20.5, prob: 0.1 },
  ];

  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const { searchParams } = new URL(request.url ?? '', 'http://x');
        const [query, k] = [searchParams.get('query'), searchParams.get('k')];
        asked.push({ method: request.method ?? '', query, k, body });
        const reply = replies.shift() ?? { body: { topk } };
        response.writeHead(reply.status ?? 200, { 'content-type': 'application/json' });
        response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body));
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/wiki17_abstracts`;
  });
  afterAll(() => void server.close());
  beforeEach(() => {
    asked.length = 0;
    replies = [];
  });
  const quick = (more: { readonly post?: boolean; readonly attempts?: number } = {}) =>
    colbertv2({ url, wait: 0.001, ...more });

  it('asks as DSPy does and takes the first k', async () => {
    const found = await quick().search('Who wrote Dune & why?', 1);
    expect(found).toEqual([{ text: 'Dune | a novel', score: 22.5 }]);
    expect(asked).toEqual([{ method: 'GET', query: 'Who wrote Dune & why?', k: '1', body: '' }]);
    await quick({ post: true }).search('q', 200);
    expect(asked[1]).toMatchObject({ method: 'POST', body: JSON.stringify({ query: 'q', k: 100 }) });
  });

  it('takes an error with status 200 for an error, and tries again', async () => {
    replies = [{ body: { error: true, message: 'connection to the index refused' } }];
    expect(await quick().search('q', 2)).toHaveLength(2);
    expect(asked).toHaveLength(2);
    replies = Array.from({ length: 2 }, () => ({ body: { error: true, message: 'index refused' } }));
    await expect(quick({ attempts: 2 }).search('q', 2)).rejects.toThrow(/after 2 tries: index refused/);
  });

  it('tries a busy server again, and one that says no only once', async () => {
    replies = [
      { status: 503, body: 'busy' },
      { status: 429, body: 'slow down' },
    ];
    expect(await quick().search('q', 2)).toHaveLength(2);
    expect(asked).toHaveLength(3);
    replies = [{ status: 404, body: 'no such index' }];
    await expect(quick().search('other', 2)).rejects.toThrow(/did not answer: status 404, "no such index"/);
    expect(asked).toHaveLength(4);
    replies = [{ body: '<html>' }];
    await expect(quick().search('third', 2)).rejects.toThrow(/is not ColBERT's: "<html>"/);
    expect(asked).toHaveLength(5);
  });

  it('asks once for equal queries, at once or later, but not after a failure', async () => {
    const retriever = quick({ attempts: 1 });
    await Promise.all([retriever.search('q', 2), retriever.search('q', 2)]);
    await retriever.search('q', 2);
    expect(asked).toHaveLength(1);
    replies = [{ status: 500, body: '' }];
    await expect(retriever.search('r', 2)).rejects.toThrow(/status 500/);
    expect(await retriever.search('r', 2)).toHaveLength(2);
  });

  it('says when nobody is there', async () => {
    const nobody = colbertv2({ url: 'http://127.0.0.1:9/', attempts: 2, wait: 0.001 });
    await expect(nobody.search('q', 1)).rejects.toThrow(/http:\/\/127\.0\.0\.1:9\/ did not answer after 2 tries/);
    expect(() => colbertv2({ url: 'gpu-box' })).toThrow(/is not a URL/);
  });
});
