/** What the engine relies on from whatever tells what is around a program. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Read, Reads } from '../../src/data/reads.ts';
import type { Surroundings } from '../../src/engine/interfaces.ts';

/** Files around a program, as a test changes them. */
export interface ChangingFiles {
  /** As each process has them: what sets of names were read is kept between processes. */
  connect(): Surroundings;
  write(name: string, text: string): void;
  remove(name: string): void;
  /** What somebody who looks for the file now finds. */
  read(name: string): Read;
  close(): void;
}

const together = (before: Reads | null, ...here: readonly Read[]): Reads => ({ before, here });

/** @param open a place without any files. */
export function surroundingsContract(name: string, open: () => ChangingFiles): void {
  describe(`${name}, as surroundings`, () => {
    let files: ChangingFiles;
    beforeEach(() => {
      files = open();
      files.write('a.txt', 'A');
      files.write('b.txt', 'B');
    });
    afterEach(() => files.close());

    /** Whether what one process has read is for another one as it was. */
    const holds = async (reads: Reads, change: () => void): Promise<boolean> => {
      const reading = await files.connect().whenRead(reads);
      change();
      return (await files.connect().now(reading!.set)) === reading!.fingerprint;
    };
    const both = () => together(null, files.read('a.txt'), files.read('b.txt'));

    it('tells in every process that nothing has changed, also where nothing was read', async () => {
      expect(await holds(both(), () => undefined)).toBe(true);
      expect(await holds(together(null), () => files.write('a.txt', 'other'))).toBe(true);
      expect(await holds(both(), () => files.write('not read.txt', 'new'))).toBe(true);
    });

    it.each([
      ['was changed', () => files.write('b.txt', 'another text')],
      ['was removed', () => files.remove('b.txt')],
    ])('notices that one of the files %s', async (_, change) => {
      expect(await holds(both(), change)).toBe(false);
    });

    it('notices that a file is there which was looked for in vain', async () => {
      const missed = together(null, files.read('later.txt'));
      expect(await holds(missed, () => undefined)).toBe(true);
      expect(await holds(missed, () => files.write('later.txt', ''))).toBe(false);
    });

    it('finds what was put back as it was', async () => {
      const putBack = () => {
        files.write('a.txt', 'for a while');
        files.write('a.txt', 'A');
      };
      expect(await holds(both(), putBack)).toBe(true);
    });

    it('counts what was read before as well', async () => {
      const later = together(together(together(null, files.read('a.txt')), files.read('b.txt')), files.read('c.txt'));
      expect(await holds(later, () => undefined)).toBe(true);
      expect(await holds(later, () => files.write('a.txt', 'other'))).toBe(false);
    });

    it('names equal sets alike, whatever is in the files, and others otherwise', async () => {
      const first = await files.connect().whenRead(both());
      files.write('a.txt', 'another text');
      const second = await files.connect().whenRead(both());
      expect(second!.set).toBe(first!.set);
      expect(second!.fingerprint).not.toBe(first!.fingerprint);
      const one = await files.connect().whenRead(together(null, files.read('a.txt')));
      expect(one!.set).not.toBe(first!.set);
    });

    it('says the same of one read however often it is asked, and nothing of a set that it does not know', async () => {
      const [reads, around] = [both(), files.connect()];
      const [one, two] = await Promise.all([around.whenRead(reads), around.whenRead(reads)]);
      expect(two).toEqual(one);
      expect(await around.whenRead(reads)).toEqual(one);
      expect(await around.now('0'.repeat(64))).toBeNull();
    });
  });
}
