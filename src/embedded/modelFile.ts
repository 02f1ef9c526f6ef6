import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { contentHash } from '../base/contentHash.ts';
import { modelNameOf } from '../data/modelName.ts';
import { UsageError } from '../base/errors.ts';
import type { Home } from '../home/home.ts';
import { makePrivateFolder, replacePrivateFile } from '../home/private.ts';
import type { ModelFile } from './setup/model.ts';
import { hashFile } from './setup/model.ts';

const knownHash = z.object({ bytes: z.number(), modified: z.number(), sha256: z.string() });

/**
 * A GGUF of the user's own, served under its file name in lower case. Its hash is kept in the home until size or
 * time change, as reading some gigabytes takes a while.
 *
 * @throws UsageError when there is no such file or it is not a GGUF.
 */
export async function ownModel(home: Home, path: string): Promise<ModelFile> {
  const file = resolve(path);
  const found = await stat(file).catch(() => null);
  if (found?.isFile() !== true || !file.toLowerCase().endsWith('.gguf')) {
    throw new UsageError(`--model: ${file} is not a GGUF file. Give the path of a model file that ends in .gguf.`);
  }
  const name = modelNameOf(file);
  const note = join(home.models, 'hashes', `${contentHash(file)}.json`);
  const about = { bytes: found.size, modified: found.mtimeMs };
  const known = await readFile(note, 'utf8')
    .then((text) => knownHash.parse(JSON.parse(text)))
    .catch(() => null);
  if (known?.bytes === about.bytes && known.modified === about.modified)
    return { name, path: file, hash: known.sha256 };
  const hash = await hashFile(file);
  await makePrivateFolder(join(home.models, 'hashes'));
  await replacePrivateFile(note, JSON.stringify({ ...about, sha256: hash }));
  return { name, path: file, hash };
}
