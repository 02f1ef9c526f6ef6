/** What the questions propose, from what lies in the workspace. Pure. */
import { basename, dirname, extname, relative, sep } from 'node:path';
import { languageOfData } from '../../config/dataset.ts';
import type { FoundPredictor, FoundProgram } from '../../detect/base/found.ts';
import type { Language } from '../../data/language.ts';
import { fieldsOf } from '../../detect/base/signatureFields.ts';

/** Data files that belong together; paths are absolute. */
export interface DataChoice {
  readonly train: string;
  readonly dev: string | null;
  readonly test: string | null;
}

const trainName = /(^|[^a-z])(train|training|trainset)(?=[^a-z]|$)/i;
const devNames = ['dev', 'devset', 'val', 'valid', 'validation'];
const testNames = ['test', 'testset'];
const other = /(^|[^a-z])(dev|devset|val|valid|validation|test|testset)(?=[^a-z]|$)/i;
const notData = /^(package(-lock)?|tsconfig.*|jsconfig.*|bettertogether|settings|launch|tasks|.*\.schema|\..*)\.json$/i;

/** Files that may hold rows: training files first, those near the program before others. */
export function proposeData(files: readonly string[], program: string): readonly DataChoice[] {
  const data = files.filter((file) => !notData.test(basename(file)));
  const known = new Set(data);
  const trains = data.filter((file) => trainName.test(basename(file)) || !other.test(basename(file)));
  const rank = (file: string): readonly number[] => [
    trainName.test(basename(file)) ? 0 : 1,
    extname(file) === '.json' ? 1 : 0,
    distance(dirname(file), dirname(program)),
  ];
  return trains
    .toSorted((a, b) => compareAll(rank(a), rank(b)) || (a < b ? -1 : 1))
    .map((train) => ({ train, dev: partner(train, devNames, known), test: partner(train, testNames, known) }));
}

/** Data that code builds, in the program's own language: what runs the program also makes its rows. That of its file first. */
export function proposeBuilt(
  found: readonly { readonly file: string; readonly name: string }[],
  { file: own, language }: { readonly file: string; readonly language: Language | null },
): readonly DataChoice[] {
  return found
    .toSorted((a, b) => Number(b.file === own) - Number(a.file === own))
    .map(({ file, name }) => `${file}#${name}`)
    .filter((spec) => languageOfData(spec) === language)
    .map((train) => ({ train, dev: null, test: null }));
}

/** `…/train.jsonl` → `…/dev.jsonl`, where that is there. */
function partner(train: string, names: readonly string[], known: ReadonlySet<string>): string | null {
  if (!trainName.test(basename(train))) return null;
  const named = names.map(
    (name) => `${dirname(train)}${sep}${basename(train).replace(trainName, (_, before: string) => `${before}${name}`)}`,
  );
  return named.find((file) => known.has(file)) ?? null;
}

/** Steps from one folder to another. */
function distance(from: string, to: string): number {
  const path = relative(from, to);
  return path === '' ? 0 : path.split(sep).length;
}

function compareAll(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) if (value !== b[i]) return value - b[i]!;
  return 0;
}

type Predictors = readonly Pick<FoundPredictor, 'signature' | 'fields'>[];

const labelName = /^(answer|label|target|output|expected|gold|intent|class)$/i;

/**
 * Fields of the rows that may be labels, the likely one first: outputs of the program, then those with a usual name.
 *
 * @param inputs what the program is called with, which no metric has to look at.
 */
export function labelFields(
  fields: readonly string[],
  predictors: Predictors,
  inputs: readonly string[] = [],
): readonly string[] {
  const outputs = outputsOf(predictors);
  const taken = takenFromOutside(predictors);
  const rank = (field: string): number => {
    if (outputs.has(field)) return 0;
    if (labelName.test(field)) return 1;
    return taken.has(field) ? 3 : 2;
  };
  const left = fields.filter((field) => !inputs.includes(field));
  return (left.length > 0 ? left : fields).toSorted((a, b) => rank(a) - rank(b));
}

/**
 * Labels of rows that code builds, unknown before the code has run: what the program puts out, the last
 * predictor first.
 */
export function unseenLabels(predictors: Predictors): readonly string[] {
  return [...outputsOf(predictors.toReversed())];
}

export interface InputGuess {
  readonly inputs: readonly string[];
  /** The source says so: no one has to be asked. */
  readonly sure: boolean;
}

/**
 * What the program is called with, of the fields that its rows have: the parameters of `forward`; where they are not
 * known, what its predictors take in and none of them puts out; else what looks like no label.
 */
export function guessInputs(
  fields: readonly string[],
  { inputs, predictors }: Pick<FoundProgram, 'inputs' | 'predictors'>,
): InputGuess {
  const named = inputs === undefined || inputs.others ? null : inputs;
  const required = new Set(named?.required);
  if (named !== null && isWithin(required, fields)) {
    const optional = fields.filter((field) => named.optional.includes(field));
    const taken = fields.filter((field) => required.has(field) || optional.includes(field));
    return { inputs: taken, sure: optional.length === 0 };
  }
  const taken = takenFromOutside(predictors);
  const isKnown = predictors.every((each) => fieldsOf(each).inputs.length > 0);
  const likely = fields.filter((field) => taken.has(field));
  if (likely.length > 0) return { inputs: likely, sure: named === null && isKnown && isWithin(taken, fields) };
  const outputs = outputsOf(predictors);
  const others = fields.filter((field) => !outputs.has(field) && !labelName.test(field));
  return { inputs: others, sure: false };
}

/** Whether there are any, and all of them are fields. */
function isWithin(names: ReadonlySet<string>, fields: readonly string[]): boolean {
  return names.size > 0 && [...names].every((name) => fields.includes(name));
}

function outputsOf(predictors: Predictors): ReadonlySet<string> {
  return new Set(predictors.flatMap((each) => fieldsOf(each).outputs));
}

/** What predictors take in and none of them puts out. */
function takenFromOutside(predictors: Predictors): ReadonlySet<string> {
  const outputs = outputsOf(predictors);
  return new Set(predictors.flatMap((each) => fieldsOf(each).inputs).filter((name) => !outputs.has(name)));
}

/** A key for `bettertogether.json` that is not taken: `HotPotQA` → `hotpotqa`. */
export function newKey(name: string, taken: readonly string[]): string {
  const plain =
    name
      .replaceAll(/[^A-Za-z0-9_-]+/g, '-')
      .replaceAll(/^-+|-+$/g, '')
      .toLowerCase() || 'program';
  for (let n = 1; ; n++) {
    const key = n === 1 ? plain : `${plain}-${n}`;
    if (!taken.includes(key)) return key;
  }
}

/** `http://gpu-box:8000/v1` → `gpu-box`. */
export function endpointKey(baseURL: string, taken: readonly string[]): string {
  const { hostname } = new URL(baseURL);
  const parts = hostname.split('.').filter((part) => !/^(www|api|com|org|net|ai|io)$/.test(part));
  const numeric = /^[\d.]+$/.test(hostname);
  return newKey(numeric ? 'local' : (parts.at(-1) ?? hostname), taken);
}

/** The environment variable that the key of an endpoint is usually in: `OPENAI_API_KEY`. @param name see `endpointKey`. */
export function keyVariable(name: string): string {
  const word = name.replaceAll(/\W/g, '_').toUpperCase();
  return `${/^\d/.test(word) ? '_' : ''}${word}_API_KEY`;
}

/** With `/` and relative to the root, as configurations are shared between systems. */
export function portable(root: string, file: string): string {
  const path = relative(root, file);
  return path.split(sep).join('/');
}
