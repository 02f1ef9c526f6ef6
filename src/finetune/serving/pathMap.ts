import { pathBelow, styleOf, windowsPaths } from '../../base/paths.ts';

/** Folders as the trainer sees them → as the server does. Either may be of another system than this one. */
export type PathMap = Readonly<Record<string, string>>;

/** `path` as the server sees it: the longest folder of the map that holds it is replaced. */
export function mapPath(path: string, map: PathMap): string {
  const [longest] = Object.entries(map)
    .flatMap(([folder, there]) => {
      const below = pathBelow(path, bare(folder), styleOf(folder));
      return below === null ? [] : [{ length: bare(folder).length, folder, there, below }];
    })
    .sort((a, b) => b.length - a.length);
  return longest === undefined ? path : inside(longest);
}

function inside({ folder, there, below }: { folder: string; there: string; below: string }): string {
  const { sep } = styleOf(there);
  if (below === '') return isDrive(bare(there)) ? `${bare(there)}${sep}` : bare(there) || '/';
  const parts = styleOf(folder) === windowsPaths ? below.split(/[\\/]/) : below.split('/');
  return `${bare(there)}${sep}${parts.join(sep)}`;
}

/** `C:` alone is the folder where that drive happens to be, not its root. */
const isDrive = (path: string): boolean => /^[a-z]:$/i.test(path);

/** Without slashes at its end. */
const bare = (folder: string): string => folder.replace(styleOf(folder) === windowsPaths ? /[\\/]+$/ : /\/+$/, '');
