/** What changed from one text to another, word by word. Pure. */
import { comparedCharactersAtMost, comparedWordsAtMost } from '../base/limits.ts';

export interface DiffPart {
  /** `same` is in both texts, `gone` in the first alone, `added` in the second alone. */
  readonly kind: 'same' | 'gone' | 'added';
  readonly text: string;
}

// Texts without spaces between words have words too.
const segmenter = new Intl.Segmenter('en', { granularity: 'word' });

/**
 * The parts in order; what is gone comes before what was added in its place. The parts that are not `added` make the
 * first text, those that are not `gone` the second. Texts that are very long or very unlike are one part each.
 */
export function wordDiff(before: string, after: string): readonly DiffPart[] {
  if (before.length + after.length > comparedCharactersAtMost) return joined(replaced([before], [after]));
  const [a, b] = [words(before), words(after)];
  const head = sharedAtStart(a, b);
  const tail = sharedAtStart(a.slice(head).reverse(), b.slice(head).reverse());
  const [oldMiddle, newMiddle] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)];
  return withoutGaps(
    joined([...same(a.slice(0, head)), ...middle(oldMiddle, newMiddle), ...same(a.slice(a.length - tail))]),
  );
}

function words(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

function sharedAtStart(a: readonly string[], b: readonly string[]): number {
  let shared = 0;
  while (shared < a.length && shared < b.length && a[shared] === b[shared]) shared++;
  return shared;
}

function middle(a: readonly string[], b: readonly string[]): DiffPart[] {
  if (a.length * b.length > comparedWordsAtMost) return replaced(a, b);
  const common = commonLengths(a, b);
  const width = b.length + 1;
  const parts: DiffPart[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      parts.push(part('same', a[i]!));
      i++;
      j++;
    } else if (common[(i + 1) * width + j]! >= common[i * width + j + 1]!) parts.push(part('gone', a[i++]!));
    else parts.push(part('added', b[j++]!));
  }
  return [...parts, ...replaced(a.slice(i), b.slice(j))];
}

/** At `i * (b.length + 1) + j`: how many words the rests from `a[i]` and `b[j]` on have in common, in order. */
function commonLengths(a: readonly string[], b: readonly string[]): Uint32Array {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const at = i * width + j;
      lengths[at] = a[i] === b[j] ? lengths[at + width + 1]! + 1 : Math.max(lengths[at + width]!, lengths[at + 1]!);
    }
  }
  return lengths;
}

const part = (kind: DiffPart['kind'], text: string): DiffPart => ({ kind, text });
const same = (texts: readonly string[]): DiffPart[] => texts.map((text) => part('same', text));
const replaced = (a: readonly string[], b: readonly string[]): DiffPart[] => [
  ...a.map((text) => part('gone', text)),
  ...b.map((text) => part('added', text)),
];

/** With neighbours of one kind joined, and within a change all that is gone before all that was added. */
function joined(parts: readonly DiffPart[]): DiffPart[] {
  const all: DiffPart[] = [];
  let [gone, added] = ['', ''];
  const close = (): void => {
    if (gone !== '') all.push(part('gone', gone));
    if (added !== '') all.push(part('added', added));
    [gone, added] = ['', ''];
  };
  for (const { kind, text } of parts) {
    if (kind === 'gone') gone += text;
    else if (kind === 'added') added += text;
    else {
      close();
      const last = all.at(-1);
      if (last?.kind === 'same') all[all.length - 1] = part('same', last.text + text);
      else all.push(part('same', text));
    }
  }
  close();
  return all;
}

/** Spaces alone between two changes belong to them: a sentence that was written anew reads as one change. */
function withoutGaps(parts: readonly DiffPart[]): readonly DiffPart[] {
  const isGap = (one: DiffPart, i: number): boolean =>
    one.kind === 'same' && i > 0 && i < parts.length - 1 && one.text.trim() === '';
  return joined(parts.flatMap((one, i) => (isGap(one, i) ? replaced([one.text], [one.text]) : [one])));
}
