import { realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { UsageError } from '../base/errors.ts';
import { configFileName } from './load.ts';

/**
 * What a workspace names it also holds: a configuration that came with somebody's archive must not make rows of files
 * elsewhere on this machine, nor send them. Links are followed. What the user names on the command line may lie
 * anywhere.
 *
 * @param files the settings that name files, with their absolute paths.
 * @throws UsageError naming the setting whose file lies outside of the workspace, or of the repository around it.
 */
export async function checkInside(workspace: string, files: Readonly<Record<string, string>>): Promise<void> {
  const root = await realOf(await rootOf(workspace));
  for (const [setting, file] of Object.entries(files)) {
    const real = await realOf(file);
    if (isInside(real, root)) continue;
    throw new UsageError(
      `"${setting}" in ${join(workspace, configFileName)} leads to ${real}, outside of ${root}. ` +
        'Copy the file into the workspace, or name it on the command line.',
    );
  }
}

function isInside(file: string, folder: string): boolean {
  const path = relative(folder, file);
  return path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path);
}

/** The repository that the workspace belongs to: projects of one repository share data. */
async function rootOf(workspace: string): Promise<string> {
  for (let folder = workspace; ; folder = dirname(folder)) {
    if ((await stat(join(folder, '.git')).catch(() => null)) !== null) return folder;
    if (dirname(folder) === folder) return workspace;
  }
}

/** The path without links; of a file that is not there, that of its folder. */
async function realOf(path: string): Promise<string> {
  const real = await realpath(path).catch(() => null);
  if (real !== null || dirname(path) === path) return real ?? path;
  return join(await realOf(dirname(path)), relative(dirname(path), path));
}
