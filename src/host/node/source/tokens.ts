/** TypeScript and JavaScript as a row of words, texts and marks: enough to see where a declaration begins and ends. */

export interface Token {
  readonly kind: 'word' | 'text' | 'number' | 'mark' | 'comment';
  readonly text: string;
  /** Places in the file's text; `end` is behind it. */
  readonly start: number;
  readonly end: number;
  /** Brackets around it; a bracket counts as outside of itself. */
  readonly depth: number;
}

const forms: readonly (readonly [Token['kind'] | 'space', RegExp])[] = [
  ['space', /\s+/y],
  ['comment', /\/\/[^\n]*|\/\*[^]*?\*\//y],
  ['word', /[\p{ID_Start}$_#][\p{ID_Continue}$]*/uy],
  ['number', /\.?\d[\w.]*/y],
  ['text', /'(?:\\[^]|[^'\\\n])*'|"(?:\\[^]|[^"\\\n])*"/y],
  ['mark', /=>|\.\.\.|[^'"`]/uy],
];
const regularExpression = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/y;
/** From its beginning, or from the end of what stands in it, to the next such thing or its end. */
const template = /(?:\\[^]|\$(?!\{)|[^\\`$])*(?:`|\$\{)/y;

const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '${': '}' };
/** Behind these a slash begins a regular expression, as it does behind every mark that ends no value. */
const beforeValue = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'delete',
  'void',
  'throw',
  'new',
  'await',
  'else',
]);

/** Comments are among them. `undefined`: it is not what can be read so. */
export function tokensOf(source: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  const open: string[] = [];
  let place = 0;
  let lastCode: Token | undefined;
  const add = (kind: Token['kind'], end: number, depth = open.length): Token => {
    const token = { kind, text: source.slice(place, end), start: place, end, depth };
    tokens.push(token);
    if (kind !== 'comment') lastCode = token;
    place = end;
    return token;
  };
  /** A piece of a template, from `place` on. */
  const addTemplate = (from: number): boolean => {
    const end = endOf(template, source, from);
    if (end === undefined) return false;
    const { text } = add('text', end);
    if (text.endsWith('${')) open.push('${');
    return true;
  };
  while (place < source.length) {
    const character = source[place]!;
    if (character === '`') {
      if (!addTemplate(place + 1)) return undefined;
      continue;
    }
    if (character === '}' && open.at(-1) === '${') {
      open.pop();
      if (!addTemplate(place + 1)) return undefined;
      continue;
    }
    const pattern = character === '/' && mayBeginValue(lastCode) ? endOf(regularExpression, source, place) : undefined;
    const [kind, end] = formAt(source, place, pattern) ?? [];
    if (kind === undefined || end === undefined) return undefined;
    if (kind === 'space') {
      place = end;
    } else if (kind === 'mark' && /[)\]}]/.test(character)) {
      if (closing[open.pop() ?? ''] !== character) return undefined;
      add(kind, end);
    } else {
      add(kind, end);
      if (kind === 'mark' && Object.hasOwn(closing, character)) open.push(character);
    }
  }
  return open.length === 0 ? tokens : undefined;
}

function formAt(
  source: string,
  place: number,
  pattern?: number,
): readonly [Token['kind'] | 'space', number] | undefined {
  for (const [kind, form] of forms) {
    // A comment looks like an empty pattern, so it goes first.
    if (kind === 'word' && pattern !== undefined) return ['text', pattern];
    const end = endOf(form, source, place);
    if (end !== undefined) return [kind, end];
  }
  return undefined;
}

function endOf(form: RegExp, source: string, place: number): number | undefined {
  form.lastIndex = place;
  return form.test(source) ? form.lastIndex : undefined;
}

function mayBeginValue(last: Token | undefined): boolean {
  if (last === undefined) return true;
  if (last.kind === 'word') return beforeValue.has(last.text);
  return last.kind === 'mark' && !/[)\]}]/.test(last.text);
}

/** The place behind the bracket that closes the one at `place`. @param tokens without comments. */
export function behindBracket(tokens: readonly Token[], place: number): number {
  const { depth } = tokens[place]!;
  let end = place + 1;
  while (end < tokens.length && tokens[end]!.depth > depth) end++;
  return Math.min(end + 1, tokens.length);
}
