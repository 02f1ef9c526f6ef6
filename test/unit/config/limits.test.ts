/** Data and configurations of any size and depth: read in pieces, or refused with file and line. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadDataset } from '../../../src/config/dataset.ts';
import { loadConfig, parseConfig } from '../../../src/config/load.ts';
import type { ResolvedMetric } from '../../../src/config/resolved.ts';
import { columnsAtMost, configBytesAtMost, nestingAtMost } from '../../../src/base/limits.ts';

const folder = mkdtempSync(join(tmpdir(), 'bt-limits-'));
afterAll(() => rmSync(folder, { recursive: true }));
const metric: ResolvedMetric = { kind: 'code', file: '/m.ts', name: 'm' };

function write(name: string, content: string | Buffer): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

const lists = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

describe('data is read in pieces', () => {
  const texts: Record<string, string> = {
    'lines.jsonl': '\uFEFF{"q":"über 🙂"}\r\n\n{"q":"zwei"}\n{"q":"drei"}',
    'rows.csv': '\uFEFFq,a\r\n"one, ""two""\nthree🙂",ä\r\nfour,b\r\n\r\n5,c',
    'rows.json': '\uFEFF[{"q":"über 🙂"},{"q":2}]',
  };
  it.each(Object.entries(texts))('%s: the same rows and hash wherever the pieces end', async (name, text) => {
    const file = write(name, text);
    const whole = await loadDataset(file, null, metric);
    expect(whole.sha256).toBe(createHash('sha256').update(text).digest('hex'));
    expect(whole.examples.length).toBeGreaterThan(1);
    for (const chunkBytes of [1, 2, 3, 7, 16])
      expect(await loadDataset(file, null, metric, { chunkBytes })).toEqual(whole);
  });

  it.each(['jsonl', 'csv'])('.%s: text that is not UTF-8 is told with its line', async (kind) => {
    const lines = kind === 'csv' ? ['q', 'a'] : ['{"q":1}', '{"q":2}'];
    const file = write(
      `latin.${kind}`,
      Buffer.concat([Buffer.from(`${lines.join('\n')}\n`), Buffer.from([0xe4, 0x0a])]),
    );
    for (const chunkBytes of [1, 5, 1000]) {
      await expect(loadDataset(file, null, metric, { chunkBytes })).rejects.toThrow(
        `${file}:3: this is not UTF-8 text`,
      );
    }
  });

  it.each(['jsonl', 'csv'])('.%s: a row has an end', async (kind) => {
    const rows =
      kind === 'csv'
        ? ['q', 'x'.repeat(20), 'x'.repeat(21)]
        : ['{"q":1}', `{"q":"${'x'.repeat(12)}"}`, `{"q":"${'x'.repeat(13)}"}`];
    const fits = write(`fits.${kind}`, rows.slice(0, 2).join('\n'));
    expect((await loadDataset(fits, null, metric, { rowBytes: 20 })).examples.length).toBeGreaterThan(0);
    for (const end of ['', '\n', 'x'.repeat(100)]) {
      const file = write(`long.${kind}`, rows.join('\n') + end);
      const loading = loadDataset(file, null, metric, { rowBytes: 20, chunkBytes: 8 });
      await expect(loading).rejects.toThrow(`${file}:3: the row is longer than`);
    }
  });

  it('a .json file is read whole, up to a size', async () => {
    const file = write('whole.json', '[{"q":1}]');
    expect((await loadDataset(file, null, metric, { wholeBytes: 9 })).examples).toHaveLength(1);
    await expect(loadDataset(file, null, metric, { wholeBytes: 8 })).rejects.toThrow('Write it as .jsonl');
  });
});

describe('rows', () => {
  it('nest so deep and no deeper', async () => {
    const rows = (depth: number) => [`{"q":1}`, `{"q":${lists(depth)}}`];
    for (const [name, text] of [
      ['deep.jsonl', (depth: number) => rows(depth).join('\n')],
      ['deep.json', (depth: number) => `[${rows(depth).join(',')}]`],
    ] as const) {
      expect((await loadDataset(write(name, text(nestingAtMost)), null, metric)).examples).toHaveLength(2);
      for (const depth of [nestingAtMost + 1, 100_000]) {
        const file = write(name, text(depth));
        const place = name.endsWith('l') ? `${file}:2` : `${file}, row 2`;
        await expect(loadDataset(file, null, metric)).rejects.toThrow(`${place}: the row nests deeper than`);
      }
    }
  });

  it('have so many fields and no more', { timeout: 30_000 }, async () => {
    const names = (count: number) => Array.from({ length: count }, (_, i) => `c${i}`);
    const csv = (count: number) => write('wide.csv', `${names(count).join(',')}\n${names(count).join(',')}\n`);
    expect((await loadDataset(csv(columnsAtMost), null, metric)).examples).toHaveLength(1);
    await expect(loadDataset(csv(200_000), null, metric)).rejects.toThrow(':1: a row has 10000 fields at most');
    const json = write(
      'wide.jsonl',
      JSON.stringify(Object.fromEntries(names(columnsAtMost + 1).map((name) => [name, 1]))),
    );
    await expect(loadDataset(json, null, metric)).rejects.toThrow(`${json}:1: a row has 10000 fields at most`);
  });
});

describe('bettertogether.json', () => {
  it.each(['[', '{"a":', '{"a":['])('nested without end is told with its line: %s', (open) => {
    for (const text of [open.repeat(100_000), `{\n"programs": ${open.repeat(100_000)}`]) {
      const line = text.includes('\n') ? 2 : 1;
      expect(() => parseConfig(text, 'x.json')).toThrow(
        new RegExp(`^x\\.json:${line}:\\d+: the file nests deeper than`),
      );
    }
  });

  it('may nest as deep as the limit', () => {
    expect(() => parseConfig(lists(nestingAtMost), 'x.json')).toThrow('the file has to hold an object');
  });

  it('of a gigabyte is not read', async () => {
    const file = join(folder, 'bettertogether.json');
    writeFileSync(file, '{}');
    truncateSync(file, 2 ** 30);
    await expect(loadConfig(folder)).rejects.toThrow(`${file} has 1020 MiB`);
    truncateSync(file, configBytesAtMost + 1);
    await expect(loadConfig(folder)).rejects.toThrow('at most 4 MiB of such a file are read');
    writeFileSync(file, `{}${' '.repeat(configBytesAtMost - 2)}`);
    expect((await loadConfig(folder)).file).toBe(file);
  });

  it('with a hundred thousand unknown keys tells the first of them', () => {
    const keys = Array.from({ length: 100_000 }, (_, i) => `"k${i}": 1`).join(',\n');
    expect(() => parseConfig(`{${keys}}`, 'x.json')).toThrow(/^x\.json:1:2: unknown key "k0"(?:.*\n){19}.*"k19".*$/);
  });
});
