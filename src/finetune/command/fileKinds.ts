/**
 * Placeholders in the files of a training job, filled in so that each value comes out of the file as it is: whatever signs
 * a name or a path has in it.
 */
import { extname } from 'node:path';
import { UsageError } from '../../base/errors.ts';
import type { FoundPlaceholder } from './placeholders.ts';
import { placeholdersIn } from './placeholders.ts';
import type { PlaceholderValues } from './placeholders.ts';
import { CannotHold, escaped, inOneLine, textOf } from './fileValues.ts';
import { fillYaml } from './yamlFile.ts';

type Fill = (text: string, values: PlaceholderValues) => string;

const kinds: Readonly<Record<string, Fill>> = {
  '.yml': fillYaml,
  '.yaml': fillYaml,
  '.json': (text, values) => fillStrings(text, values, { single: false, comments: false }),
  '.jsonc': (text, values) => fillStrings(text, values, { single: false, comments: false }),
  '.toml': (text, values) => fillStrings(text, values, { single: true, comments: true }),
};

const code = /^\.(sh|bash|zsh|fish|py|js|mjs|cjs|ts|rb|pl|ps1|bat|cmd)$/;

/**
 * @param name of the file: its ending says how values are written in it.
 * @param where the setting, for messages.
 * @throws UsageError for a value that the file cannot hold at its place.
 */
export function fillFile(name: string, text: string, values: PlaceholderValues, where: string): string {
  const ending = extname(name).toLowerCase();
  const fill = kinds[ending] ?? (code.test(ending) ? fillCode : fillLines);
  try {
    return fill(text, values);
  } catch (error) {
    if (!(error instanceof CannotHold)) throw error;
    throw new UsageError(
      `${where}["${name}"] in bettertogether.json cannot hold ${error.placeholder} as it is here: ${error.message}.`,
    );
  }
}

function fillLines(text: string, values: PlaceholderValues): string {
  return replaced(text, values, inOneLine);
}

function replaced(text: string, values: PlaceholderValues, write: (found: FoundPlaceholder) => string): string {
  let [filled, at] = ['', 0];
  for (const found of placeholdersIn(text, values)) {
    filled += text.slice(at, found.start) + write(found);
    at = found.end;
  }
  return filled + text.slice(at);
}

/** In code a name could become code, however it is quoted there. */
function fillCode(text: string, values: PlaceholderValues): string {
  return replaced(text, values, (found) => {
    const value = textOf(found);
    if (/^[\w./@:+,=-]*$/.test(value)) return value;
    const why =
      'there are signs in it that mean something in code. Give it to the command as an argument of its own, or in "env"';
    throw new CannotHold(found.whole, why);
  });
}

interface Strings {
  /** Whether there are strings in single quotes, in which nothing is escaped. */
  readonly single: boolean;
  /** Whether `#` begins a comment. */
  readonly comments: boolean;
}

/** JSON and TOML, whose texts are all in quotes: a placeholder outside of any is written with its own. */
function fillStrings(text: string, values: PlaceholderValues, { single, comments }: Strings): string {
  let [at, quote] = [0, ''];
  /** Looks through the text up to `end`. */
  const moveTo = (end: number) => {
    for (; at < end; at++) {
      const sign = text[at]!;
      if (quote === '#') quote = sign === '\n' ? '' : '#';
      else if (quote === '"' && sign === '\\') at++;
      else if (quote !== '') quote = sign === quote ? '' : quote;
      else if (sign === '"' || (single && sign === "'") || (comments && sign === '#')) quote = sign;
    }
    at = end;
  };
  return replaced(text, values, (found) => {
    moveTo(found.start);
    at = found.end;
    if (quote === '"') return escaped(textOf(found));
    if (quote === '#') return inOneLine(found);
    if (quote === '') return found.isPlain ? textOf(found) : quotedAlone(found, text);
    if (/['\n\r]/.test(textOf(found))) throw new CannotHold(found.whole, 'put it between double quotes there');
    return textOf(found);
  });
}

/** A list becomes items of the list it is in. */
function quotedAlone(found: FoundPlaceholder, text: string): string {
  const { value, start } = found;
  const isItem = /[[,]\s*$/.test(text.slice(0, start));
  return typeof value !== 'string' && isItem
    ? value.map((one) => JSON.stringify(one)).join(', ')
    : JSON.stringify(textOf(found));
}
