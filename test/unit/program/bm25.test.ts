import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bm25 } from 'bettertogether';
import { countWords } from '../../../src/program/retrieval/bm25Index.ts';
import { readIndex, sha256, writeIndex } from '../../../src/program/retrieval/indexFile.ts';
import { wordsOf } from '../../../src/program/retrieval/words.ts';
import { usedFiles } from '../../../src/program/runtime/usedFiles.ts';

describe('words', () => {
  it('are lower-cased, without accents, stop-words and the plural s', () => {
    expect(wordsOf('The CITIES of Zoë’s horses, 1999: glass & status')).toEqual([
      'city',
      'zoe',
      's',
      'horse',
      '1999',
      'glass',
      'status',
    ]);
  });

  it('may be in any script', () => {
    expect(wordsOf('東京タワー мова')).toEqual(['東京タワー', 'мова']);
  });
});

describe('bm25', () => {
  // N = 3, lengths 2, 3 and 1, mean 2; k1 = 0.9 and b = 0.4, so the length parts are 0.6 + 0.2 × length.
  const passages = ['cat dog', 'cat cat bird', 'fish'];

  it('scores as the formula by hand', async () => {
    const found = await bm25({ passages }).search('cat', 3);
    expect(found.map(({ text }) => text)).toEqual(['cat cat bird', 'cat dog']);
    // cat stands in 2 of 3: ln(1 + 1.5 / 2.5) = 0.4700036; f / (f + 0.9 × (0.6 + 0.2 × length))
    expect(found[0]!.score).toBeCloseTo(0.4700036 * (2 / (2 + 0.9 * 1.2)), 6); // 0.305197
    expect(found[1]!.score).toBeCloseTo(0.4700036 * (1 / (1 + 0.9 * 1.0)), 6); // 0.247370
    expect(found[0]!.score).toBeCloseTo(0.305197, 5);
    // bird stands in 1 of 3: ln(1 + 2.5 / 1.5) = 0.9808293
    const [both] = await bm25({ passages }).search('birds and a cat', 1);
    expect(both!.score).toBeCloseTo(0.305197 + 0.9808293 / (1 + 0.9 * 1.2), 5); // 0.776750
  });

  it('takes k1 and b', async () => {
    // With b = 0 the length does not matter; with k1 = 0 nor does how often.
    const [first, second] = await bm25({ passages, k1: 0, b: 0 }).search('cat', 2);
    expect([first!.text, second!.text]).toEqual(['cat dog', 'cat cat bird']);
    expect(first!.score).toBeCloseTo(0.4700036, 6);
    expect(second!.score).toBe(first!.score);
    const [long] = await bm25({ passages, k1: 2, b: 0 }).search('cat', 1);
    expect(long!.score).toBeCloseTo(0.4700036 * (2 / 4), 6);
  });

  it('gives the earlier of equals first, at most k, and nothing that shares no word', async () => {
    const retriever = bm25({ passages: ['red one', 'blue', 'red two', 'red six'] });
    expect((await retriever.search('red', 2)).map(({ text }) => text)).toEqual(['red one', 'red two']);
    expect(await retriever.search('green', 2)).toEqual([]);
    expect(await retriever.search('', 2)).toEqual([]);
    expect(await bm25({ passages: [] }).search('red', 2)).toEqual([]);
  });

  it('leaves nothing of one search to the next', async () => {
    const retriever = bm25({ passages });
    const once = await retriever.search('cat', 3);
    await retriever.search('dog fish', 3);
    expect(await retriever.search('cat', 3)).toEqual(once);
  });

  it('agrees with the formula worked out naively on many documents', async () => {
    const vocabulary = Array.from({ length: 40 }, (_, i) => `w${i}x`);
    const texts = Array.from({ length: 300 }, (_, d) =>
      Array.from({ length: 3 + (d % 17) }, (_, i) => vocabulary[(d * 7 + i * i * 3) % 40]!).join(' '),
    );
    const query = [3, 11, 11, 29].map((i) => vocabulary[i]!);
    const words = texts.map((text) => text.split(' '));
    const mean = words.reduce((sum, each) => sum + each.length, 0) / words.length;
    const naive = words.map((each, document) => {
      const score = query.reduce((sum, word) => {
        const having = words.filter((other) => other.includes(word)).length;
        const often = each.filter((other) => other === word).length;
        const rarity = Math.log(1 + (words.length - having + 0.5) / (having + 0.5));
        return sum + (rarity * often) / (often + 0.9 * (1 - 0.4 + (0.4 * each.length) / mean));
      }, 0);
      return { document, score };
    });
    const expected = naive.toSorted((a, b) => b.score - a.score || a.document - b.document).slice(0, 10);
    const found = await bm25({ passages: texts }).search(query.join(' '), 10);
    expect(found.map(({ score }) => score.toFixed(5))).toEqual(expected.map(({ score }) => score.toFixed(5)));
  });

  it('says what is wrong with its options', () => {
    expect(() => bm25({})).toThrow(/either corpus .* or passages/);
    expect(() => bm25({ passages, b: 2 })).toThrow(/0 <= b <= 1/);
  });
});

describe('bm25 on a corpus file', () => {
  let folder: string;
  let corpus: string;
  let index: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bettertogether-bm25-'));
    corpus = join(folder, 'passages.jsonl');
    index = join(folder, 'indexes');
    const rows = [{ title: 'Cat', text: 'an animal' }, { text: 'no title' }, 'only text'];
    writeFileSync(corpus, `${rows.map((row) => JSON.stringify(row)).join('\n')}\n\n`);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const indexFile = () => join(index, readdirSync(index)[0]!);
  const first = async (query: string) => (await bm25({ corpus, index }).search(query, 1))[0]?.text;

  it('takes lines with title and text, with text, or that are one', async () => {
    const retriever = bm25({ corpus: pathToFileURL(corpus), index: null });
    expect((await retriever.search('animals', 1))[0]!.text).toBe('Cat | an animal');
    expect((await retriever.search('title', 1))[0]!.text).toBe('no title');
    expect((await retriever.search('only', 1))[0]!.text).toBe('only text');
  });

  it('is one of the files that the program depends on', () => {
    bm25({ corpus, index: null });
    expect(usedFiles()).toContain(corpus);
  });

  it('keeps its index and takes it from the disk the next time', async () => {
    expect(await first('animal')).toBe('Cat | an animal');
    // An index of the same corpus that says otherwise: what answers is the file.
    const other = ['nothing here', 'animal', 'nothing'];
    await writeIndex(indexFile(), sha256(readFileSync(corpus)), await countWords(3, (i) => other[i]!));
    expect(await first('animal')).toBe('no title');
  });

  it('takes no index that lies in the workspace, and keeps its own in the home', async () => {
    const before = { cwd: process.cwd(), home: process.env['XDG_DATA_HOME'] };
    const planted = join(folder, '.bettertogether', 'indexes');
    const home = join(folder, 'home');
    try {
      process.env['XDG_DATA_HOME'] = home;
      process.chdir(folder);
      await bm25({ corpus, index: planted }).search('animal', 1);
      const [name] = readdirSync(planted);
      const other = ['nothing here', 'animal', 'nothing'];
      await writeIndex(join(planted, name!), sha256(readFileSync(corpus)), await countWords(3, (i) => other[i]!));
      expect((await bm25({ corpus }).search('animal', 1))[0]?.text).toBe('Cat | an animal');
      expect(readdirSync(home, { recursive: true })).toContainEqual(expect.stringContaining(name!));
    } finally {
      process.chdir(before.cwd);
      if (before.home === undefined) delete process.env['XDG_DATA_HOME'];
      else process.env['XDG_DATA_HOME'] = before.home;
    }
  });

  it('builds again what was cut short, damaged or of another corpus', async () => {
    await first('animal');
    const whole = readFileSync(indexFile());
    truncateSync(indexFile(), whole.length - 5);
    expect(await first('animal')).toBe('Cat | an animal');
    expect(readFileSync(indexFile()).equals(whole)).toBe(true);

    const damaged = Buffer.from(whole);
    damaged[whole.length - 3]! ^= 0xff;
    writeFileSync(indexFile(), damaged);
    expect(await readIndex(indexFile(), sha256(readFileSync(corpus)))).toBeUndefined();
    expect(await first('animal')).toBe('Cat | an animal');

    writeFileSync(corpus, JSON.stringify('another animal'));
    expect(await first('animal')).toBe('another animal');
    expect(readdirSync(index)).toHaveLength(1);
  });

  it('builds once for concurrent first searches, and tries again after a failure', async () => {
    const missing = bm25({ corpus: join(folder, 'later.jsonl'), index: null });
    await expect(missing.search('x', 1)).rejects.toThrow(/later\.jsonl/);
    writeFileSync(join(folder, 'later.jsonl'), JSON.stringify('x marks'));
    const both = await Promise.all([missing.search('x', 1), missing.search('marks', 1)]);
    expect(both.map((found) => found[0]!.text)).toEqual(['x marks', 'x marks']);
  });

  it('names the line that is no passage', async () => {
    writeFileSync(corpus, '"fine"\n\n{"body": 1}\n');
    await expect(bm25({ corpus, index: null }).search('fine', 1)).rejects.toThrow(/passages\.jsonl:3 is no passage/);
    writeFileSync(corpus, '{"text": ');
    await expect(bm25({ corpus, index: null }).search('fine', 1)).rejects.toThrow(/passages\.jsonl:1 is not JSON/);
  });
});
