/** Folders as the trainer sees them → as the server does. */
export type PathMap = Readonly<Record<string, string>>;

/** `path` as the server sees it: the longest folder of the map that holds it is replaced. */
export function mapPath(path: string, map: PathMap): string {
  const from = Object.keys(map)
    .map((folder) => ({ folder, bare: folder.replace(/\/+$/, '') }))
    .filter(({ bare }) => path === bare || path.startsWith(`${bare}/`))
    .sort((a, b) => b.bare.length - a.bare.length)[0];
  if (from === undefined) return path;
  return `${map[from.folder]!.replace(/\/+$/, '')}${path.slice(from.bare.length)}` || '/';
}
