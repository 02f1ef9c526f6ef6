/** Names of files that are made from names of something else. */

/** Every file system takes a name of this length, with an ending that we add. */
const longest = 80;

/** What Windows takes for a device, whatever ending follows. */
export const isDevice = (name: string): boolean =>
  /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9])(\.|$)/i.test(name);

/**
 * One part of a path on every system, as near to the text as can be: it is in no other folder, hidden, an option of a
 * command, a device of Windows or too long.
 *
 * @param otherwise what it is called where nothing of the text is left.
 */
export function fileNameOf(text: string, otherwise: string): string {
  const plain = text
    .replaceAll(/[^\w.@-]+/g, '-')
    .replaceAll(/\.{2,}/g, '.')
    .replaceAll(/^[-.]+/g, '')
    .slice(0, longest)
    .replaceAll(/[-.]+$/g, '');
  if (plain === '') return otherwise;
  return isDevice(plain) ? `_${plain}` : plain;
}
