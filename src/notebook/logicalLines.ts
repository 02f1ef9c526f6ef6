/**
 * Where Python's statements begin, found by its rules for strings, brackets, comments and continued lines: what is
 * within a string or goes on with a line before it is no magic, and not to be shifted.
 */

export type LineStart =
  /** A statement may begin here. */
  | 'statement'
  /** Within brackets, or after a backslash. */
  | 'continued'
  /** Within a string of several lines. */
  | 'string';

interface State {
  /** The quotes that end the string which is open, `''` for none. */
  readonly quotes: string;
  readonly depth: number;
  readonly backslash: boolean;
}

const outside: State = { quotes: '', depth: 0, backslash: false };

export class LogicalLines {
  #state: State = outside;

  /** How the next line begins. */
  get start(): LineStart {
    const { quotes, depth, backslash } = this.#state;
    if (quotes !== '') return 'string';
    return depth > 0 || backslash ? 'continued' : 'statement';
  }

  /** Goes over one line, given without its end. */
  read(line: string): void {
    this.#state = after(line, this.#state);
  }
}

function after(line: string, { quotes, depth }: State): State {
  let at = 0;
  while (at < line.length) {
    if (quotes !== '') {
      const end = endOfString(line, at, quotes);
      if (end < 0) return continuedString(line, quotes, depth);
      at = end;
      quotes = '';
      continue;
    }
    const character = line[at]!;
    if (character === '#') return { quotes, depth, backslash: false };
    if (character === '"' || character === "'") {
      quotes = line.startsWith(character.repeat(3), at) ? character.repeat(3) : character;
      at += quotes.length;
      if (at >= line.length) return continuedString(line, quotes, depth);
      continue;
    }
    if ('([{'.includes(character)) depth++;
    if (')]}'.includes(character)) depth = Math.max(0, depth - 1);
    at++;
  }
  return { quotes, depth, backslash: quotes === '' && line.endsWith('\\') };
}

/** A string in single quotes ends with its line, but for a backslash at the end of it. */
function continuedString(line: string, quotes: string, depth: number): State {
  const goesOn = quotes.length === 3 || /(^|[^\\])(\\\\)*\\$/.test(line);
  return { quotes: goesOn ? quotes : '', depth, backslash: false };
}

/** The index behind the string's end, or -1. */
function endOfString(line: string, from: number, quotes: string): number {
  for (let at = from; at < line.length; at++) {
    if (line[at] === '\\') at++;
    else if (line.startsWith(quotes, at)) return at + quotes.length;
  }
  return -1;
}
