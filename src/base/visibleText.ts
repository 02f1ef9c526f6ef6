/**
 * Text that was not made here, as it may be shown anywhere: nothing in it moves a cursor, turns the direction of
 * writing, hides, or looks like nothing. Each place adds the escaping of its own to this.
 */

/**
 * Control characters (C0, DEL, C1), format characters (of direction, of no width), separators of lines, halves of
 * surrogate pairs, and whatever else is drawn as nothing. Selectors of variants stay: emoji and scripts need them.
 */
const unseen = /(?!\p{Variation_Selector})[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

const replacement = '\uFFFD';

/** Whether a text holds anything that is not seen, a line break or a tab. */
export function holdsUnseen(text: string): boolean {
  return text.search(unseen) >= 0;
}

/** On one line: breaks and tabs become a space each, whatever else is not seen the replacement character. */
export function oneLine(text: string): string {
  return text.replaceAll(/\r\n|[\t\n\r]/g, ' ').replaceAll(unseen, replacement);
}

/** On as many lines as it has; tabs stay too. */
export function onLines(text: string): string {
  return text.replaceAll(/\r\n?/g, '\n').replaceAll(unseen, (each) => (/[\t\n]/.test(each) ? each : replacement));
}

/** On as many lines as it has; whatever else is not seen stands as `\uXXXX`, so that nothing is lost. */
export function visibleText(text: string): string {
  return text.replaceAll(/\r\n?/g, '\n').replaceAll(unseen, (each) => (/[\t\n]/.test(each) ? each : unitEscapes(each)));
}

/**
 * JSON of the same meaning as `JSON.stringify` gives, in which what is not seen stands as `\uXXXX`.
 *
 * @param indent spaces for each level; 0: on one line.
 */
export function visibleJson(value: unknown, indent = 0): string {
  return visibleJsonText(JSON.stringify(value, null, indent));
}

/** The same of text that is JSON already. */
export function visibleJsonText(json: string): string {
  return json.replaceAll(unseen, (each) => (each === '\n' ? each : unitEscapes(each)));
}

/** `\u202e`, one for each UTF-16 unit: as JSON, Python below U+10000, and TypeScript have it. */
export function unitEscapes(text: string): string {
  return Array.from(text.split(''), (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
}
