/** What is odd about the rows of a program, though they can be used: said, not refused. */
import { basename } from 'node:path';
import { contentHash } from '../data/contentHash.ts';
import type { Example } from '../data/program.ts';
import { plural } from './text/words.ts';

/** As much of a split may be in another by chance: short texts and measurements repeat. */
const byChance = 0.05;

interface Split {
  readonly name: 'train' | 'dev' | 'test';
  readonly file: string;
  readonly rows: readonly Example[];
}

/**
 * Rows that are in two splits, so that a score says nothing about new ones, and rows without a field that most rows are
 * called with.
 */
export function dataWarnings(data: {
  readonly train: readonly Example[];
  readonly dev: readonly Example[];
  readonly test: readonly Example[] | null;
  readonly hashes: {
    readonly train: { readonly file: string };
    readonly dev: { readonly file: string } | null;
    readonly test: { readonly file: string } | null;
  };
}): readonly string[] {
  const { train, dev, test, hashes } = data;
  const splits: Split[] = [
    { name: 'train', file: hashes.train.file, rows: train },
    { name: 'dev', file: (hashes.dev ?? hashes.train).file, rows: dev },
    ...(test === null || hashes.test === null ? [] : [{ name: 'test' as const, file: hashes.test.file, rows: test }]),
  ];
  const pairs = splits.flatMap((split, i) => splits.slice(0, i).map((earlier) => shared(split, earlier)));
  return [...pairs, ...splits.flatMap(lacking)].filter((warning) => warning !== null);
}

function shared(split: Split, earlier: Split): string | null {
  const known = new Set(earlier.rows.map(({ inputs }) => contentHash(inputs)));
  const both = split.rows.filter(({ inputs }) => known.has(contentHash(inputs))).length;
  if (both <= byChance * split.rows.length) return null;
  const rows = `${both} of ${plural(split.rows.length, `${split.name} row`)}`;
  return `${rows} ${both === 1 ? 'is' : 'are'} also in ${earlier.name}: the ${split.name} score says less about new rows.`;
}

/** Fields that most rows are called with and some are not: usually a name that was misspelt. */
function lacking({ file, rows }: Split): readonly string[] {
  const counts = new Map<string, number>();
  for (const { inputs } of rows) for (const name of Object.keys(inputs)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count > rows.length / 2 && count < rows.length)
    .map(([name, count]) => {
      const first = rows.find(({ inputs }) => !Object.hasOwn(inputs, name))!;
      return (
        `${plural(rows.length - count, 'row')} of ${basename(file)} ${rows.length - count === 1 ? 'has' : 'have'} no field ` +
        `"${name}", which the other ${count} are called with; the first is row ${first.id + 1}.`
      );
    });
}
