/** What is odd about the rows of a program, though they can be used: said, not refused. */
import { basename } from 'node:path';
import { contentHash } from '../../base/contentHash.ts';
import { quotedNames } from '../../base/quotedNames.ts';
import { isExact, shownFields } from '../../base/exact.ts';
import type { JsonValue } from '../../base/json.ts';
import type { Example } from '../../data/program.ts';
import { plural } from '../../view/words.ts';

/** As much of a split may be in another by chance: short texts and measurements repeat. */
const byChance = 0.05;

interface Split {
  readonly name: 'train' | 'dev' | 'test';
  readonly file: string;
  readonly rows: readonly Example[];
}

/**
 * Rows that are in two splits, so that a score says nothing about new ones, and rows without a field that others have.
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
  // One file may be two splits.
  return [...new Set([...pairs, ...splits.flatMap(lacking)])].filter((warning) => warning !== null);
}

function shared(split: Split, earlier: Split): string | null {
  const known = new Set(earlier.rows.map(contentSeen));
  const both = split.rows.filter((row) => known.has(contentSeen(row))).length;
  if (both <= byChance * split.rows.length) return null;
  const rows = `${both} of ${plural(split.rows.length, `${split.name} row`)}`;
  return `${rows} ${both === 1 ? 'is' : 'are'} also in ${earlier.name}: the ${split.name} score says less about new rows.`;
}

/** Also of rows that code made: what names them says which data set they are of. */
function contentSeen({ inputs }: Example): string {
  return contentHash(shownFields(inputs));
}

/** Fields that are said to be missing in some rows of one split; of the others their number. */
const fieldsNamed = 3;

/** A field that fewer of the rows have is one of a few rows, or a name that was misspelt there. */
const common = 0.2;

/**
 * Labels that no row has, and fields that many rows have and some have not: a label that is missing, or a name that was
 * misspelt. One that is not called with counts as missing where it is empty, as in a `.csv`: a metric has nothing to
 * compare there.
 */
function lacking(split: Split): readonly string[] {
  const { rows } = split;
  const counts = new Map<string, number>();
  for (const row of rows) for (const name of namesOf(row)) counts.set(name, (counts.get(name) ?? 0) + 1);
  const some = [...counts].filter(([, count]) => count >= common * rows.length && count < rows.length);
  const named = some.slice(0, fieldsNamed).map(([name]) => lackingField(split, name));
  const more = some.length - named.length;
  return [
    ...withoutLabels(split, counts),
    ...named,
    ...(more === 0 ? [] : [`${plural(more, 'more field')} of ${basename(split.file)} are not in all rows.`]),
  ];
}

/** A metric that compares has nothing to compare with where all columns of labels are empty; one of several may be for notes. */
function withoutLabels({ file, rows }: Split, counts: ReadonlyMap<string, number>): readonly string[] {
  const names = rows.flatMap(({ inputs, fields }) =>
    Object.keys(fields).filter((name) => !Object.hasOwn(inputs, name)),
  );
  const labels = [...new Set(names)];
  if (labels.length === 0 || labels.some((name) => counts.has(name))) return [];
  return [
    `No row of ${basename(file)} has anything in ${quotedNames(labels.slice(0, fieldsNamed))}. If the metric compares predictions with it, ` +
      'the scores say nothing.',
  ];
}

function lackingField({ file, rows }: Split, name: string): string {
  const without = rows.filter((row) => !namesOf(row).includes(name));
  const others = rows.length - without.length;
  const isInput = rows.some(({ inputs }) => Object.hasOwn(inputs, name));
  const use = isInput ? `which the other ${others} are called with` : `which the other ${others} have`;
  const verb = without.length === 1 ? 'has' : 'have';
  const what = isInput ? `no field "${name}"` : `nothing in "${name}"`;
  return `${plural(without.length, 'row')} of ${basename(file)} ${verb} ${what}, ${use}; the first is row ${without[0]!.id + 1}.`;
}

function namesOf({ inputs, fields }: Example): readonly string[] {
  const labels = Object.keys(fields).filter((name) => !Object.hasOwn(inputs, name) && !isEmpty(fields[name]!));
  return [...Object.keys(inputs), ...labels];
}

function isEmpty(value: JsonValue): boolean {
  // What pandas has in the place of a missing value of a column.
  const isNan = isExact(value) && value.$exact === 'float' && value.value === 'nan';
  return value === null || value === '' || isNan;
}
