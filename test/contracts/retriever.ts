/** What programs rely on from every retriever. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Passage, Retriever } from '../../src/program/retrieval/retriever.ts';

export const corpus: readonly string[] = [
  'Paris | Paris is the capital of France.',
  'France | France is a country; its capital is Paris, and Paris is large.',
  'Rome | Rome is the capital of Italy.',
  'Zürich | Zürich lies at a lake.',
  '東京 | 東京 is the capital of Japan.',
];

/** @param open a retriever over `corpus`. */
export function retrieverContract(
  name: string,
  open: () => Promise<{ readonly retriever: Retriever; close(): Promise<void> }>,
): void {
  describe(`${name}, as a retriever`, () => {
    let opened: Awaited<ReturnType<typeof open>>;
    let retriever: Retriever;
    beforeAll(async () => {
      opened = await open();
      ({ retriever } = opened);
    });
    afterAll(() => opened.close());
    const textsOf = (found: readonly Passage[]) => found.map(({ text }) => text);

    it.each([1, 2, 5, 1000])('gives passages of its own, the best first, and at most %i', async (k) => {
      const found = await retriever.search('capital of France Paris', k);
      expect(found.length).toBeGreaterThan(0);
      expect(found.length).toBeLessThanOrEqual(Math.min(k, corpus.length));
      expect(textsOf(found).filter((text) => !corpus.includes(text))).toEqual([]);
      expect(new Set(textsOf(found)).size).toBe(found.length);
      const scores = found.map(({ score }) => score);
      expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    });

    it('begins with the same ones however many are asked for', async () => {
      const all = textsOf(await retriever.search('capital', 5));
      expect(textsOf(await retriever.search('capital', 2))).toEqual(all.slice(0, 2));
    });

    it('gives the same each time and to many at once, whatever one of them does to its own', async () => {
      const query = 'Which capital is large?';
      const first = await retriever.search(query, 3);
      const before = textsOf(first);
      (first as Passage[]).reverse().pop();
      const many = await Promise.all(Array.from({ length: 10 }, () => retriever.search(query, 3)));
      expect(many.map(textsOf)).toEqual(many.map(() => before));
    });

    it.each(['', ' \n', '\u0000', '東京', '"; drop', '%$&?#', 'x'.repeat(20_000), '🎈'.repeat(50)])(
      'takes any query: %j',
      async (query) => {
        const found = await retriever.search(query, 2);
        expect(found.length).toBeLessThanOrEqual(2);
        expect(textsOf(found).filter((text) => !corpus.includes(text))).toEqual([]);
      },
    );
  });
}
