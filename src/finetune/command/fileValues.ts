/** Values of placeholders as they are written into files. */
import type { FoundPlaceholder } from './placeholders.ts';

/** A place of a file that cannot hold a value. The message says why, or what to do. */
export class CannotHold extends Error {
  readonly placeholder: string;

  constructor(placeholder: string, why: string) {
    super(why);
    this.placeholder = placeholder;
  }
}

/** A value as one text. */
export const textOf = ({ value }: FoundPlaceholder): string => (typeof value === 'string' ? value : value.join(','));

/** A value where nothing can be escaped. @throws CannotHold for more than a line. */
export function inOneLine(found: FoundPlaceholder): string {
  const text = textOf(found);
  if (!/[\n\r\0]/.test(text)) return text;
  throw new CannotHold(found.whole, 'it has a line break in it. Give it another name');
}

/** Between double quotes: JSON, YAML and TOML escape alike. */
export const escaped = (text: string): string => JSON.stringify(text).slice(1, -1);
