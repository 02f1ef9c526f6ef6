/** Which quotes of a `.csv` or `.tsv` file are taken as they stand: those within a text that begins with none. */

/** Whether they are; where quotes are written `\"`, the backslashes would be of the text. */
export function relaxesQuotes(head: string): boolean {
  return !head.includes('\\"');
}

/**
 * Whether a text begins with a quote, behind spaces or none, that does not enclose it: `"hi" he said`. Perhaps the quote
 * was never closed, and what stands behind it, lines too, was taken for one text; or it was to hold separators.
 *
 * @param raw the record as it stands in the file
 */
export function isHalfQuoted(value: string, raw: string): boolean {
  return /^\s*"/.test(value) && !raw.includes(`"${value.replaceAll('"', '""')}"`);
}

/** Whether a part of what stands between two quotes may be in the text beside it. */
export function hasOddQuotes(value: string): boolean {
  return value.split('"').length % 2 === 0;
}

export const quotesRemedy =
  ' A text with a quote in it has to stand in double quotes, and the quote is written twice: "say ""hi""".';
