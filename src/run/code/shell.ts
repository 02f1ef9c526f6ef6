/** Words of a shell's line that were not made here. */
import { onLines } from '../../base/visibleText.ts';

/**
 * One word of a POSIX shell, whatever is in it. What is pasted reaches the terminal before it reaches the shell: control
 * characters are replaced, line breaks stay.
 */
export function shellWord(text: string): string {
  if (/^[\w./:=@%+,][\w./:=@%+,-]*$/.test(text)) return text;
  return `'${onLines(text).replaceAll("'", `'\\''`)}'`;
}

/** The same for PowerShell, which takes typographic quotes for quotes too. */
export function powershellWord(text: string): string {
  return `'${onLines(text).replaceAll(/['\u2018-\u201b]/g, '$&$&')}'`;
}
