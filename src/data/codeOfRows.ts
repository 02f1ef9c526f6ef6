/** Code of the user's that makes rows, as messages show it. */

/** @param rows the Python that gives them */
export function codeOfRows(rows: string): string {
  return `\`def rows(): return ${rows}\`, named as "file.py#rows".`;
}

/** A path as a text of Python. */
export function pythonPath(path: string): string {
  return `'${path.replaceAll('\\', '/').replaceAll("'", "\\'")}'`;
}
