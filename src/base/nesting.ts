/** How deep arrays and objects lie in each other, found without going down into them. */
import { nestingAtMost } from './limits.ts';

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Whether a text that is JSON nests deeper. Brackets in its strings do not count. */
export function nestsDeeper(text: string, levels: number = nestingAtMost): boolean {
  let depth = 0;
  return someSign(text, (char) => {
    if (char === openList || char === openObject) return ++depth > levels;
    if (char === closeList || char === closeObject) depth--;
    return false;
  });
}

/** Whether a text that is JSON may hold more values: commas and openings between its strings. */
export function holdsMore(text: string, values: number): boolean {
  let count = 0;
  return someSign(text, (char) => (char === comma || char === openList || char === openObject) && ++count > values);
}

/** Whether the test is true of a character between the strings of a JSON text; it is asked of one after the other. */
function someSign(text: string, test: (char: number) => boolean): boolean {
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (quoted) {
      if (char === backslash) i++;
      else if (char === quote) quoted = false;
    } else if (char === quote) quoted = true;
    else if (test(char)) return true;
  }
  return false;
}

/**
 * Whether a text that is perhaps no JSON opens more brackets than it closes by so many. Where strings begin and end in
 * it is not known, so that all brackets count.
 */
export function opensMoreBrackets(text: string, levels: number = nestingAtMost): boolean {
  return bracketBeyond(text, levels) >= 0;
}

/** Where such a text opens the bracket that is one too many; -1 where it does not. */
export function bracketBeyond(text: string, levels: number = nestingAtMost): number {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char === openList || char === openObject) {
      if (++depth > levels) return i;
    } else if (depth > 0 && (char === closeList || char === closeObject)) depth--;
  }
  return -1;
}

/** Whether a value nests deeper, as one that contains itself does. */
export function isNestedDeeper(value: unknown, levels: number = nestingAtMost): boolean {
  // Level by level: the containers of one, then those in them.
  let layer = containersIn([value]);
  for (let depth = 0; layer.length > 0; depth++) {
    if (depth >= levels) return true;
    layer = containersIn(layer.flatMap((container) => Object.values(container) as unknown[]));
  }
  return false;
}

/** Each once: of two ways to one container, one is enough. */
function containersIn(values: readonly unknown[]): object[] {
  return [...new Set(values.filter((value): value is object => typeof value === 'object' && value !== null))];
}
