/** A place in a file, as people and editors read it: `qa.py:3`; in a notebook `qa.ipynb, cell 5, line 3`. */
export function placeText({
  file,
  line,
  cell,
}: {
  readonly file: string;
  readonly line?: number | undefined;
  readonly cell?: number | undefined;
}): string {
  if (cell !== undefined) return `${file}, cell ${cell}${line === undefined ? '' : `, line ${line}`}`;
  return line === undefined ? file : `${file}:${line}`;
}
