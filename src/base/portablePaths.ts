/** Paths within the workspace as files keep them: they stand for the same place after the folder was moved or renamed. */
import { realpathSync } from 'node:fs';
import { join, sep } from 'node:path';

/** As VS Code writes it in settings and tasks. */
const root = '${workspaceFolder}';

/** An absolute path as a file keeps it; one beyond the workspace stays as it is. */
export function keptPath(path: string, workspace: string): string {
  // Program hosts name sources by their real paths.
  for (const folder of [workspace, realPath(workspace)]) {
    if (path === folder) return root;
    const prefix = folder.endsWith(sep) ? folder : `${folder}${sep}`;
    if (path.startsWith(prefix)) return `${root}/${path.slice(prefix.length).replaceAll(sep, '/')}`;
  }
  return path;
}

/** The absolute path of one that `keptPath` wrote. */
export function locatedPath(path: string, workspace: string): string {
  if (path === root) return workspace;
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
