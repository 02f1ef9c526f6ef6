/** For a sentence: `"question", "answer"`. */
export const quotedNames = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');
