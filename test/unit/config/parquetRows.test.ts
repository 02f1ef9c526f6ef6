import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { readRows } from '../../../src/config/dataRows.ts';

const folder = mkdtempSync(join(tmpdir(), 'bt-parquet-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** As `test/fixtures/parquet/make.py` wrote it. */
const written = (name: string): string =>
  fileURLToPath(new URL(`../../fixtures/parquet/${name}.parquet`, import.meta.url));

const fieldsOf = async (name: string) => (await readRows(written(name), {})).rows.map(({ fields }) => fields);

const exact = ($exact: string, value: string) => ({ $exact, value });

describe('a .parquet file', () => {
  it('has the values that Python reads of it', async () => {
    const [full, bare, odd] = await fieldsOf('types');
    expect(full).toEqual({
      question: 'What is 2 + 2?',
      answer: '4',
      id: exact('int', '1152921504606846976'),
      small: 7,
      score: exact('float', '2.0'),
      part: 0.25,
      right: true,
      day: exact('date', '2024-01-31'),
      at: exact('datetime', '2024-01-31T10:00:00.001500'),
      seen: exact('datetime', '1969-12-31T23:59:59.999999+00:00'),
      clock: exact('time', '09:30:00'),
      price: exact('decimal', '12.50'),
      raw: exact('bytes', 'AP8='),
      passages: ['a', 'b'],
      choices: [{ text: 'four', votes: [1, 2] }],
      meta: { source: 'hand', weight: exact('float', '1.0') },
      counts: { k: 1, l: 2 },
      nothing: null,
    });
    const missing = Object.fromEntries(Object.keys(full!).map((name) => [name, null]));
    const empty = { passages: [], choices: [], counts: {} };
    expect(bare).toEqual({ ...missing, ...empty, question: 'Grüße, 世界 😀', id: 5, score: exact('float', 'nan') });
    expect(odd).toEqual({
      ...missing,
      question: '',
      score: exact('float', 'inf'),
      day: exact('date', '0001-01-01'),
      at: exact('datetime', '1960-01-01T00:00:00'),
      price: exact('decimal', '-0.01'),
      raw: exact('bytes', ''),
      choices: [
        { text: null, votes: null },
        { text: 'x', votes: [] },
      ],
      meta: { source: null, weight: null },
    });
  });

  it('says of each row where it stands, over groups of rows', async () => {
    const { rows } = await readRows(written('types'), {});
    expect(rows.map(({ place }) => place)).toEqual([1, 2, 3].map((row) => `${written('types')}, row ${row}`));
  });

  it.each(['gzip', 'brotli', 'zstd'])('is unpacked (%s)', async (name) => {
    const expected = Array.from({ length: 50 }, (_, i) => ({ q: `question ${i % 7}`, label: i % 3 }));
    expect(await fieldsOf(name)).toEqual(expected);
  });

  it('is one of pandas, without its index', async () => {
    expect(await fieldsOf('pandas')).toEqual([
      { text: 'good', label: 'pos', when: exact('datetime', '2024-01-31T10:00:00.123456') },
      { text: 'bad', label: 'neg', when: null },
    ]);
  });

  it('is one of polars', async () => {
    expect(await fieldsOf('polars')).toEqual([
      { text: 'good', n: 1, tags: ['a'] },
      { text: 'bad', n: 2, tags: [] },
    ]);
  });

  it('is one of Hugging Face', async () => {
    expect(await fieldsOf('huggingface')).toEqual([
      { text: 'good film', label: 1, answers: { text: ['a'], start: [3] } },
      { text: 'bad film', label: 0, answers: { text: [], start: [] } },
    ]);
  });
});

describe('a .parquet file that cannot be read', () => {
  const bytes = readFileSync(written('zstd'));
  const reading = async (content: string | Buffer, limits = {}) => {
    const file = join(folder, 'rows.parquet');
    writeFileSync(file, content);
    return await readRows(file, limits);
  };

  it('is named', async () => {
    await expect(reading('no such thing')).rejects.toThrow(/rows\.parquet could not be read as Parquet: /);
    await expect(reading(bytes.subarray(0, -20))).rejects.toThrow(/rows\.parquet could not be read as Parquet: /);
    await expect(reading('')).rejects.toThrow(/rows\.parquet could not be read as Parquet: /);
  });

  it('is named with its row, where a date is one that Python has none for', async () => {
    const broken = Buffer.from(readFileSync(written('types')));
    const day = Buffer.alloc(4);
    day.writeInt32LE((Date.UTC(2024, 0, 31) / 86_400_000) | 0);
    const at = broken.indexOf(day);
    broken.writeInt32LE(2 ** 31 - 1, at);
    await expect(reading(broken)).rejects.toThrow(/rows\.parquet, row 1, column day: a date is before the year 1/);
  });

  it('has to be so small, and each of its rows', async () => {
    await expect(reading(bytes, { wholeBytes: bytes.length - 1 })).rejects.toThrow('Take fewer rows of it');
    await expect(reading(bytes, { rowBytes: 10 })).rejects.toThrow(/rows\.parquet, row 1: the row is longer than/);
  });

  it('is packed in another way', async () => {
    await expect(readRows(written('lz4'), {})).rejects.toThrow(
      /lz4\.parquet could not be read as Parquet: .*LZ4.*file\.py#name/,
    );
  });

  it('was not fetched from Git LFS', async () => {
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 132\n';
    await expect(reading(pointer)).rejects.toThrow(
      'rows.parquet is a pointer of Git LFS: `git lfs pull` fetches the file.',
    );
  });
});
