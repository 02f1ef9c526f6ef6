/** HTML whose tags are written here alone: whatever is put into it is text, whoever wrote that. */
import { onLines } from './visibleText.ts';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** As text between tags or in an attribute in quotes. */
export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character]!);
}

/** Made by `html` alone. */
class Made {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}
export type Markup = Made;

type Value = string | number | Markup | readonly Markup[];

/**
 * Tags as they are; strings that are put in as text, with what hides or turns the direction of writing made visible. An
 * attribute that takes a value must have quotes, and none may take a script or an address that was not made here.
 */
export function html(literals: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Made(literals.reduce((text, literal, i) => `${text}${shown(values[i - 1]!)}${literal}`));
}

function shown(value: Value): string {
  if (typeof value === 'string') return escaped(onLines(value));
  if (typeof value === 'number') return String(value);
  return value instanceof Made ? value.toString() : value.map(String).join('');
}

export const nothing: Markup = html``;
