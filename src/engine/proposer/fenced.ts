/** Between lines of tildes, of more than are anywhere in the text. */
export function fenced(text: string): string {
  const longest = Math.max(2, ...(text.match(/~+/g) ?? []).map(({ length }) => length));
  const fence = '~'.repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}
