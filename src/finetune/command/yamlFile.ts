/** Placeholders in YAML: a scalar that they would make into something else is written between quotes. */
import { CannotHold, escaped, inOneLine, textOf } from './fileValues.ts';
import type { FoundPlaceholder, PlaceholderValues } from './placeholders.ts';
import { placeholdersIn } from './placeholders.ts';

export function fillYaml(text: string, values: PlaceholderValues): string {
  return new YamlFiller(text, values).filled();
}

/** What a plain scalar can be without being a number, a date, a truth or nothing, in YAML 1.1 and 1.2. */
const plainText = /^[A-Za-z_/][\w./@+-]*(?: [\w./@+-]+)*$/;
const otherWords = /^(y|n|yes|no|on|off|true|false|null)$/i;
const blockHeader = /^[|>][+-]?\d?[+-]?[ \t]*(#[^\n]*)?(?=\n|$)/;

class YamlFiller {
  readonly #text: string;
  readonly #found: ReadonlyMap<number, FoundPlaceholder>;
  #at = 0;
  #filled = '';
  /** Open brackets. */
  #depth = 0;

  constructor(text: string, values: PlaceholderValues) {
    this.#text = text;
    this.#found = new Map(placeholdersIn(text, values).map((one) => [one.start, one]));
  }

  filled(): string {
    while (this.#at < this.#text.length) this.#next();
    return this.#filled;
  }

  /** From where a scalar may begin. */
  #next(): void {
    const rest = this.#text.slice(this.#at);
    const sign = rest[0]!;
    if (this.#found.has(this.#at)) this.#plain();
    else if (sign === '"' || sign === "'") this.#quoted(sign);
    else if (sign === '#') this.#raw(this.#lineEnd());
    else if (this.#depth === 0 && blockHeader.test(rest)) this.#block(blockHeader.exec(rest)![0].length);
    else if (/^[[\]{},\s]/.test(sign)) this.#sign(sign);
    else if (/^[-?:](\s|$)/.test(rest)) this.#copy(1);
    else if (/^[&!]/.test(sign)) this.#copy(/^\S+/.exec(rest)![0].length);
    else this.#plain();
  }

  #copy(length: number): void {
    this.#filled += this.#text.slice(this.#at, this.#at + length);
    this.#at += length;
  }

  #sign(sign: string): void {
    if (sign === '[' || sign === '{') this.#depth++;
    if (sign === ']' || sign === '}') this.#depth = Math.max(0, this.#depth - 1);
    this.#copy(1);
  }

  #lineEnd(from = this.#at): number {
    const end = this.#text.indexOf('\n', from);
    return end < 0 ? this.#text.length : end;
  }

  /** Up to `end`, values as they are: comments, and texts of many lines. */
  #raw(end: number, write: (found: FoundPlaceholder) => string = inOneLine): void {
    while (this.#at < end) {
      const found = this.#found.get(this.#at);
      if (found === undefined) this.#copy(1);
      else {
        this.#filled += write(found);
        this.#at = found.end;
      }
    }
  }

  /** A text of many lines: all that is indented deeper than the line that begins it. */
  #block(header: number): void {
    const line = this.#text.lastIndexOf('\n', this.#at) + 1;
    const indent = /^ */.exec(this.#text.slice(line))![0].length;
    let end = this.#at + header;
    while (end < this.#text.length) {
      const next = this.#text.slice(end + 1, this.#lineEnd(end + 1));
      if (next.trim() !== '' && /^ */.exec(next)![0].length <= indent) break;
      end += 1 + next.length;
    }
    this.#raw(end);
  }

  #quoted(quote: string): void {
    this.#copy(1);
    const write = quote === '"' ? (found: FoundPlaceholder) => escaped(textOf(found)) : inSingleQuotes;
    while (this.#at < this.#text.length) {
      const sign = this.#text[this.#at]!;
      if (this.#found.has(this.#at)) this.#raw(this.#at + 1, write);
      else if (sign === '\\' && quote === '"') this.#copy(2);
      else if (sign === quote) {
        // Two of them are one of the text.
        if (quote === '"' || this.#text[this.#at + 1] !== "'") return this.#copy(this.#isKeyOfJson() ? 2 : 1);
        this.#copy(2);
      } else this.#copy(1);
    }
  }

  /** `{"a":{model}}`: behind a key in quotes no space is needed. */
  #isKeyOfJson(): boolean {
    return this.#depth > 0 && this.#text[this.#at + 1] === ':';
  }

  #plain(): void {
    const pieces: (string | FoundPlaceholder)[] = [];
    const start = this.#at;
    let at = start;
    for (; at < this.#text.length && !this.#endsAt(at);) {
      const found = this.#found.get(at);
      pieces.push(found ?? this.#text[at]!);
      at = found?.end ?? at + 1;
    }
    // Space behind a scalar is not of it.
    while (typeof pieces.at(-1) === 'string' && /\s/.test(pieces.at(-1) as string)) {
      pieces.pop();
      at--;
    }
    this.#filled += pieces.every((piece) => typeof piece === 'string') ? pieces.join('') : this.#scalar(pieces);
    this.#at = at;
  }

  #endsAt(at: number): boolean {
    const rest = this.#text.slice(at, at + 2);
    if (/^(\n|:\s|:$|\s#)/.test(rest)) return true;
    return this.#depth > 0 && !this.#found.has(at) && /^[[\]{},]/.test(rest);
  }

  #scalar(pieces: readonly (string | FoundPlaceholder)[]): string {
    const [first] = pieces;
    if (pieces.length === 1 && first !== undefined && typeof first !== 'string') {
      if (first.isPlain) return numberOf(textOf(first));
      const { value } = first;
      if (typeof value !== 'string' && this.#depth > 0) return value.map(scalarOf).join(',');
    }
    return scalarOf(pieces.map((piece) => (typeof piece === 'string' ? piece : textOf(piece))).join(''));
  }
}

function scalarOf(text: string): string {
  return plainText.test(text) && !otherWords.test(text) ? text : JSON.stringify(text);
}

/** YAML 1.1 takes `1e-7` for a text. */
function numberOf(text: string): string {
  return text.replace(/^(-?\d+)e/, '$1.0e');
}

function inSingleQuotes(found: FoundPlaceholder): string {
  const text = textOf(found);
  if (/[\n\r]/.test(text)) throw new CannotHold(found.whole, 'put it between double quotes there');
  return text.replaceAll("'", "''");
}
