import { sep } from 'node:path';

const packages = `${sep}node_modules${sep}`;

/** The folder of the package that a file is of, `…/node_modules/@scope/name`; `null`: it is of none. */
export function packageOf(file: string): string | null {
  const at = file.lastIndexOf(packages);
  if (at < 0) return null;
  const begins = at + packages.length;
  const [first = '', second] = file.slice(begins).split(sep, 2);
  const name = first.startsWith('@') && second !== undefined ? `${first}${sep}${second}` : first;
  return name === '' ? null : file.slice(0, begins) + name;
}
