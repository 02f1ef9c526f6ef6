/** Text that was not made here, in Markdown that was. */
import { oneLine } from '../../base/visibleText.ts';

/** Words within a paragraph, a list or a cell: neither markup, nor HTML, nor a link, nor an entity. */
export function markdownText(text: string): string {
  return oneLine(text)
    .trim()
    .replaceAll(/[\\`*_[\]<>|&~$]/g, '\\$&')
    .replaceAll('-\\>', '->')
    .replace(/^[#+=-]/, '\\$&')
    .replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2');
}

/** Code within a paragraph; the fence is longer than any in it. */
export function markdownCode(text: string): string {
  const plain = oneLine(text);
  const longest = Math.max(0, ...(plain.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = '`'.repeat(longest + 1);
  const apart = longest > 0 ? ' ' : '';
  return `${fence}${apart}${plain}${apart}${fence}`;
}
