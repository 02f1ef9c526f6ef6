/** What changed from one text to another, word by word. Pure. */
import { diffArrays } from 'diff';
import type { ArrayChange } from 'diff';
import { changedWordsAtMost, comparedCharactersAtMost } from '../base/limits.ts';

export interface DiffPart {
  /** `same` is in both texts, `gone` in the first alone, `added` in the second alone. */
  readonly kind: 'same' | 'gone' | 'added';
  readonly text: string;
}

// Texts without spaces between words have words too.
const segmenter = new Intl.Segmenter('en', { granularity: 'word' });

/** What both texts have, or what is in one in place of what is in the other. */
interface Piece {
  readonly isSame: boolean;
  /** In the first text, and in the second. */
  readonly gone: string;
  readonly added: string;
}

/**
 * The parts in order; what is gone comes before what was added in its place. The parts that are not `added` make the
 * first text, those that are not `gone` the second. Texts that are very long or very unlike are one part each.
 */
export function wordDiff(before: string, after: string): readonly DiffPart[] {
  if (before.length + after.length > comparedCharactersAtMost) return partsOf([changed(before, after)]);
  const found = diffArrays(words(before), words(after), { maxEditLength: changedWordsAtMost });
  const pieces = found === undefined ? [changed(before, after)] : found.map(pieceOf);
  return partsOf(readable(joined(pieces)));
}

function words(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

function pieceOf({ added, removed, value }: ArrayChange<string>): Piece {
  const text = value.join('');
  if (added) return changed('', text);
  return removed ? changed(text, '') : same(text);
}

const same = (text: string): Piece => ({ isSame: true, gone: text, added: text });
const changed = (gone: string, added: string): Piece => ({ isSame: false, gone, added });

/** With neighbours of one kind joined, and without empty ones. */
function joined(pieces: readonly Piece[]): Piece[] {
  const all: Piece[] = [];
  for (const piece of pieces) {
    const last = all.at(-1);
    if (piece.gone === '' && piece.added === '') continue;
    if (last?.isSame === piece.isSame) all[all.length - 1] = merged(last, piece);
    else all.push(piece);
  }
  return all;
}

const merged = (one: Piece, next: Piece): Piece => ({
  isSame: one.isSame && next.isSame,
  gone: one.gone + next.gone,
  added: one.added + next.added,
});

/** For so many words that were changed around it, one that both texts happen to have belongs to the change. */
const changedForOne = 4;

/** A sentence that was written anew reads as one change, though a `the` or a space in it is still there. */
function readable(pieces: readonly Piece[]): readonly Piece[] {
  const all: Piece[] = [];
  for (const piece of pieces) {
    const [change, kept] = [all.at(-2), all.at(-1)];
    if (change !== undefined && kept?.isSame === true && isLittle(kept, change, piece)) {
      all.splice(-2, 2, merged(merged(change, kept), piece));
    } else all.push(piece);
  }
  return all;
}

function isLittle(kept: Piece, before: Piece, after: Piece): boolean {
  return changedForOne * wordCount(kept.gone) <= changedWords(before) + changedWords(after);
}

const changedWords = ({ gone, added }: Piece): number => Math.max(wordCount(gone), wordCount(added));
const wordCount = (text: string): number => words(text).filter((word) => word.trim() !== '').length;

function partsOf(pieces: readonly Piece[]): readonly DiffPart[] {
  return pieces.flatMap(({ isSame, gone, added }): DiffPart[] => {
    if (isSame) return [{ kind: 'same', text: gone }];
    const both: readonly DiffPart[] = [
      { kind: 'gone', text: gone },
      { kind: 'added', text: added },
    ];
    return both.filter(({ text }) => text !== '');
  });
}
