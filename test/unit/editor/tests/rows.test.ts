import { describe, expect, it } from 'vitest';
import type { Example } from '../../../../src/data/program.ts';
import { programTests } from '../../../../src/editor/tests/programTests.ts';
import { listedRows, listedText, rowsArgument, rowTest } from '../../../../src/editor/tests/rowTests.ts';
import { reads } from '../../../../src/editor/tests/watched.ts';
import { program } from '../samples.ts';

const row = (id: number, question: unknown = `q ${id}`): Example => {
  const inputs = { question } as Example['inputs'];
  return { id, inputs, fields: { ...inputs, answer: `a ${id}` } };
};

describe('programs', () => {
  const entry = { program: 'program.ts#Intents', metric: 'exactMatch:answer', train: 'train.jsonl' };
  const root = (folder: string, programs: Readonly<Record<string, unknown>>) =>
    ({ folder, loaded: { config: { programs } } }) as Parameters<typeof programTests>[1][number];

  it('are the keys of each folder, one program under two of them too, and not what is only found', () => {
    const two = { ...program, keys: ['b', 'a'] };
    const found = { ...program, name: 'Other', keys: [] };
    const elsewhere = { ...program, root: '/v', file: '/v/program.ts', keys: ['a'] };
    const tests = programTests(
      [two, found, elsewhere],
      [root('/w', { a: entry, b: { ...entry, test: 'test.jsonl' } }), root('/v', { a: entry })],
    );
    expect(tests.map(({ id, hasTest }) => [id, hasTest])).toEqual([
      ['/v#a', false],
      ['/w#a', false],
      ['/w#b', true],
    ]);
    expect(tests[1]?.program.keys).toEqual(['a']);
  });
});

describe('rows', () => {
  it('are called by their number from 1 and what is asked first, on one line', () => {
    expect(rowTest('dev', row(12, 'turn\r\nthe\tlights \u202Eon'))).toEqual({
      id: 'dev:12',
      label: '13: turn the lights \uFFFDon',
      description: 'a 12',
      sortText: '000000000012',
    });
    expect(rowTest('test', row(0, 'x'.repeat(500))).label).toHaveLength(83);
    expect(rowTest('dev', row(0, '')).label).toBe('1: (empty)');
    expect(rowTest('dev', row(0, { a: [1] })).label).toBe('1: {"a":[1]}');
    expect(rowTest('dev', { id: 0, inputs: {}, fields: {} })).toMatchObject({ label: '1: (empty)', description: '' });
  });

  it('are listed up to a limit, those that failed before others, in their order', () => {
    const rows = Array.from({ length: 10 }, (_, id) => row(id));
    const ids = (failed: readonly number[], most: number) =>
      listedRows(rows, new Set(failed), most).rows.map(({ id }) => id);
    expect(ids([9], 10)).toHaveLength(10);
    expect(ids([9, 4], 4)).toEqual([0, 1, 4, 9]);
    expect(ids([9, 4, 5, 6, 7], 4)).toEqual([4, 5, 6, 7]);
    expect(listedText(listedRows(rows, new Set(), 4))).toBe('4 of 10 rows listed, failed ones first');
    expect(listedText(listedRows(rows, new Set(), 10))).toBe('');
  });

  it('are listed fast where they are ten thousand', () => {
    const rows = Array.from({ length: 10_000 }, (_, id) => row(id));
    const began = performance.now();
    const listed = listedRows(rows, new Set(rows.slice(5000).map(({ id }) => id)));
    for (const each of listed.rows) rowTest('dev', each);
    expect(listed.rows[0]?.id).toBe(5000);
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it('are told to the command line in ranges', () => {
    expect(rowsArgument([8, 2, 6, 7, 2])).toBe('3,7-9');
    expect(rowsArgument([0])).toBe('1');
    expect(rowsArgument(Array.from({ length: 10_000 }, (_, id) => id))).toBe('1-10000');
  });
});

describe('a change', () => {
  const watched = { root: '/w', file: '/w/src/program.ts', language: 'typescript', files: ['/w/dev.jsonl'] } as const;

  it('counts where a file is read, and before anybody knows that, in any source of the language', () => {
    const before = { ...watched, sources: null };
    for (const file of ['/w/src/program.ts', '/w/lib/other.mts', '/w/dev.jsonl'])
      expect(reads(before, file)).toBe(true);
    for (const file of ['/w/x.py', '/v/x.ts', '/w/train.jsonl']) expect(reads(before, file)).toBe(false);
    const after = { ...watched, sources: { '/w/lib/read.ts': 'h' } };
    expect(['/w/lib/read.ts', '/w/lib/other.mts', '/w/dev.jsonl'].map((file) => reads(after, file))).toEqual([
      true,
      false,
      true,
    ]);
  });
});
