import { describe, expect, it, vi } from 'vitest';
import type { Answer } from '../../../src/viewProtocol/answers.ts';
import type { PredictionRow } from '../../../src/viewProtocol/examples.ts';
import type { ListedTraces, TraceSort } from '../../../src/viewProtocol/traces.ts';
import { PredictionPages } from '../../../webview/predictionPages.ts';
import { TracePages } from '../../../webview/tracePages.ts';
import type { TraceListing } from '../../../webview/tracePages.ts';

const made: TraceSort = { by: 'made', descending: false };

describe('the predictions of rows', () => {
  function open() {
    const asked: number[][] = [];
    let known: ReadonlyMap<number, PredictionRow> = new Map();
    const pages = new PredictionPages({
      ask: (rows) => {
        asked.push(rows);
        return Promise.resolve({ rows: rows.map((example) => ({ example, labels: [], predictions: [] })) });
      },
      put: (now) => (known = now),
      attempt: (work) => void work(),
    });
    return { pages, asked, known: () => [...known.keys()] };
  }

  it('are asked for once for each row in sight, at most a hundred at a time', async () => {
    const { pages, asked, known } = open();
    const rows = Array.from({ length: 130 }, (_, i) => i);
    pages.need('dev', '1', rows.slice(0, 3));
    pages.need('dev', '1', rows);
    expect(asked.map(({ length }) => length)).toEqual([3, 100, 27]);
    await expect.poll(known).toHaveLength(130);
  });

  it('are asked for again when there may be more, and shown until then; of other rows nothing is shown', async () => {
    const { pages, asked, known } = open();
    pages.need('dev', '1', [0]);
    await expect.poll(known).toEqual([0]);
    pages.need('dev', '2', [0]);
    expect([asked.length, known()]).toEqual([2, [0]]);
    pages.need('test', '2', [5]);
    expect(known()).toEqual([]);
    await expect.poll(known).toEqual([5]);
  });
});

describe('the pages of traces', () => {
  type Row = Answer<'traces'>['rows'][number];

  function open() {
    const asked: {
      readonly filter: ListedTraces;
      readonly from: number;
      answer(trace: number): void;
      refuse(): void;
    }[] = [];
    const put = vi.fn<(listing: TraceListing) => void>();
    const pages = new TracePages(
      {
        ask: (filter, _, from) =>
          new Promise((resolve, reject) => {
            const answer = (trace: number): void => resolve({ total: 900, from, rows: [{ trace } as Row] });
            asked.push({ filter, from, answer, refuse: () => reject(new Error('refused')) });
          }),
        put,
        attempt: (work, failed) => work().catch(failed),
      },
      {},
      made,
    );
    const shown = () => [...(put.mock.lastCall?.[0].rows ?? [])].map(([place, { trace }]) => [place, trace]);
    return { pages, asked, shown };
  }

  it('are those in sight, and none is asked for twice', () => {
    const { pages, asked } = open();
    pages.need(150, 100);
    pages.need(150, 300);
    expect(asked.map(({ from }) => from)).toEqual([0, 200, 400]);
  });

  it('stay until the first page of another list is here, and an answer to what was asked before is dropped', async () => {
    const { pages, asked, shown } = open();
    pages.again();
    asked[0]!.answer(1);
    await expect.poll(shown).toEqual([[0, 1]]);
    pages.need(200, 10);
    pages.list({ outcome: 'wrong' }, made);
    asked[1]!.answer(2);
    asked[2]!.answer(3);
    await expect.poll(shown).toEqual([[0, 3]]);
    expect(asked[2]!.filter).toEqual({ outcome: 'wrong' });
  });

  it('are asked for again where that was refused, unless it was for another list', async () => {
    const { pages, asked, shown } = open();
    pages.again();
    pages.list({ outcome: 'wrong' }, made);
    asked[0]!.refuse();
    await Promise.resolve();
    asked[1]!.answer(3);
    await expect.poll(shown).toEqual([[0, 3]]);
    pages.need(0, 10);
    expect(asked).toHaveLength(2);
    pages.need(200, 10);
    asked[2]!.refuse();
    await expect
      .poll(() => {
        pages.need(200, 10);
        return asked.length;
      })
      .toBe(4);
  });

  it('are not asked for at every letter', () => {
    vi.useFakeTimers();
    try {
      const { pages, asked } = open();
      for (const text of ['r', 'ri', 'riv']) {
        pages.list({ text }, made);
        pages.need(0, 30);
      }
      expect(asked).toEqual([]);
      vi.runAllTimers();
      expect(asked.map(({ filter }) => filter.text)).toEqual(['riv']);
    } finally {
      vi.useRealTimers();
    }
  });
});
