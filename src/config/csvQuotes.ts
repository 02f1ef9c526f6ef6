/** Which quotes of a `.csv` or `.tsv` file are taken as they stand: those within a text that begins with none. */

/** Whether they are; where quotes are written `\"`, the backslashes would be of the text. */
export function relaxesQuotes(head: string): boolean {
  return !head.includes('\\"');
}

/**
 * Whether a text that begins with a quote goes on behind the closing one: `"hi" he said`. Perhaps the first was never
 * closed, and what stands behind it, lines too, was taken for one text.
 *
 * @param raw the record as it stands in the file
 */
export function goesOnBehindQuotes(value: string, raw: string): boolean {
  return value.startsWith('"') && !raw.includes(`"${value.replaceAll('"', '""')}"`);
}

export const quotesRemedy =
  ' A text with a quote in it has to stand in double quotes, and the quote is written twice: "say ""hi""".';
