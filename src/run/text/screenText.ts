/**
 * The only way to a terminal. A terminal obeys what it is sent, and names, answers, errors and records come from
 * elsewhere: what is sent is made of literals of our own source and of text that was escaped when it was put in.
 * `Terminal` and `Screen` take nothing else, so that the compiler refuses a plain string.
 */
import { oneLine, onLines, visibleJson, visibleJsonText } from '../../base/visibleText.ts';

/** Made by the functions of this module alone. */
class Made {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }

  /** A part of it, in UTF-16 units. */
  slice(start: number, end?: number): Made {
    return new Made(this.#text.slice(start, end));
  }
}
export type ScreenText = Made;

/** Literals as they are; strings that are put in on one line, and harmless. */
export function onScreen(
  literals: TemplateStringsArray,
  ...values: readonly (string | number | ScreenText)[]
): ScreenText {
  return new Made(literals.reduce((text, literal, i) => `${text}${shown(values[i - 1]!)}${literal}`));
}

/** Text of several lines that was not made here: its line breaks and tabs stay. */
export function screenBlock(text: string): ScreenText {
  return new Made(onLines(text));
}

/** The message of an error: no line of it but the first begins where ours begin, so that it cannot feign one. */
export function screenError(message: string): ScreenText {
  return new Made(`${onLines(message).trimEnd().replaceAll('\n', '\n  ')}\n`);
}

/** Each on a line of its own, the last one ended too. */
export function screenLines(lines: readonly (string | ScreenText)[]): ScreenText {
  return new Made(lines.map((line) => `${shown(line)}\n`).join(''));
}

export function joined(parts: readonly ScreenText[], between: ScreenText = onScreen``): ScreenText {
  return new Made(parts.join(String(between)));
}

/** For programs to read: the same JSON, with what a terminal would obey as `\uXXXX`; one line, ended. */
export function screenJson(value: unknown, indent = 0): ScreenText {
  return new Made(`${visibleJson(value, indent)}\n`);
}

/** The same of text that is JSON already. */
export function screenJsonText(json: string): ScreenText {
  return new Made(`${visibleJsonText(json)}\n`);
}

function shown(value: string | number | ScreenText): string {
  return typeof value === 'string' ? oneLine(value) : String(value);
}
