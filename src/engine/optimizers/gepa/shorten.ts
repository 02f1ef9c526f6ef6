/** Texts made to fit in a number of characters. */

/** Too little room for a beginning, an end and what is between: the beginning alone is kept. */
const leastForBoth = 80;

/** At most `length` characters (UTF-16) of a text: its beginning and its end, and how much is left out between. */
export function shortened(text: string, length: number): string {
  if (text.length <= length) return text;
  if (length < leastForBoth) return whole(text.slice(0, Math.max(0, length)));
  const said = ` … ${text.length} characters, shortened … `;
  const kept = length - said.length;
  const end = Math.floor(kept / 3);
  return whole(text.slice(0, kept - end)) + said + whole(text.slice(text.length - end));
}

/** At most `length` characters together: short texts stay whole, long ones share what is left. */
export function shortenedTogether(texts: readonly string[], length: number): string[] {
  const lengths = texts.map((text) => text.length).sort((a, b) => a - b);
  let left = length;
  let share = 0;
  for (const [i, next] of lengths.entries()) {
    share = Math.floor(left / (lengths.length - i));
    if (next > share) break;
    left -= next;
    share = next;
  }
  return texts.map((text) => shortened(text, share));
}

/** Without the half of a character that a cut may leave. */
function whole(text: string): string {
  return text.replace(/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/g, '');
}
