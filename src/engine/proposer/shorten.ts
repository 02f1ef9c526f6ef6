/** Texts made to fit in a number of tokens, as far as those can be known without the model's tokenizer. */
import { estimateTokenCount, isWithinTokenLimit, sliceByTokens } from 'tokenx';

/** Too little room for a beginning, an end and what is between: the beginning alone is kept. */
const leastForBoth = 40;

/** At most `tokens` of a text: its beginning and its end, and how much is left out between. */
export function shortened(text: string, tokens: number): string {
  if (isWithinTokenLimit(text, tokens)) return text;
  if (tokens < leastForBoth) return whole(sliceByTokens(text, 0, Math.max(0, tokens)));
  const all = estimateTokenCount(text);
  const said = ` … about ${all} tokens, shortened … `;
  const kept = tokens - estimateTokenCount(said);
  const end = Math.floor(kept / 3);
  return whole(sliceByTokens(text, 0, kept - end)) + said + whole(sliceByTokens(text, all - end));
}

/** At most `tokens` together: short texts stay whole, long ones share what is left. */
export function shortenedTogether(texts: readonly string[], tokens: number): string[] {
  const lengths = texts.map((text) => estimateTokenCount(text)).sort((a, b) => a - b);
  let left = tokens;
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
