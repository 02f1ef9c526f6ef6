/** Prompts put together of sections, in a number of tokens. */
import { fenced } from './fenced.ts';
import { shortenedTogether } from './shorten.ts';

/** A part of a prompt; without texts it is left out. */
export interface Section {
  readonly heading: string;
  /** What may be shortened to fit. */
  readonly texts: readonly string[];
  /** The texts are code. */
  readonly code?: true;
}

export interface PromptParts {
  /** What this is about. */
  readonly beginning: string;
  readonly sections: readonly Section[];
  /** What is to be done. */
  readonly end: string;
}

/** What a prompt says besides its texts, in tokens at most: beginnings, ends and headings are kept within that. */
export const frameTokens = 300;
const separator = '\n\n';

/** Some `tokens` at most, however long the texts are: long ones are shortened to fit beside the others. */
export function promptOf({ beginning, sections, end }: PromptParts, tokens: number): string {
  const filled = sections.filter(({ texts }) => texts.some((text) => text.trim() !== ''));
  const all = filled.flatMap(({ texts }) => texts);
  const room = Math.max(0, tokens - frameTokens - all.length);
  const fitting = shortenedTogether(all, room)[Symbol.iterator]();
  const texts = filled.map((section) => ({
    ...section,
    texts: section.texts.map(() => fitting.next().value as string),
  }));
  return [
    beginning,
    ...texts.flatMap((section) => [`# ${section.heading}`, ...section.texts.map(section.code ? fenced : String)]),
    end,
  ].join(separator);
}
