/** Rows that are written into code: they are left out of what an LM reads. */
import { behindBracket } from './tokens.ts';
import type { Token } from './tokens.ts';

/** Characters of a flat list or object of values that is still a setting: labels to choose from, words to stop at. */
const settingAtMost = 200;

const values = new Set(['true', 'false', 'null', 'undefined']);

/** A declaration's text from `start` on, with `[...]` and `{...}` for lists and objects of rows. */
export function withoutData(source: string, start: number, tokens: readonly Token[]): string {
  let kept = '';
  let from = start;
  for (const { first, last } of dataIn(tokens)) {
    kept += `${source.slice(from, first.end)}...`;
    from = last.start;
  }
  return kept + source.slice(from, tokens.at(-1)!.end);
}

/** The outermost brackets around data. */
function dataIn(tokens: readonly Token[]): readonly { readonly first: Token; readonly last: Token }[] {
  const found = [];
  for (let at = 0; at < tokens.length; at++) {
    if (tokens[at]!.text === 'signature' && tokens[at + 1]?.text === '(') {
      at = behindBracket(tokens, at + 1) - 1; // what it says of its fields is no data
    } else if (opens(tokens[at]!)) {
      const end = behindBracket(tokens, at);
      if (!isData(tokens.slice(at, end))) continue;
      found.push({ first: tokens[at]!, last: tokens[end - 1]! });
      at = end - 1;
    }
  }
  return found;
}

/** @param group a bracket to its end. */
function isData(group: readonly Token[]): boolean {
  const within = group.slice(1, -1);
  if (isLiteral(group)) {
    return within.some(opens) || group.at(-1)!.end - group[0]!.start > settingAtMost;
  }
  return group[0]!.text === '[' && group.some((_, at) => isItem(group, at) && isLiteral(itemAt(group, at)));
}

/** Whether an item of the list begins there that is a list or an object itself. */
function isItem(list: readonly Token[], at: number): boolean {
  return at > 0 && opens(list[at]!) && list[at]!.depth === list[0]!.depth + 1 && /^[[,]$/.test(list[at - 1]!.text);
}

function itemAt(list: readonly Token[], at: number): readonly Token[] {
  return list.slice(at, behindBracket(list, at));
}

/** Holds something, and nothing but values and their names. */
function isLiteral(group: readonly Token[]): boolean {
  return (
    group.length > 2 &&
    group.every(({ kind, text }, at) => {
      if (kind === 'word') return values.has(text) || group[at + 1]?.text === ':';
      return kind !== 'mark' ? !text.includes('${') : /^[[\]{},:+-]$/.test(text);
    })
  );
}

function opens({ kind, text }: Token): boolean {
  return kind === 'mark' && (text === '[' || text === '{');
}
