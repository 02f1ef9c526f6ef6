import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bm25, colbertv2 } from 'bettertogether';
import { corpus, retrieverContract } from './retriever.ts';

retrieverContract('BM25 of our own', async () => ({
  retriever: bm25({ passages: corpus }),
  close: () => Promise.resolve(),
}));

/** A ColBERT server that finds what BM25 does, and gives as many as it is asked for whatever fits. */
async function startColbert() {
  const index = bm25({ passages: corpus });
  const server = createServer((request, response) => {
    const body: Buffer[] = [];
    request.on('data', (bytes: Buffer) => body.push(bytes));
    request.on('end', () => {
      const { query, k } = JSON.parse(Buffer.concat(body).toString('utf8')) as { query: string; k: number };
      void index.search(query, k).then((found) => {
        const rest = corpus.filter((text) => !found.some((one) => one.text === text));
        const topk = [...found, ...rest.map((text) => ({ text, score: 0 }))].slice(0, k);
        response.setHeader('content-type', 'application/json').end(JSON.stringify({ topk }));
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/search`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

retrieverContract('A ColBERT server', async () => {
  const { url, close } = await startColbert();
  return { retriever: colbertv2({ url, post: true, attempts: 1 }), close };
});
