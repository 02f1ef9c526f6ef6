/** The forms in which code gives rows: one collection of them, or another form, with the lines to write instead. */
import { basename } from 'node:path';
import type { ExportPath } from './exportPath.ts';
import { LoadError } from './loadError.ts';
import { kindOf } from './program.ts';

/** What a data set's export gave, and how it is written in its file. */
export interface Given {
  readonly value: unknown;
  readonly path: ExportPath;
  /** Whether the export is a function, which was called. */
  readonly called: boolean;
  /** What the file exports already. */
  readonly taken: readonly string[];
}

type Rows = Iterable<unknown> | AsyncIterable<unknown>;

interface Part {
  readonly name: string;
  /** What is written behind the expression that gives the whole. */
  readonly access: string;
  readonly rows: unknown;
}

/** Parts that are listed one by one. */
const told = 3;
/** How people name the parts of a data set. */
const splitName = /^(train|dev|test|val|valid|validation|eval|unlabeled)(_?set)?$/i;
const byPlace: Readonly<Record<number, readonly string[]>> = { 2: ['train', 'dev'], 3: ['train', 'dev', 'test'] };
const wanted = 'A data set is an array of objects, or a function that takes nothing and returns one.';

/**
 * The rows in what code gave: an array, a set, a generator, also an asynchronous one.
 *
 * @throws LoadError written for the user.
 */
export function rowsIn(given: Given): Rows {
  const { value, path, called } = given;
  const parts = partsOf(value);
  if (parts.length > 0) throw splits(given, parts);
  if (isRows(value)) return value;
  const gave = `${path.spec} ${called ? 'returned' : 'is'} ${describe(value)}`;
  throw new LoadError(`${gave}. ${adviceFor(given)}`, path.file);
}

/** Arrays, sets and generators, also asynchronous ones. A map's items are no rows. */
function isRows(value: unknown): value is Rows {
  if (typeof value !== 'object' || value === null || value instanceof Map) return false;
  return Symbol.iterator in value || Symbol.asyncIterator in value;
}

/** The data sets in one value, where it holds several. */
function partsOf(value: unknown): readonly Part[] {
  if (Array.isArray(value)) return partsOfList(value as readonly unknown[]);
  if (typeof value !== 'object' || value === null || (isRows(value) && !(value instanceof Map))) return [];
  const entries: readonly (readonly [unknown, unknown])[] =
    value instanceof Map ? [...(value as Map<unknown, unknown>)] : Object.entries(value);
  const access = value instanceof Map ? (name: string) => `.get(${JSON.stringify(name)})` : accessTo;
  const parts = entries.filter(([, part]) => isDataSet(part)).map(([key, rows]) => ({ name: String(key), rows }));
  const all = parts.length === entries.length || parts.some(({ name }) => splitName.test(name));
  return all ? parts.map((part) => ({ ...part, access: access(part.name) })) : [];
}

function partsOfList(value: readonly unknown[]): readonly Part[] {
  const empty = (part: unknown): boolean => Array.isArray(part) && part.length === 0;
  if (!value.some(isDataSet) || !value.every((part) => isDataSet(part) || empty(part))) return [];
  const names = byPlace[value.length];
  return value.map((rows: unknown, i): Part => ({ name: names?.[i] ?? `part${i + 1}`, access: `[${i}]`, rows }));
}

/** A list that begins with a row, or what makes one row after the other. */
function isDataSet(value: unknown): boolean {
  if (Array.isArray(value)) return typeof value[0] === 'object' && value[0] !== null && !Array.isArray(value[0]);
  return isRows(value);
}

const identifier = /^[A-Za-z_$][\w$]*$/;

function accessTo(name: string): string {
  return identifier.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

function splits(given: Given, parts: readonly Part[]): LoadError {
  const { path, called, value } = given;
  const names = parts.map(({ name }, i) => freeName(identifier.test(name) ? name : `part${i + 1}`, given.taken));
  const whole = expressionOf(given);
  const lines = parts.map(({ access }, i) => `\`export const ${names[i]} = async () => ${whole}${access};\``);
  const shown = some(parts.map((part) => (Array.isArray(value) ? countOf(part.rows) : nameAndCount(part))));
  return new LoadError(
    `${path.spec} ${called ? 'returned' : 'is'} ${describe(value)} of ${countIn(parts.length, 'data set')}: ${shown}. ` +
      `A data set is one list of rows: write one function per split in ${basename(path.file)}, ${some(lines)} and name ` +
      `each where it belongs: "…#${names[0]}" in the place of "…#${path.name}".`,
    path.file,
  );
}

function adviceFor({ value, path, called, taken }: Given): string {
  if (value === undefined && called) return `${wanted} It returns nothing: a \`return\` is missing.`;
  if (typeof value === 'function') return `${wanted} Name the function that returns the rows, not one that returns it.`;
  if (typeof value !== 'object' || value === null) return wanted;
  const whole = expressionOf({ path, called });
  const values = value instanceof Map ? [...(value as Map<unknown, unknown>).values()] : Object.values(value);
  const line = `\`export const ${freeName('train', taken)} = async () =>`;
  if (values.length > 0 && values.every((each) => typeof each === 'object' && each !== null && !Array.isArray(each))) {
    const list = value instanceof Map ? `[...${whole}.values()]` : `Object.values(${whole})`;
    return `${wanted} Of rows by name, make a list: ${line} ${list};\`.`;
  }
  return `${wanted} One row goes into a list.`;
}

/** What is said where calling a function that wants arguments failed: those with a default, or optional ones, do without. */
export function argumentsMissing(
  make: (...args: never[]) => unknown,
  { taken, path }: Pick<Given, 'taken' | 'path'>,
): string {
  if (make.length === 0) return '';
  const line = `export const ${freeName('train', taken)} = () => ${path.name}(…);`;
  return ` It has ${countIn(make.length, 'parameter')}, and is called with no arguments: write one function per split, such as \`${line}\`.`;
}

/** The value in another function of the file, whether it comes at once or later. */
function expressionOf({ path, called }: Pick<Given, 'path' | 'called'>): string {
  const name = path.name === 'default' ? 'rows' : path.name;
  return `(await ${name}${called ? '()' : ''})`;
}

function freeName(name: string, taken: readonly string[]): string {
  return taken.includes(name) ? freeName(`${name}Rows`, taken) : name;
}

function nameAndCount({ name, rows }: Part): string {
  return Array.isArray(rows) ? `'${name}' (${countOf(rows)})` : `'${name}'`;
}

function countOf(rows: unknown): string {
  return Array.isArray(rows) ? countIn(rows.length, 'row') : describe(rows);
}

function countIn(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function describe(value: unknown): string {
  return value instanceof Map ? 'a map' : kindOf(value);
}

function some(shown: readonly string[]): string {
  const more = shown.length > told ? ` and ${shown.length - told} more` : '';
  return `${shown.slice(0, told).join(', ')}${more}`;
}
