import { existsSync, lstatSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/**
 * The folders above `folder`, nearest first, as far as the repository goes whose part it is. Without one, to below
 * `home` or the root of the file system.
 */
export function foldersAbove(folder: string, home: string): readonly string[] {
  const above: string[] = [];
  for (let at = resolve(folder); !existsSync(join(at, '.git'));) {
    const parent = dirname(at);
    if (parent === at || parent === resolve(home)) break;
    above.push(parent);
    at = parent;
  }
  return above;
}

/**
 * Whether what lies there, and what it links to, belongs to this user or to root: in a folder that everybody may write
 * to, others can put what they like. Owners mean nothing on Windows.
 */
export function ownFolder(path: string): boolean {
  const user = process.getuid?.();
  if (user === undefined) return true;
  try {
    return [lstatSync(path), statSync(path)].every(({ uid }) => uid === user || uid === 0);
  } catch {
    return false;
  }
}
