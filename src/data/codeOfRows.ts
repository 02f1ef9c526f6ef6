/** Code of the user's that reads rows of a kind that is not read here, as messages show it. */

/**
 * @param how the Python that gives the rows, with `PATH` where the path stands
 * @param path of the file or folder
 */
export function codeOfRows(how: string, path: string): string {
  const text = `'${path.replaceAll('\\', '/').replaceAll("'", "\\'")}'`;
  return `\`def rows(): return ${how.replace('PATH', () => text)}\`, named as "file.py#rows".`;
}
