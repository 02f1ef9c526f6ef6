import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { findNodeAtLocation, getNodeValue, parseTree, printParseErrorCode } from 'jsonc-parser';
import type { Node, ParseError } from 'jsonc-parser';
import { HumanError, UsageError, messageOf, placeMend } from '../base/errors.ts';
import { readBounded } from '../base/boundedFile.ts';
import { configBytesAtMost, nestingAtMost } from '../base/limits.ts';
import { bracketBeyond } from '../base/nesting.ts';
import { describeIssue } from './issues.ts';
import { configSchema } from './schema.ts';
import type { Config } from './schema.ts';
import { textOf } from './utf8.ts';

export const configFileName = 'bettertogether.json';

export interface LoadedConfig {
  /** Absolute: the folder of the file, or the start folder where there is none. */
  readonly workspace: string;
  /** `null`: there is no `bettertogether.json` here or above; endpoints are the embedded one alone. */
  readonly file: string | null;
  readonly config: Config;
}

/**
 * Reads the `bettertogether.json` of `folder` or of the nearest folder above it. Comments and trailing commas are
 * allowed.
 *
 * @throws UsageError naming file, line and key.
 */
export async function loadConfig(folder: string): Promise<LoadedConfig> {
  const file = await findUpwards(resolve(folder));
  return file === null ? noConfig(folder) : readConfig(file);
}

/**
 * The same of the folder itself alone: what lies above it is not its own.
 *
 * @throws as `loadConfig`.
 */
export async function loadOwnConfig(folder: string): Promise<LoadedConfig> {
  const file = join(resolve(folder), configFileName);
  return (await isFile(file)) ? readConfig(file) : noConfig(folder);
}

const noConfig = (folder: string): LoadedConfig => ({ workspace: resolve(folder), file: null, config: {} });

async function readConfig(file: string): Promise<LoadedConfig> {
  let bytes: Buffer;
  try {
    bytes = await readBounded(file, configBytesAtMost);
  } catch (error) {
    throw new HumanError(`${file} could not be read: ${messageOf(error)}.`, { cause: error });
  }
  return { workspace: dirname(file), file, config: parseConfig(textOf(bytes, file), file) };
}

async function isFile(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined))?.isFile() === true;
}

/** Problems reported at once; the next ones follow when these are fixed. */
const issuesShown = 20;

/** Checks the text of a configuration; `file` names it in errors. */
export function parseConfig(text: string, file: string): Config {
  const errors: ParseError[] = [];
  const bare = text.replace(/^\uFEFF/, '');
  const deep = bracketBeyond(bare);
  if (deep >= 0) {
    throw problemAt(file, bare, deep, `the file nests deeper than ${nestingAtMost} levels here.`);
  }
  const tree = parseTree(bare, errors, { allowTrailingComma: true });
  const first = errors[0];
  if (first !== undefined || tree === undefined) {
    const what = first === undefined ? 'the file is empty' : inWords(printParseErrorCode(first.error));
    throw problemAt(file, bare, first?.offset ?? 0, `not valid JSON: ${what}.`);
  }
  const twice = givenTwice(tree);
  if (twice !== null) {
    const key = JSON.stringify(getNodeValue(twice));
    throw problemAt(file, bare, twice.offset, `${key} is given twice. Only one of them can count.`);
  }
  const value: unknown = getNodeValue(tree);
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, issuesShown).flatMap((issue) => describeIssue(issue, value));
  const problems = issues
    .slice(0, issuesShown)
    .map(({ message, place }) => problemAt(file, bare, offsetOf(tree, place), message));
  throw new UsageError(problems.map(({ message }) => message).join('\n'), undefined, problems[0]?.mends);
}

/** A problem at an offset of the file's text. */
function problemAt(file: string, text: string, offset: number, what: string): UsageError {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  const column = offset - before.lastIndexOf('\n');
  return new UsageError(`${file}:${line}:${column}: ${what}`, undefined, placeMend(file, line));
}

/** The key of the first property whose name was in the same object before. */
function givenTwice(node: Node): Node | null {
  const seen = new Set<string>();
  for (const child of node.children ?? []) {
    const key = node.type === 'object' ? child.children?.[0] : undefined;
    if (key !== undefined) {
      const name = String(getNodeValue(key));
      if (seen.has(name)) return key;
      seen.add(name);
    }
    const inside = givenTwice(child);
    if (inside !== null) return inside;
  }
  return null;
}

/** The nearest configuration, from a folder up; `null`: there is none. */
export async function findUpwards(start: string): Promise<string | null> {
  for (let folder = start; ; folder = dirname(folder)) {
    const file = join(folder, configFileName);
    if (await isFile(file)) return file;
    if (dirname(folder) === folder) return null;
  }
}

/** Of a value, or of the nearest object around it that exists. */
function offsetOf(tree: Node, place: readonly PropertyKey[]): number {
  for (let length = place.length; length > 0; length--) {
    const node = findNodeAtLocation(tree, place.slice(0, length).map(segment));
    if (node !== undefined) return node.parent?.type === 'property' ? node.parent.offset : node.offset;
  }
  return tree.offset;
}

function segment(step: PropertyKey): string | number {
  return typeof step === 'number' ? step : String(step);
}

/** `CommaExpected` → `comma expected`. */
function inWords(code: string): string {
  return code
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace('invalid symbol', 'an invalid symbol');
}
