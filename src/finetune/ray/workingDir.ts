import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zipSync } from 'fflate';

export interface WorkingDir {
  /** `_ray_pkg_<hash>.zip`: what Ray keeps it under. The same files give the same name, so it is uploaded once. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Our trainer's Python sources and the job's own files, as Ray unpacks them into a job's working directory. */
export async function packWorkingDir(
  /** The folder that holds the package `bettertogether_trainer`. */
  sources: string,
  files: Readonly<Record<string, string>>,
): Promise<WorkingDir> {
  const folder = join(sources, 'bettertogether_trainer');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.py')).sort();
  const entries: Record<string, Uint8Array> = {};
  for (const name of names) entries[`bettertogether_trainer/${name}`] = await readFile(join(folder, name));
  for (const [name, text] of Object.entries(files)) entries[name] = Buffer.from(text);
  // A fixed time: nothing but the content decides the bytes. Zip's times begin in 1980.
  const bytes = zipSync(entries, { mtime: new Date(1980, 0, 2) });
  const hash = createHash('sha256').update(bytes).digest('hex');
  return { name: `_ray_pkg_${hash.slice(0, 32)}.zip`, bytes };
}
