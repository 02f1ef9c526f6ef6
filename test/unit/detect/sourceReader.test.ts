import { mkdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SourceReader } from '../../../src/detect/sourceReader.ts';
import { temporaryFolder } from '../run/folder.ts';

/** Files were written long ago, by the clock that tells their age. */
const later = Date.now() + 60_000;
afterEach(() => vi.restoreAllMocks());

describe.each([
  ['at once', undefined],
  ['with many requests, from a slow disk', 0],
])('SourceReader, %s', (_, slowMs) => {
  async function reader() {
    const folder = temporaryFolder();
    const made = new SourceReader(folder, slowMs);
    writeFileSync(join(folder, 'a.py'), 'import dspy\n');
    for (let i = 0; i < 40; i++) await made.read('a.py', null); // after them the disk is known as slow
    const read = async (file: string, stamp: string | null = null) => {
      const reading = await made.read(file, stamp);
      return reading.kind === 'read' ? { ...reading, text: Buffer.from(reading.bytes).toString() } : reading;
    };
    return { folder, made, read };
  }

  it('reads bytes, and again only what changed', async () => {
    vi.spyOn(Date, 'now').mockReturnValue(later);
    const { folder, read } = await reader();
    const first = await read('a.py');
    if (first.kind !== 'read') throw new Error('not read');
    expect(first.text).toBe('import dspy\n');
    expect(await read('a.py', first.stamp)).toEqual({ kind: 'same' });
    writeFileSync(join(folder, 'a.py'), 'import dsp0\n');
    utimesSync(join(folder, 'a.py'), 1, 1);
    expect(await read('a.py', first.stamp)).toMatchObject({ kind: 'read', text: 'import dsp0\n' });
  });

  it('gives no stamp to a file that was written a moment ago, for it can change again unseen', async () => {
    const { read } = await reader();
    expect(await read('a.py')).toMatchObject({ kind: 'read', stamp: null });
  });

  it('has nothing of what is not there, is a folder, or is too large to have been written by hand', async () => {
    const { folder, read } = await reader();
    mkdirSync(join(folder, 'b.py'));
    writeFileSync(join(folder, 'c.py'), '');
    truncateSync(join(folder, 'c.py'), 1_000_001);
    rmSync(join(folder, 'a.py'));
    for (const file of ['a.py', 'b.py', 'c.py']) expect(await read(file)).toEqual({ kind: 'gone' });
    truncateSync(join(folder, 'c.py'), 1_000_000);
    expect(await read('c.py')).toMatchObject({ kind: 'read', bytes: { length: 1_000_000 } });
  });

  it('is a promise where the disk is slow, and only there', async () => {
    const { made } = await reader();
    expect(made.read('a.py', null) instanceof Promise).toBe(slowMs === 0);
  });
});
