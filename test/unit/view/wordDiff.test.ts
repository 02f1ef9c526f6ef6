import { describe, expect, it } from 'vitest';
import { comparedCharactersAtMost } from '../../../src/base/limits.ts';
import { wordDiff } from '../../../src/view/wordDiff.ts';

/** `[-gone-]` and `{+added+}` in the text. */
function marked(before: string, after: string): string {
  return wordDiff(before, after)
    .map(({ kind, text }) => (kind === 'same' ? text : kind === 'gone' ? `[-${text}-]` : `{+${text}+}`))
    .join('');
}

function sides(before: string, after: string): [string, string] {
  const parts = wordDiff(before, after);
  const without = (left: string) =>
    parts
      .filter(({ kind }) => kind !== left)
      .map(({ text }) => text)
      .join('');
  return [without('added'), without('gone')];
}

describe('a word diff', () => {
  it.each([
    ['Name the river.', 'Name the river.', 'Name the river.'],
    ['', 'Name it.', '{+Name it.+}'],
    ['Name it.', '', '[-Name it.-]'],
    ['', '', ''],
    ['Name the river.', 'Name the long river.', 'Name the {+long +}river.'],
    ['Name the river.', 'Name every lake.', 'Name [-the river-]{+every lake+}.'],
    ['one two three', 'one three', 'one [-two -]three'],
    ['a b c d', 'a x c y', 'a [-b-]{+x+} c [-d-]{+y+}'],
    // What was written anew is one change, though a word of it was there before.
    [
      'Answer the question.',
      'Write a short query: the name of the river and no more.',
      '[-Answer the question-]{+Write a short query: the name of the river and no more+}.',
    ],
    ['Give the name.', 'Give the name. Give nothing else.', 'Give the name.{+ Give nothing else.+}'],
    ['first\n\nlast', 'first\nlast', 'first\n[-\n-]last'],
  ])('of %j and %j marks what changed', (before, after, expected) => {
    expect(marked(before, after)).toBe(expected);
  });

  it('finds words where no spaces are between them', () => {
    const [start, gone, added, end] = wordDiff('这条河流很长。', '这条河流很短。');
    // Where words end is the dictionary's matter, which differs between versions of ICU.
    expect([start?.kind, gone?.kind, added?.kind, end?.kind]).toEqual(['same', 'gone', 'added', 'same']);
    expect(start?.text).toContain('河流');
    expect(end?.text).toBe('。');
  });

  it.each([
    ['a b a b a', 'b a b a b'],
    ['  spaces   everywhere ', 'spaces everywhere'],
    ['👩‍👧 and \u0000 and <b>', '<b> and 👩‍👧'],
    [
      Array.from({ length: 3000 }, (_, i) => `a${i}`).join(' '),
      Array.from({ length: 3000 }, (_, i) => `b${i}`).join(' '),
    ],
    ['long '.repeat(comparedCharactersAtMost / 5), 'other'],
  ])('holds both texts as they are', (before, after) => {
    expect(sides(before, after)).toEqual([before, after]);
  });
});
