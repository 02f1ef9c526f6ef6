/**
 * Text as the words that BM25 counts: lower-cased, without accents, stop-words and the plural s. Kept so simple that
 * the Python programs in examples/ find the same passages with a few lines of their own.
 */

/** A change here changes what an index holds: count it up. */
export const wordsVersion = 1;

/** The English stop-words of Lucene's StandardAnalyzer, and the words that questions are made of. */
const stopWords: ReadonlySet<string> = new Set(
  (
    'a an and are as at be but by for if in into is it no not of on or such that the their then there these they ' +
    'this to was will with which who whom whose what when where how why does did do has have had he she his her its from'
  ).split(' '),
);

/** The words of a text in their order, repetitions included. */
export function wordsOf(text: string): readonly string[] {
  const found = plain(text).match(/[\p{L}\p{N}]+/gu) ?? [];
  return found.filter((word) => !stopWords.has(word)).map(singular);
}

function plain(text: string): string {
  const lower = text.toLowerCase();
  return isAscii(lower) ? lower : lower.normalize('NFKD').replace(/\p{M}/gu, '');
}

function isAscii(text: string): boolean {
  return !/[\u0080-\uffff]/.test(text);
}

/** The S-stemmer (Harman 1991, "How effective is suffixing?"): three rules, of which the first that fits is applied. */
function singular(word: string): string {
  if (word.length < 4 || !word.endsWith('s')) return word;
  if (word.endsWith('ies')) return /[ae]ies$/.test(word) ? word : `${word.slice(0, -3)}y`;
  if (word.endsWith('es')) return /[aeo]es$/.test(word) ? word : word.slice(0, -1);
  return /[us]s$/.test(word) ? word : word.slice(0, -1);
}
