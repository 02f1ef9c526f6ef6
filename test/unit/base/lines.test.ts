import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readBounded, readBoundedSync } from '../../../src/base/boundedFile.ts';
import { linesOf, linesOfSync, LineSplitter } from '../../../src/base/lines.ts';
import type { Line, LineOptions } from '../../../src/base/lines.ts';

const folder = mkdtempSync(join(tmpdir(), 'lines-'));
const file = join(folder, 'lines.txt');
afterAll(() => rmSync(folder, { recursive: true }));

const shown = ({ bytes, start, end }: Line) => [bytes?.toString('utf8') ?? null, start, end] as const;

async function linesIn(text: string, options: LineOptions) {
  writeFileSync(file, text);
  const lines: (readonly [string | null, number, number])[] = [];
  for await (const some of linesOf(file, options)) lines.push(...some.map(shown));
  let at = 0;
  for (const line of linesOfSync(file, options)) expect(shown(line)).toEqual(lines[at++]);
  expect(at).toBe(lines.length);
  return lines;
}

describe('lines of a file', () => {
  it('that a bar redraws a hundred thousand times, in one go', async () => {
    const found = await linesIn('a\r'.repeat(100_000), { carriageReturns: true });
    expect([found.length, found.at(-1)]).toEqual([100_000, ['a', 199_998, 200_000]]);
    expect(await linesIn('a\rb\nc\r\nd', { carriageReturns: true, chunkBytes: 3 })).toHaveLength(4);
  });

  it('are the same whatever the size of the pieces, and know where they lie', async () => {
    for (const chunkBytes of [1, 2, 3, 5, 7, 100]) {
      expect(await linesIn('a\n\nüber\nlast', { chunkBytes })).toEqual([
        ['a', 0, 2],
        ['', 2, 3],
        ['über', 3, 9],
      ]);
    }
    expect(await linesIn('skip\nfrom', { from: 5 })).toEqual([]);
    expect(await linesIn('skip\nfrom\n', { from: 5 })).toEqual([['from', 5, 10]]);
  });

  it('are left out where they are longer than the limit, and those after them are not', async () => {
    for (const chunkBytes of [1, 4, 64]) {
      expect(await linesIn('12345\n123456\nok\n', { chunkBytes, lineBytes: 5 })).toEqual([
        ['12345', 0, 6],
        [null, 6, 13],
        ['ok', 13, 16],
      ]);
    }
  });

  it('end at carriage returns, too, where that is asked for', async () => {
    const lines = await linesIn('10%\r20%\r\nend\n', { carriageReturns: true, chunkBytes: 4 });
    expect(lines.map(([text]) => text)).toEqual(['10%', '20%', '', 'end']);
  });

  it('keep what was begun when a piece is filled again', () => {
    const splitter = new LineSplitter();
    const piece = Buffer.from('ab');
    expect(splitter.split(piece)).toEqual([]);
    piece.write('c\n');
    expect(splitter.split(piece).map(shown)).toEqual([['abc', 0, 4]]);
    expect(splitter.rest()).toBeNull();
    splitter.split(Buffer.from('torn'));
    expect(splitter.rest()?.bytes?.toString()).toBe('torn');
  });

  it('of a file that is missing are none', async () => {
    for await (const lines of linesOf(join(folder, 'missing'))) expect(lines).toEqual([]);
  });
});

describe('a file that is read whole', () => {
  it('is read up to the limit, and refused above it', async () => {
    writeFileSync(file, '1234567890');
    expect((await readBounded(file, 10)).toString()).toBe('1234567890');
    expect(readBoundedSync(file, 10)).toHaveLength(10);
    await expect(readBounded(file, 9)).rejects.toThrow(`${file} has`);
    expect(() => readBoundedSync(file, 9)).toThrow('are read');
  });
  it('is a file, and no folder', async () => {
    mkdirSync(join(folder, 'sub'));
    await expect(readBounded(join(folder, 'sub'))).rejects.toThrow('is not a file');
  });
});
