import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ProgramOutcome } from '../../../src/data/trace.ts';
import { TraceSearch } from '../../../src/page/traceSearch.ts';
import { visitRecords } from '../../../src/page/traceRecords.ts';
import { TraceStore } from '../../../src/run/record/traceStore.ts';
import { temporaryFolder } from '../run/folder.ts';

type Said = Partial<ProgramOutcome> & { readonly question?: string };

function append(folder: string, all: readonly Said[], segmentBytes?: number): void {
  const store = new TraceStore(folder, segmentBytes);
  for (const [example, { question = 'q', ...said }] of all.entries()) {
    const call = { predictor: 'nile', inputs: { question }, outputs: { answer: 'a' }, lm: [], path: [], start: 0 };
    const outcome = { prediction: null, score: 0, trace: [{ ...call, seconds: 1 }], seconds: 1, ...said };
    store.append({ step: 'nile', candidate: null, purpose: 'dev', example, round: 0, state: 'nile', outcome });
  }
  store.close();
}

const folderOf = (all: readonly Said[], segmentBytes?: number): string => {
  const folder = join(temporaryFolder(), 'traces');
  append(folder, all, segmentBytes);
  return folder;
};

describe('the search in traces', () => {
  it('looks into inputs, outputs, predictions, feedback and errors, and not into names', async () => {
    const folder = folderOf([
      { question: 'Where is the NILE?' },
      { prediction: { nile: 'x' } },
      { prediction: { answer: ['a', { deep: 'White Nile' }] } },
      { feedback: 'It is the Nile.' },
      { error: { kind: 'program', message: 'no Nile' } },
      { prediction: { answer: { $exact: 'int', value: '12345678901234567890' } } },
    ]);
    const search = new TraceSearch(folder);
    expect(await search.find('nile', 6)).toEqual([0, 2, 3, 4]);
    expect(await search.find('int', 6)).toEqual([]);
    expect(await search.find('901234567890', 6)).toEqual([5]);
  });

  it('takes hostile texts as texts', async () => {
    const texts = ['"},"outcome":{', 'a\nb', '.*', '<img src=x onerror=1>', '\\u0041', 'Straße', '日本'];
    const search = new TraceSearch(folderOf(texts.map((question) => ({ question }))));
    for (const [place, text] of texts.entries()) expect(await search.find(text, texts.length)).toEqual([place]);
  });

  it('goes on from what it found, and finds what was appended, over segments', async () => {
    const many = Array.from({ length: 300 }, (_, i) => ({ question: `row ${i} of the river` }));
    const folder = folderOf(many, 10_000);
    const search = new TraceSearch(folder);
    expect(await search.find('row 2', 300)).toHaveLength(111);
    expect(await search.find('row 29', 300)).toHaveLength(11);
    append(folder, [{ question: 'row 29 again' }, { question: 'another' }]);
    expect(await search.find('row 29', 302)).toEqual([29, ...Array.from({ length: 10 }, (_, i) => 290 + i), 300]);
    // A shorter text is another one.
    expect(await search.find('row', 302)).toHaveLength(301);
  });

  it('ends what is searched for no more, and does not have the newest wait for it', async () => {
    const many = Array.from({ length: 200 }, (_, i) => ({ question: `row ${i} of the river` }));
    const search = new TraceSearch(folderOf(many, 10_000));
    const ended: string[] = [];
    const find = (text: string) => search.find(text, 200).finally(() => ended.push(text));
    const stale = ['rivr', 'rivre', 'rivree'].map(find);
    const newest = find('row 1');
    const again = find('row 1');
    for (const one of stale) await expect(one).rejects.toThrow('Another text was searched for');
    expect(await newest).toHaveLength(111);
    expect(await again).toHaveLength(111);
    expect(ended).toEqual(['rivr', 'rivre', 'rivree', 'row 1', 'row 1']);
  });

  it('ends when it is stopped, and can be begun again', async () => {
    const search = new TraceSearch(folderOf([{ question: 'ab' }, { question: 'abc' }], 10));
    const stopped = search.find('b', 2);
    search.stop();
    await expect(stopped).rejects.toThrow('Another text was searched for');
    expect(await search.find('b', 2)).toEqual([0, 1]);
  });

  it('knows what it found for a text that is gone back to', async () => {
    const folder = folderOf([{ question: 'river' }, { question: 'rivr' }]);
    const search = new TraceSearch(folder);
    expect(await search.find('riv', 2)).toEqual([0, 1]);
    expect(await search.find('rivr', 2)).toEqual([1]);
    // Nothing could be read any more.
    rmSync(folder, { recursive: true });
    expect(await search.find('riv', 2)).toEqual([0, 1]);
  });
});

describe('reading many records', () => {
  it('ends between two pieces when it is told to', async () => {
    const folder = folderOf([{}], 10);
    for (const said of [{}, {}]) append(folder, [said], 10);
    const end = new AbortController();
    const visited: number[] = [];
    const reading = visitRecords(
      folder,
      [0, 1, 2],
      (place) => {
        visited.push(place);
        end.abort(new Error('enough'));
      },
      end.signal,
    );
    await expect(reading).rejects.toThrow('enough');
    expect(visited).toEqual([0]);
  });
});
