/** Paths within the workspace as files keep them: they stand for the same place after the folder was moved or renamed. */
import { realpathSync } from 'node:fs';
import { posix, win32 } from 'node:path';
import { ownPaths, pathBelow, windowsPaths } from './paths.ts';
import type { PathStyle } from './paths.ts';

/** As VS Code writes it in settings and tasks. */
const root = '${workspaceFolder}';

/** An absolute path as a file keeps it; one beyond the workspace stays as it is. */
export function keptPath(path: string, workspace: string, style: PathStyle = ownPaths): string {
  // Program hosts name sources by their real paths.
  for (const folder of [workspace, realPath(workspace)]) {
    const below = pathBelow(path, folder, style);
    if (below !== null) return below === '' ? root : `${root}/${below.replaceAll(style.sep, '/')}`;
  }
  return path;
}

/** The absolute path of one that `keptPath` wrote. */
export function locatedPath(path: string, workspace: string, style: PathStyle = ownPaths): string {
  if (path === root) return workspace;
  const { join } = style === windowsPaths ? win32 : posix;
  return path.startsWith(`${root}/`) ? join(workspace, path.slice(root.length + 1)) : path;
}

/** Whatever is known by path, under other paths. */
export function withKeys<T>(byPath: Readonly<Record<string, T>>, change: (path: string) => string): Record<string, T> {
  return Object.fromEntries(Object.entries(byPath).map(([path, value]) => [change(path), value]));
}

function realPath(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}
