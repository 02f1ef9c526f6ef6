import type { Language } from './base/languages.ts';
import { longestLine, mostOpen } from './base/limits.ts';

interface Open {
  readonly closer: string;
  /** Indentation of the line it is on. */
  readonly indent: number;
  readonly line: number;
}

const pairs: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };
const header = /^\s*(?:(?:async\s+)?(?:def|for|with)|class|if|elif|else|while|try|except|finally)\b.*:\s*(?:#.*)?$/;

/**
 * Source as its author will finish it: brackets and strings that a half-typed line left open are closed at the end of
 * that line, and Python's `def f():` gets a body. By indentation: a line that is not indented deeper than the one
 * that opened a bracket, and does not begin by closing one, is not inside it. Lines stay where they are. Only for
 * text that does not parse; the result is better or the same, never sure to parse.
 */
export function mend(text: string, language: Language): string {
  const python = language === 'python';
  const lines = text.split(/\r?\n/);
  if (lines.some((line) => line.length > longestLine)) return text;
  const mended: string[] = [];
  let open: Open[] = [];
  let quote = '';
  /** Closes what `still` does not want open at the end of the last line with something on it. */
  const closeUntil = (still: (one: Open) => boolean): void => {
    const last = mended.findLastIndex((line) => line.trim() !== '');
    while (open.length > 0 && !still(open.at(-1)!)) {
      mended[last] = `${dropComment(mended[last]!, python)}${open.pop()!.closer}`;
    }
  };
  for (const [number, line] of lines.entries()) {
    if (quote === '' && line.trim() !== '') {
      const indent = indentOf(line);
      const closes = /^\s*[)\]}]/.test(line);
      closeUntil((one) => indent > one.indent || (closes && indent === one.indent) || one.line === number);
    }
    const scanned = scanLine(line, number, python, quote, open);
    ({ quote, open } = scanned);
    if (open.length > mostOpen) return text;
    mended.push(scanned.line);
  }
  closeUntil(() => false);
  return (python ? mended.map(withBody) : mended).join('\n');
}

/** A header whose body is not there yet gets one on its own line. */
function withBody(line: string, number: number, lines: readonly string[]): string {
  if (!python3Class(line) && !header.test(line)) return line;
  const bare = dropComment(line, true).trimEnd();
  let next: string | undefined;
  for (let i = number + 1; i < lines.length && next === undefined; i++) {
    if (/^\s*[^\s#]/.test(lines[i]!)) next = lines[i];
  }
  if (next !== undefined && indentOf(next) > indentOf(line)) return bare.endsWith(':') ? line : `${bare}:`;
  return bare.endsWith(':') ? `${bare} pass` : `${bare}: pass`;
}

/** `class A(B)` without its colon. */
function python3Class(line: string): boolean {
  return /^\s*(?:class\s+\w+|(?:async\s+)?def\s+\w+\s*\(.*\))\s*(?:\(.*\))?\s*$/.test(line);
}

function scanLine(line: string, number: number, python: boolean, quoteBefore: string, openBefore: readonly Open[]) {
  const open = [...openBefore];
  const indent = indentOf(line);
  let quote = quoteBefore;
  let text = line;
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!;
    if (quote !== '') {
      if (char === '\\') i++;
      else if (line.startsWith(quote, i)) {
        i += quote.length - 1;
        quote = '';
      }
      continue;
    }
    if (python ? char === '#' : line.startsWith('//', i)) break;
    const start = opensText(line, i, python);
    if (start !== '') {
      quote = start === '/*' ? '*/' : start;
      i += start.length - 1;
    } else if (Object.hasOwn(pairs, char)) open.push({ closer: pairs[char]!, indent, line: number });
    else if (char === open.at(-1)?.closer) open.pop();
  }
  // Only these go on over the end of a line.
  if (quote === "'" || quote === '"') {
    text = `${line.trimEnd()}${quote}`;
    quote = '';
  }
  return { line: text, quote, open };
}

function opensText(line: string, at: number, python: boolean): string {
  const starts = python ? ['"""', "'''", '"', "'"] : ['/*', '`', '"', "'"];
  return starts.find((start) => line.startsWith(start, at)) ?? '';
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

/** Without a comment at the end, and without a comma before that: closers go there. */
function dropComment(line: string, python: boolean): string {
  return line.replace(python ? /\s+#[^'"]*$/ : /\s+\/\/[^'"`]*$/, '').trimEnd();
}
