import { basename } from 'node:path';
import { UsageError } from '../../base/errors.ts';

/** What stands for a placeholder; a list becomes several arguments where it is alone. */
export type PlaceholderValues = Readonly<Record<PlaceholderName, string | readonly string[]>>;

const placeholderNames = [
  'rows',
  'data',
  'out',
  'folder',
  'model',
  'parent',
  'hash',
  'seed',
  'epochs',
  'learningRate',
  'schedule',
  'batchSize',
  'rank',
  'alpha',
  'targets',
  'beta',
  'clipLow',
  'clipHigh',
] as const;
export type PlaceholderName = (typeof placeholderNames)[number];

const pattern = /\{([A-Za-z]\w*)\}/g;

/** A placeholder at its place in a text. */
export interface FoundPlaceholder {
  /** `{model}`. */
  readonly whole: string;
  readonly start: number;
  readonly end: number;
  readonly value: string | readonly string[];
  /** It stands for a number or a word of ours. */
  readonly isPlain: boolean;
}

/** The placeholders of a text that are known, in order; anything else in braces is not a placeholder. */
export function placeholdersIn(text: string, values: PlaceholderValues): readonly FoundPlaceholder[] {
  return [...text.matchAll(pattern)].flatMap(({ 0: whole, 1: name = '', index: start }) =>
    isName(name)
      ? [
          {
            whole,
            start,
            end: start + whole.length,
            value: values[name],
            isPlain: plainNames.has(name) && name !== 'hash',
          },
        ]
      : [],
  );
}

/** An argument with its placeholders filled in: no sign means anything there. */
export function fillText(text: string, values: PlaceholderValues): string {
  return text.replaceAll(pattern, (whole, name: string) => {
    if (!isName(name)) return whole;
    const value = values[name];
    return typeof value === 'string' ? value : value.join(',');
  });
}

/** Arguments with their placeholders filled in. */
export function fillArguments(given: readonly string[], values: PlaceholderValues): readonly string[] {
  return given.flatMap((argument) => {
    const name = /^\{(\w+)\}$/.exec(argument)?.[1];
    const value = name !== undefined && isName(name) ? values[name] : fillText(argument, values);
    return value;
  });
}

/** Placeholders that stand for numbers, digests and words of ours: these are safe in code. */
const plainNames: ReadonlySet<string> = new Set([
  'hash',
  'seed',
  'epochs',
  'learningRate',
  'schedule',
  'batchSize',
  'rank',
  'alpha',
  'beta',
  'clipLow',
  'clipHigh',
]);

/**
 * @throws UsageError for a placeholder that stands for nothing: a slip of the pen would reach the trainer as it is; and
 *   for one in code, where a model's or a folder's name could become code too.
 */
export function checkPlaceholders(given: readonly string[], where: string): void {
  checkCode(given, where);
  for (const argument of given) {
    for (const [whole, name] of argument.matchAll(pattern)) {
      if (isName(name ?? '')) continue;
      const known = placeholderNames.map((one) => `{${one}}`).join(', ');
      throw new UsageError(`${where} in bettertogether.json has the placeholder ${whole}. There are: ${known}.`);
    }
  }
}

const interpreter = /^(sh|bash|dash|ash|zsh|ksh|fish|cmd|powershell|pwsh|python[\d.]*|node|perl|ruby)(\.exe)?$/i;
const codeOption = /^(-[a-z]*c|-e|--eval|-command|\/[ck])$/i;

function checkCode(given: readonly string[], where: string): void {
  for (const [i, code] of given.entries()) {
    const program = basename(given.slice(0, i).findLast((each) => !/^[-/][a-z-]+$/i.test(each)) ?? '');
    if (!codeOption.test(given[i - 1] ?? '') || !interpreter.test(program)) continue;
    const [whole] = [...code.matchAll(pattern)].find(([, name]) => isName(name!) && !plainNames.has(name)) ?? [];
    if (whole === undefined) continue;
    throw new UsageError(
      `${where} in bettertogether.json puts ${whole} into code that ${program} runs, where a name could become code too. ` +
        `Give it as an argument of its own: ["sh", "-c", "train \\"$1\\"", "sh", "${whole}"].`,
    );
  }
}

function isName(name: string): name is PlaceholderName {
  return (placeholderNames as readonly string[]).includes(name);
}
