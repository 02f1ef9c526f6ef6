/**
 * Code that people paste and run, made of literals of our own source. A string that is put in becomes a literal of the
 * language, so that no name, model or path can become code; what is to stand as a name goes through `pythonName` or
 * `typescriptName`. Code of one language does not fit into the other's.
 */
import type { Language } from '../../data/language.ts';
import type { JsonValue } from '../../base/json.ts';
import { holdsUnseen, unitEscapes } from '../../base/visibleText.ts';

/** Made by the functions of this module alone. */
class Made<L extends Language> {
  readonly language: L;
  readonly #text: string;

  constructor(language: L, text: string) {
    this.language = language;
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}
export type PythonCode = Made<'python'>;
export type TypeScriptCode = Made<'typescript'>;

function tagOf<L extends Language>(language: L, literal: (text: string) => string) {
  const code = (value: string | number | Made<L>): string =>
    typeof value === 'string' ? literal(value) : String(value);
  return (literals: TemplateStringsArray, ...values: readonly (string | number | Made<L>)[]): Made<L> =>
    new Made(
      language,
      literals.reduce((text, own, i) => `${text}${code(values[i - 1]!)}${own}`),
    );
}

export const python = tagOf('python', (text) => quoted(text, pythonEscape));
export const typescript = tagOf('typescript', (text) => quoted(text, unitEscapes));

/** Parts of the same language, one after the other. */
export function joinedCode<L extends Language>(language: L, parts: readonly Made<L>[], between: string): Made<L> {
  return new Made(language, parts.join(between));
}

/** A value of JSON as a literal. */
export function pythonValue(value: JsonValue): PythonCode {
  if (value === null) return python`None`;
  if (typeof value === 'boolean') return value ? python`True` : python`False`;
  if (typeof value === 'string' || typeof value === 'number') return python`${value}`;
  if (Array.isArray(value)) return python`[${joinedCode('python', value.map(pythonValue), ', ')}]`;
  const entries = Object.entries(value).map(([key, each]) => python`${key}: ${pythonValue(each)}`);
  return python`{${joinedCode('python', entries, ', ')}}`;
}

/** The same for TypeScript. */
export function typescriptValue(value: JsonValue): TypeScriptCode {
  if (value === null) return typescript`null`;
  if (typeof value === 'boolean') return value ? typescript`true` : typescript`false`;
  if (typeof value === 'string' || typeof value === 'number') return typescript`${value}`;
  if (Array.isArray(value)) return typescript`[${joinedCode('typescript', value.map(typescriptValue), ', ')}]`;
  // In brackets, because `__proto__: …` is no field.
  const entries = Object.entries(value).map(([key, each]) => typescript`[${key}]: ${typescriptValue(each)}`);
  return typescript`{ ${joinedCode('typescript', entries, ', ')} }`;
}

/** A name as it is; `null`: Python has no such name. */
export function pythonName(text: string): PythonCode | null {
  return isName(text, pythonWords) ? new Made('python', text) : null;
}

/** A name as it is; `null`: TypeScript has no such name. */
export function typescriptName(text: string): TypeScriptCode | null {
  return isName(text, typescriptWords) ? new Made('typescript', text) : null;
}

/** In single quotes; whatever is not seen, and what would end a line, is escaped. */
function quoted(text: string, escape: (unseen: string) => string): string {
  const inside = Array.from(text, (character) => {
    if (character === '\\' || character === "'") return `\\${character}`;
    if (character === '\n') return '\\n';
    return holdsUnseen(character) ? escape(character) : character;
  });
  return `'${inside.join('')}'`;
}

function pythonEscape(character: string): string {
  const point = character.codePointAt(0)!;
  return point > 0xffff ? `\\U${point.toString(16).padStart(8, '0')}` : unitEscapes(character);
}

/** Python reads names in their NFKC form: another spelling would be another name. */
function isName(text: string, reserved: ReadonlySet<string>): boolean {
  return (
    /^[\p{ID_Start}_][\p{ID_Continue}]*$/u.test(text) &&
    text.normalize('NFKC') === text &&
    !holdsUnseen(text) &&
    !reserved.has(text)
  );
}

const pythonWords: ReadonlySet<string> = new Set(
  (
    'False None True and as assert async await break class continue def del elif else except finally for from global ' +
    'if import in is lambda nonlocal not or pass raise return try while with yield'
  ).split(' '),
);

const typescriptWords: ReadonlySet<string> = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends ' +
    'false finally for function if implements import in instanceof interface let new null package private protected ' +
    'public return static super switch this throw true try typeof var void while with yield'
  ).split(' '),
);
