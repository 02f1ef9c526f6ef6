import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openMemo } from '../../../src/lm/memo.ts';
import { ownSeal } from '../../../src/home/seal.ts';
import { encodeLine } from '../../../src/lm/memoLine.ts';
import { pruneMemo } from '../../../src/lm/memoPrune.ts';
import { MemoReader } from '../../../src/lm/memoReader.ts';

const keyOf = (name: string | number) => createHash('sha256').update(String(name)).digest('hex');

let folder: string;
let reader: MemoReader;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'memo-reader-'));
  reader = new MemoReader(folder);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Through a memo, as runs write; gives the segment. */
async function put(values: Readonly<Record<string, unknown>>): Promise<string> {
  const before = new Set(readdirSync(folder));
  const memo = await openMemo(folder);
  await Promise.all(Object.entries(values).map(([name, value]) => memo.put(keyOf(name), value as string)));
  await memo.close();
  return join(
    folder,
    readdirSync(folder).find((name) => !before.has(name))!,
  );
}

const line = (name: string, written: number, value: unknown) =>
  encodeLine(keyOf(name), written, JSON.stringify(value), ownSeal());

describe('a look into the memo', () => {
  test('finds what any process put, and nothing else', async () => {
    const value = { text: 'Zürich\n"quoted" 🙂', list: [1, null, true] };
    await put({ a: value });
    await put({ b: 0 });
    expect(await reader.get(keyOf('a'))).toEqual(value);
    expect(await reader.get(keyOf('b'))).toBe(0);
    expect(await reader.get(keyOf('c'))).toBeUndefined();
    expect(await reader.get('../../etc/passwd')).toBeUndefined();
  });

  test('answers what an opened memo answers, of thousands of entries of all lengths', async () => {
    // One longer than what is read at once; keys of other entries inside the values, as outcomes have them.
    const names = Array.from({ length: 3000 }, (_, i) => i);
    const values = names.map((i) =>
      i === 1234 ? 'x'.repeat(5 << 20) : { i, refers: keyOf(i + 1), pad: '.'.repeat(i) },
    );
    await put(Object.fromEntries(names.map((i) => [i, values[i]])));
    const memo = await openMemo(folder);
    try {
      for (const i of [0, 1, 2, 1233, 1234, 1235, 2998, 2999, 3000]) {
        expect(await reader.get(keyOf(i))).toEqual(await memo.get(keyOf(i)));
      }
    } finally {
      await memo.close();
    }
    expect(await reader.get(keyOf(1234))).toBe(values[1234]);
  });

  test('sees what is put later, by a process that goes on and by one that starts', async () => {
    const memo = await openMemo(folder);
    await memo.put(keyOf('a'), 'first');
    expect(await reader.get(keyOf('a'))).toBe('first');
    await memo.put(keyOf('b'), 'second');
    await put({ c: 'third' });
    expect(await Promise.all(['b', 'c', 'd'].map((name) => reader.get(keyOf(name))))).toEqual([
      'second',
      'third',
      undefined,
    ]);
    await memo.close();
  });

  test('of two values under one key gives the younger, wherever it lies', async () => {
    writeFileSync(join(folder, 'a.memo'), Buffer.concat([line('k', 5, 'young'), line('k', 3, 'old')]));
    writeFileSync(join(folder, 'b.memo'), line('k', 4, 'between'));
    expect(await reader.get(keyOf('k'))).toBe('young');
  });

  test('passes over lines that are torn, damaged or still being written', async () => {
    const sound = line('a', 1, 'sound');
    const damaged = Buffer.from(line('b', 1, 'damaged'));
    damaged[damaged.length - 4]! ^= 1;
    const liar = Buffer.from(line('c', 1, 'liar'));
    liar.write('ffffffff', 75);
    const torn = line('d', 1, 'torn').subarray(0, 80);
    const [cut, last] = [line('e', 1, 'cut').subarray(0, 96), line('f', 2, 'last')];
    const file = join(folder, 'a.memo');
    writeFileSync(
      file,
      Buffer.concat([damaged, liar, torn, Buffer.from('\n'), cut, Buffer.from('\n\n'), sound, last.subarray(0, 95)]),
    );
    expect(await reader.get(keyOf('a'))).toBe('sound');
    for (const name of ['b', 'c', 'd', 'e', 'f']) expect(await reader.get(keyOf(name))).toBeUndefined();
    appendFileSync(file, last.subarray(95));
    expect(await reader.get(keyOf('f'))).toBe('last');
  });

  test('has nothing where there is no folder, makes none, and forgets what was pruned', async () => {
    const nowhere = join(folder, 'none');
    expect(await new MemoReader(nowhere).get(keyOf('a'))).toBeUndefined();
    expect(existsSync(nowhere)).toBe(false);
    const segment = await put({ a: 1 });
    expect(await reader.get(keyOf('a'))).toBe(1);
    const bytes = readFileSync(segment);
    rmSync(segment);
    expect(pruneMemo(folder).inUse).toBe(0);
    expect(await reader.get(keyOf('a'))).toBeUndefined();
    writeFileSync(join(folder, 'again.memo'), bytes);
    expect(await reader.get(keyOf('a'))).toBe(1);
  });
});
