/** Whether an answer is thoughts that never came to an end: servers with a small context stop in the midst of them, and not all say so. */
export function isUnfinishedThought(text: string): boolean {
  return /^\s*<think(ing)?>/.test(text);
}
