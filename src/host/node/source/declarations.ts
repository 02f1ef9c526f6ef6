/** What the top of a TypeScript or JavaScript file declares, read from its text alone. */
import { tokensOf } from './tokens.ts';
import type { Token } from './tokens.ts';

export interface Declaration {
  readonly kind: 'class' | 'function' | 'value' | 'import' | 'other';
  /** What it is called within the file and outside; `default` among them where it is the default export. */
  readonly names: readonly string[];
  /** Of the file's text, with the comment right before it. */
  readonly start: number;
  /** Without comments. */
  readonly tokens: readonly Token[];
  /** What a value begins with, by its place in `tokens`. */
  readonly value?: number;
}

/** In the order of the file. Empty where the text cannot be read. */
export function declarationsOf(source: string): readonly Declaration[] {
  const all = tokensOf(source) ?? [];
  const comments = all.filter(({ kind }) => kind === 'comment');
  return statements(
    all.filter(({ kind }) => kind !== 'comment'),
    source,
  ).map((tokens) => ({ ...read(tokens), tokens, start: withComment(tokens[0]!.start, comments, source) }));
}

/** Words that something follows, and words that follow something, whatever lines they stand on. */
const goingOn = new Set(
  'export default const let var async abstract declare class function extends implements new await typeof return import from as of in'.split(
    ' ',
  ),
);
const following = new Set(['extends', 'implements', 'as', 'satisfies', 'instanceof', 'in', 'of', 'from']);

function statements(tokens: readonly Token[], source: string): readonly (readonly Token[])[] {
  const found: Token[][] = [];
  for (const token of tokens) {
    const current = found.at(-1);
    if (current === undefined || begins(token, current, source)) found.push([token]);
    else current.push(token);
  }
  return found;
}

/** Whether a token begins a statement: behind a semicolon, or on a line of its own where nothing goes on. */
function begins(token: Token, current: readonly Token[], source: string): boolean {
  const last = current.at(-1)!;
  if (token.depth > 0) return false;
  if (last.depth === 0 && last.text === ';') return true;
  if (!source.slice(last.end, token.start).includes('\n')) return false;
  if (token.kind !== 'word' && token.text !== '@') return false;
  if (following.has(token.text) || isOpenDecorator(current)) return false;
  return last.kind === 'mark' ? /^[)\]}>!]$/.test(last.text) : !goingOn.has(last.text);
}

/** A decorator whose class is still to come. */
function isOpenDecorator(current: readonly Token[]): boolean {
  return current[0]!.text === '@' && !current.some(({ text, depth }) => depth === 0 && text === 'class');
}

const modifiers = new Set(['export', 'default', 'declare', 'abstract', 'async']);

function read(tokens: readonly Token[]): Pick<Declaration, 'kind' | 'names' | 'value'> {
  const decorated = tokens[0]!.text === '@';
  const isHead = ({ text, depth }: Token) => depth === 0 && (modifiers.has(text) || text === 'class');
  let at = decorated ? Math.max(0, tokens.findIndex(isHead)) : 0;
  let isDefault = false;
  for (; modifiers.has(tokens[at]?.text ?? ''); at++) isDefault ||= tokens[at]!.text === 'default';
  const outside = isDefault ? ['default'] : [];
  const word = tokens[at]?.text;
  if (word === 'import') return { kind: 'import', names: [] };
  if (word === 'class' || word === 'function') {
    const name = tokens.slice(at + 1).find(({ text }) => text !== '*');
    const own = name?.kind === 'word' && name.text !== 'extends' ? [name.text] : [];
    return { kind: word, names: [...own, ...outside] };
  }
  if (word === 'const' || word === 'let' || word === 'var') return variable(tokens, at + 1);
  const exported = commonJsExport(tokens, at);
  if (exported !== undefined) return exported;
  return isDefault ? valueAt(tokens, at, outside) : { kind: 'other', names: [] };
}

function variable(tokens: readonly Token[], at: number): Pick<Declaration, 'kind' | 'names' | 'value'> {
  if (tokens.some(({ text }) => text === 'require')) return { kind: 'import', names: [] };
  const equals = tokens.findIndex(({ text, depth }, i) => i > at && depth === 0 && text === '=');
  const name = tokens[at];
  if (equals < 0 || name?.kind !== 'word' || name.text === 'enum') return { kind: 'other', names: [] };
  return valueAt(tokens, equals + 1, [name.text]);
}

/** `exports.Name = …`, `module.exports.Name = …`, `module.exports = …`. */
function commonJsExport(tokens: readonly Token[], at: number) {
  const equals = tokens.findIndex(({ text, depth }, i) => i > at && depth === 0 && text === '=');
  const left = tokens
    .slice(at, Math.max(at, equals))
    .map(({ text }) => text)
    .join('');
  const form = /^(?:module\.)?exports(?:\.([\p{ID_Continue}$]+))?$/u.exec(left);
  return form === null ? undefined : valueAt(tokens, equals + 1, [form[1] ?? 'default']);
}

function valueAt(tokens: readonly Token[], value: number, names: readonly string[]) {
  const [first, second] = [tokens[value], tokens[value + 1]];
  const named = first?.text === 'class' && second?.kind === 'word' && second.text !== 'extends' ? [second.text] : [];
  return { kind: first?.text === 'class' ? 'class' : 'value', names: [...names, ...named], value } as const;
}

/** Where the comment begins that stands right before a statement, on lines of its own. */
function withComment(start: number, comments: readonly Token[], source: string): number {
  const before = comments.findLast(({ end }) => end <= start);
  if (before === undefined || !/^[^\S\n]*\n?[^\S\n]*$/.test(source.slice(before.end, start))) return start;
  const line = source.slice(source.lastIndexOf('\n', before.start - 1) + 1, before.start);
  return line.trim() === '' ? withComment(before.start, comments, source) : start;
}
