import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HumanError } from '../../../src/base/errors.ts';
import { openMemo, type Memo } from '../../../src/lm/memo.ts';
import { MemoIndex } from '../../../src/lm/memoIndex.ts';
import { ownSeal, type Seal } from '../../../src/home/seal.ts';
import { encodeLine, readLine } from '../../../src/lm/memoLine.ts';
import { memoSize, pruneMemo } from '../../../src/lm/memoPrune.ts';

const keyOf = (name: string | number) => createHash('sha256').update(String(name)).digest('hex');
const fast = { refreshMs: 0 };

let folder: string;
let open: Memo[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'memo-'));
  open = [];
});
afterEach(async () => {
  for (const memo of open) await memo.close();
  rmSync(folder, { recursive: true });
});

async function memoOf(options = fast): Promise<Memo> {
  const memo = await openMemo(folder, options);
  open.push(memo);
  return memo;
}

/** Writes `values` through a memo that is closed again; gives its segment file. */
async function written(values: Readonly<Record<string, unknown>>): Promise<string> {
  const before = new Set(readdirSync(folder));
  const memo = await openMemo(folder);
  for (const [name, value] of Object.entries(values)) await memo.put(keyOf(name), value as string);
  await memo.close();
  return join(
    folder,
    readdirSync(folder).find((name) => !before.has(name))!,
  );
}

describe('the memo', () => {
  test('gives back what was put, in this process and in the next', async () => {
    const value = { text: 'Zürich\n"quoted" 🙂', list: [1, null, true], nested: { a: 1 } };
    await written({ a: value, b: 0 });
    const memo = await memoOf();
    expect(await memo.get(keyOf('a'))).toEqual(value);
    expect(await memo.get(keyOf('b'))).toBe(0);
    expect(await memo.get(keyOf('c'))).toBeUndefined();
    expect(memo.entries).toBe(2);
  });

  test('has the entry in the file when put resolves: nothing has to be closed', async () => {
    const memo = await memoOf();
    await memo.put(keyOf('a'), 'kept');
    expect(await (await memoOf()).get(keyOf('a'))).toBe('kept');
  });

  test('writes all puts of one turn of the event loop at its end: who waits for an entry waits for no clock', async () => {
    const memo = await memoOf();
    const puts = ['a', 'b'].map((name) => memo.put(keyOf(name), name));
    await new Promise(setImmediate);
    const [line, next] = readFileSync(join(folder, readdirSync(folder)[0]!), 'utf8').split('\n');
    expect([line, next]).toEqual([expect.stringContaining(keyOf('a')), expect.stringContaining(keyOf('b'))]);
    await Promise.all(puts);
  });

  test('finds an entry before it is written', async () => {
    const memo = await memoOf();
    const put = memo.put(keyOf('a'), 'soon');
    expect(await memo.get(keyOf('a'))).toBe('soon');
    await put;
  });

  test('makes no file until something is put, and does not write an equal value again', async () => {
    const memo = await memoOf();
    await memo.get(keyOf('a'));
    expect(readdirSync(folder)).toEqual([]);
    await memo.put(keyOf('a'), { x: 1, y: 2 });
    const size = memoSize(folder).bytes;
    await memo.put(keyOf('a'), { y: 2, x: 1 });
    expect(memoSize(folder).bytes).toBe(size);
  });

  test('the last value put under a key replaces the others', async () => {
    const memo = await memoOf();
    await memo.put(keyOf('job'), 'model-1');
    await memo.put(keyOf('job'), 'model-2');
    expect(await memo.get(keyOf('job'))).toBe('model-2');
    expect(await (await memoOf()).get(keyOf('job'))).toBe('model-2');
  });

  test('gives what another process put since under a known key after a look', async () => {
    const slow = { refreshMs: 60_000 };
    const [one, other] = [await memoOf(slow), await memoOf(slow)];
    await one.put(keyOf('job'), 'intended');
    await other.refresh();
    expect(await other.get(keyOf('job'))).toBe('intended');
    await one.put(keyOf('job'), 'submitted');
    await other.refresh();
    expect(await other.get(keyOf('job'))).toBe('submitted');
  });

  test('of two processes the younger value counts, whatever their segments are called', async () => {
    const line = (at: number, value: string) => encodeLine(keyOf('a'), at, JSON.stringify(value), ownSeal());
    writeFileSync(join(folder, '000000001-h-1-a.memo'), line(2000, 'younger'));
    writeFileSync(join(folder, '000000002-h-2-b.memo'), line(1000, 'older'));
    expect(await (await memoOf()).get(keyOf('a'))).toBe('younger');
  });

  test('keeps values far larger than a read chunk', async () => {
    const large = 'x'.repeat(3_000_000);
    await written({ small: 1, large, after: 2 });
    const memo = await memoOf();
    expect(await memo.get(keyOf('large'))).toBe(large);
    expect(await memo.get(keyOf('after'))).toBe(2);
  });

  test('keys that are not SHA-256 are a bug', async () => {
    const memo = await memoOf();
    await expect(memo.put('a', 1)).rejects.toThrow('Not a SHA-256');
    await expect(memo.get(`${keyOf('a').slice(1)}G`)).rejects.toThrow('Not a SHA-256');
  });
});

describe('damage', () => {
  test('a torn last line is no entry, wherever it was torn', async () => {
    const file = await written({ a: 'first', b: 'second' });
    const whole = readFileSync(file);
    const firstLine = whole.indexOf(10) + 1;
    for (let size = firstLine; size < whole.length; size++) {
      writeFileSync(file, whole.subarray(0, size));
      const memo = await openMemo(folder);
      expect(await memo.get(keyOf('a'))).toBe('first');
      expect(await memo.get(keyOf('b'))).toBeUndefined();
      await memo.close();
    }
  });

  test('a torn line in the middle spoils nothing after it', async () => {
    const file = await written({ a: 'first' });
    appendFileSync(file, `${keyOf('torn')} 0000`);
    appendFileSync(file, '\n');
    appendFileSync(file, encodeLine(keyOf('c'), 1, '"third"', ownSeal()));
    const memo = await memoOf();
    expect(await memo.get(keyOf('a'))).toBe('first');
    expect(await memo.get(keyOf('c'))).toBe('third');
  });

  test('no flipped bit of a line leaves it an entry', () => {
    const line = encodeLine(keyOf('a'), Date.now(), JSON.stringify({ text: 'value of ä' }), ownSeal());
    expect(readLine(line, ownSeal())).toMatchObject({ key: keyOf('a'), value: { text: 'value of ä' } });
    for (let bit = 0; bit < line.length * 8; bit++) {
      line[bit >> 3]! ^= 1 << (bit & 7);
      expect(readLine(line, ownSeal())).toBeNull();
      line[bit >> 3]! ^= 1 << (bit & 7);
    }
  });

  test('a damaged byte costs its entry and no other, and never gives a wrong value', async () => {
    const file = await written({ a: 'value of a', b: 'value of b' });
    const whole = readFileSync(file);
    const lost = { a: 0, b: 0 };
    for (let at = 0; at < whole.length; at++) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 0x11;
      writeFileSync(file, damaged);
      const memo = await openMemo(folder);
      for (const name of ['a', 'b'] as const) {
        const found = await memo.get(keyOf(name));
        if (found === undefined) lost[name]++;
        else expect(found).toBe(`value of ${name}`);
      }
      await memo.close();
    }
    // The newline between them belongs to both.
    expect(lost).toEqual({ a: whole.length / 2, b: whole.length / 2 + 1 });
  });

  test('a line that is damaged after it was indexed is not read as truth, and is paid for and kept again', async () => {
    const file = await written({ a: 'value of a' });
    const memo = await memoOf();
    const damaged = readFileSync(file);
    damaged[damaged.length - 4]! ^= 1;
    writeFileSync(file, damaged);
    expect(await memo.get(keyOf('a'))).toBeUndefined();
    await memo.put(keyOf('a'), 'again');
    expect(await memo.get(keyOf('a'))).toBe('again');
  });

  test('a segment that is cut off or deleted under a reader is a miss', async () => {
    const file = await written({ a: 'value of a' });
    const memo = await memoOf();
    truncateSync(file, 10);
    expect(await memo.get(keyOf('a'))).toBeUndefined();
    rmSync(file);
    expect(await memo.get(keyOf('a'))).toBeUndefined();
  });
});

describe('several processes', () => {
  test('see what the others append, at a bounded rate', async () => {
    const reader = await memoOf({ refreshMs: 60_000 });
    const eager = await memoOf({ refreshMs: 0 });
    const writer = await memoOf();
    await writer.put(keyOf('a'), 1);
    await expect.poll(() => eager.get(keyOf('a'))).toBe(1);
    expect(await reader.get(keyOf('a'))).toBeUndefined();
  });

  test('wait for the rest of a line that another one is writing', async () => {
    const line = encodeLine(keyOf('a'), 1, '"whole"', ownSeal());
    const file = join(folder, '000000001-h-1-a.memo');
    writeFileSync(file, line.subarray(0, 60));
    const memo = await memoOf();
    expect(await memo.get(keyOf('a'))).toBeUndefined();
    appendFileSync(file, line.subarray(60));
    await expect.poll(() => memo.get(keyOf('a'))).toBe('whole');
  });

  test('write at once without harm, and one that is killed loses nothing that it put', async () => {
    const module = pathToFileURL(join(import.meta.dirname, '../../../src/lm/memo.ts')).href;
    const script = join(folder, 'writer.mts');
    writeFileSync(
      script,
      `import { createHash } from 'node:crypto';
       const { openMemo } = await import(${JSON.stringify(module)});
       const memo = await openMemo(${JSON.stringify(join(folder, 'shared'))});
       for (let i = 0; i < 300; i++) {
         const name = process.argv[2] + ':' + i;
         await memo.put(createHash('sha256').update(name).digest('hex'), { name });
       }
       process.kill(process.pid, 'SIGKILL');`,
    );
    const run = promisify(execFile);
    const root = join(import.meta.dirname, '../../..');
    const writers = ['x', 'y', 'z'].map((name) =>
      run(process.execPath, ['--import', 'jiti/register', script, name], { cwd: root }).catch(
        (error: unknown) => error,
      ),
    );
    const ends = (await Promise.all(writers)) as { readonly signal?: string }[];
    expect(ends.map((end) => end.signal)).toEqual(['SIGKILL', 'SIGKILL', 'SIGKILL']);
    const memo = await openMemo(join(folder, 'shared'));
    open.push(memo);
    expect(memo.entries).toBe(900);
    for (const writer of ['x', 'y', 'z']) {
      for (let i = 0; i < 300; i++) expect(await memo.get(keyOf(`${writer}:${i}`))).toEqual({ name: `${writer}:${i}` });
    }
  }, 120_000);
});

describe('segments of others', () => {
  const stranger: Seal = { of: () => 'f'.repeat(32), holds: () => false };
  const foreign = encodeLine(keyOf('theirs'), 1, '"theirs"', stranger);

  test('are not read, however many lie there, and take no number', async () => {
    await written({ a: 'mine' });
    for (let i = 0; i < 66_000; i++) writeFileSync(join(folder, `zz${i}-h-1-a.memo`), foreign);
    const memo = await memoOf();
    expect(await memo.get(keyOf('a'))).toBe('mine');
    expect(await memo.get(keyOf('theirs'))).toBeUndefined();
    expect(memo.entries).toBe(1);
    await memo.put(keyOf('b'), 'mine too');
    expect(await memo.get(keyOf('b'))).toBe('mine too');
  }, 120_000);

  test('are told by the first line that is sound: a damaged one before it hides nothing', async () => {
    const file = await written({ a: 'first', b: 'second' });
    const bytes = readFileSync(file);
    bytes[10] = bytes[10]! ^ 1;
    writeFileSync(file, bytes);
    const memo = await memoOf();
    expect(await memo.get(keyOf('b'))).toBe('second');
    expect(memoSize(folder).segments).toBe(1);
  });

  test('are told when their first line is whole', async () => {
    const memo = await memoOf();
    const file = join(folder, 'zz-h-1-a.memo');
    const line = encodeLine(keyOf('mine'), 1, '"mine"', ownSeal());
    writeFileSync(file, line.subarray(0, 40));
    expect(await memo.get(keyOf('mine'))).toBeUndefined();
    writeFileSync(file, line);
    await memo.refresh();
    expect(await memo.get(keyOf('mine'))).toBe('mine');
  });
});

describe('a folder that cannot be used', () => {
  test('is named: a file in its place', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    await expect(openMemo(join(file, 'cache'))).rejects.toThrow(HumanError);
    await expect(openMemo(join(file, 'cache'))).rejects.toThrow(join(file, 'cache'));
  });

  test('is named when it goes away, and the value stays at hand; later puts work again', async () => {
    const cache = join(folder, 'cache');
    const memo = await openMemo(cache);
    open.push(memo);
    rmSync(cache, { recursive: true });
    await expect(memo.put(keyOf('a'), 'in hand')).rejects.toThrow(cache);
    expect(await memo.get(keyOf('a'))).toBe('in hand');
    mkdirSync(cache);
    await memo.put(keyOf('b'), 'kept');
    const again = await openMemo(cache);
    open.push(again);
    expect(await again.get(keyOf('b'))).toBe('kept');
  });
});

describe('memory', () => {
  test('the index takes at most 40 bytes an entry and finds every one', () => {
    const index = new MemoIndex();
    const count = 50_000;
    for (let i = 0; i < count; i++) {
      index.add(keyOf(i), { segment: 1 + (i % 7), offset: i * 2 ** 20, length: i });
      if (i > 1000 && i % 50 === 0) expect(index.bytes / index.entries).toBeLessThanOrEqual(40);
    }
    for (let i = 0; i < count; i += 97) {
      const places = [...index.candidates(keyOf(i))].map((slot) => index.place(slot));
      expect(places).toEqual([{ segment: 1 + (i % 7), offset: i * 2 ** 20, length: i }]);
    }
    expect([...index.candidates(keyOf('absent'))]).toEqual([]);
  });

  test('what was forgotten is not found, and growing keeps the rest', () => {
    const index = new MemoIndex();
    for (let i = 0; i < 500; i++) index.add(keyOf(i), { segment: 1, offset: i, length: 1 });
    const [slot] = index.candidates(keyOf(3));
    index.forget(slot!);
    for (let i = 500; i < 3000; i++) index.add(keyOf(i), { segment: 1, offset: i, length: 1 });
    expect([...index.candidates(keyOf(3))]).toEqual([]);
    expect(index.entries).toBe(2999);
    expect(index.place([...index.candidates(keyOf(4))][0]!).offset).toBe(4);
  });
});

describe('prune', () => {
  test('deletes what nobody writes any more, and says how much', async () => {
    const dead = '000000001-ffffffff-1-a.memo';
    writeFileSync(join(folder, dead), encodeLine(keyOf('a'), 1, '1', ownSeal()));
    const size = statSync(join(folder, dead)).size;
    const live = await memoOf();
    await live.put(keyOf('b'), 2);
    expect(memoSize(folder).segments).toBe(2);
    // The other host's segment was touched just now: it may be in use.
    expect(pruneMemo(folder)).toEqual({ deleted: { segments: 0, bytes: 0 }, inUse: 2 });
    const own = readdirSync(folder).find((name) => name !== dead)!;
    const host = own.split('-')[1]!;
    const local = join(folder, `000000001-${host}-${2 ** 22 + 1}-a.memo`);
    writeFileSync(local, readFileSync(join(folder, dead)));
    expect(pruneMemo(folder, { before: 1000 })).toEqual({ deleted: { segments: 0, bytes: 0 }, inUse: 0 });
    expect(pruneMemo(folder)).toEqual({ deleted: { segments: 1, bytes: size }, inUse: 2 });
    expect(await live.get(keyOf('b'))).toBe(2);
    expect(memoSize(join(folder, 'nowhere'))).toEqual({ segments: 0, bytes: 0 });
  });
});
