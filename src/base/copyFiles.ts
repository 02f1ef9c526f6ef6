import { createReadStream } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Copies what a file holds, and not who may read it: what leaves a folder that is the user's alone for one that is
 * shared is shared as the umask says.
 */
export async function copyContent(from: string, to: string): Promise<void> {
  await writeFile(to, createReadStream(from));
}

/** The same for the files of a folder and of those below. Links and the like are left out. */
export async function copyFolder(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await copyFolder(source, target);
    else if (entry.isFile()) await copyContent(source, target);
  }
}
