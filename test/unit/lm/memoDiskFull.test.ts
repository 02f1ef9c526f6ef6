import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import type * as Fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HumanError } from '../../../src/base/errors.ts';
import { openMemo } from '../../../src/lm/memo.ts';

/** Bytes that still fit on the disk. */
const disk = vi.hoisted(() => ({ left: Infinity }));

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof Fs>();
  const writeSync = (file: number, bytes: Uint8Array, offset: number): number => {
    const fits = Math.min(disk.left, bytes.length - offset);
    if (fits <= 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    disk.left -= fits;
    return fs.writeSync(file, bytes, offset, fits);
  };
  return { ...fs, writeSync };
});

const keyOf = (name: string) => createHash('sha256').update(name).digest('hex');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'memo-'));
  disk.left = Infinity;
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test('a disk that fills up in the middle of a line: said, nothing torn is read, and puts work again afterwards', async () => {
  const memo = await openMemo(folder);
  await memo.put(keyOf('before'), 'before');
  disk.left = 40;
  const failed = memo.put(keyOf('torn'), 'torn');
  await expect(failed).rejects.toThrow(HumanError);
  await expect(failed).rejects.toThrow(`${folder} cannot be written: the disk is full`);
  expect(await memo.get(keyOf('torn'))).toBe('torn');
  disk.left = Infinity;
  await memo.put(keyOf('after'), 'after');
  await memo.put(keyOf('later'), 'later');
  await memo.close();
  const again = await openMemo(folder);
  const found = await Promise.all(['before', 'torn', 'after', 'later'].map((name) => again.get(keyOf(name))));
  expect(found).toEqual(['before', undefined, 'after', 'later']);
  await again.close();
});

test('of a batch that is cut off, the lines that are whole count', async () => {
  const memo = await openMemo(folder);
  const puts = ['a', 'b', 'c'].map((name) => memo.put(keyOf(name), name.repeat(500)));
  disk.left = 1000;
  const full = await Promise.allSettled(puts);
  expect(full.every((put) => put.status === 'rejected')).toBe(true);
  await memo.close();
  const again = await openMemo(folder);
  expect(await again.get(keyOf('a'))).toBe('a'.repeat(500));
  expect(await again.get(keyOf('c'))).toBeUndefined();
  await again.close();
});

test('a value that could not be written is known here, and is written when it is put again', async () => {
  const memo = await openMemo(folder);
  disk.left = 0;
  const [one, equal] = await Promise.allSettled([memo.put(keyOf('a'), 'a'), memo.put(keyOf('a'), 'a')]);
  // The second waits for the first: neither has reached the disk.
  expect([one.status, equal.status]).toEqual(['rejected', 'rejected']);
  expect(await memo.get(keyOf('a'))).toBe('a');
  disk.left = Infinity;
  await memo.put(keyOf('a'), 'a');
  const again = await openMemo(folder);
  expect(await again.get(keyOf('a'))).toBe('a');
  await again.close();
  await memo.close();
});
