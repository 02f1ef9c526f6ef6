import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { plural } from '../../view/words.ts';
import { notebooksFolder } from '../record/runFolder.ts';
import { sizeOf } from './diskSize.ts';
import type { Prunable } from './prunable.ts';

/** A folder of a module that was gathered from a notebook: the hash of its content. */
const ofModule = /^[0-9a-f]{16}$/;

/**
 * Modules that were gathered from notebooks and written before a time, as one thing: there may be hundreds, of some
 * kilobytes each. What needs one again writes it again.
 *
 * @param limit milliseconds.
 */
export async function oldModules(workspace: string, limit: number): Promise<readonly Prunable[]> {
  const folder = notebooksFolder(workspace);
  const names = (await readdir(folder).catch(() => [])).filter((name) => ofModule.test(name));
  const folders = await Promise.all(names.map((name) => writtenAt(join(folder, name))));
  const old = folders.filter(({ at }) => at !== null && at <= limit).map(({ path }) => path);
  if (old.length === 0) return [];
  const sizes = await Promise.all(old.map(sizeOf));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const what = `${plural(old.length, 'module')} gathered from notebooks, made again when needed`;
  return [{ kind: 'modules', path: folder, folders: old, what, bytes }];
}

/** `null`: it is no folder. */
async function writtenAt(path: string): Promise<{ readonly path: string; readonly at: number | null }> {
  const info = await lstat(path).catch(() => null);
  return { path, at: info?.isDirectory() === true ? info.mtimeMs : null };
}
