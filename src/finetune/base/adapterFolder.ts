import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

const weights = ['adapter_model.safetensors', 'adapter_model.bin'] as const;

/** All that belongs to a PEFT adapter. */
export const adapterFiles: readonly string[] = ['adapter_config.json', ...weights];

/** Where trainers leave what they made, in the order in which it is looked for. */
const places = ['.', 'peft', 'adapter', 'final'] as const;

/** The folder under `out` with a whole PEFT adapter: `out` itself, a usual name, or the latest checkpoint. */
export async function findAdapter(out: string): Promise<string | null> {
  const checkpoints = (await readdir(out).catch(() => []))
    .flatMap((name) => /^checkpoint-(\d+)$/.exec(name) ?? [])
    .filter((_, place) => place % 2 === 1)
    .sort((a, b) => Number(b) - Number(a))
    .map((step) => `checkpoint-${step}`);
  for (const place of [...places, ...checkpoints]) {
    const folder = join(out, place);
    if (await isAdapter(folder)) return folder;
  }
  return null;
}

async function isAdapter(folder: string): Promise<boolean> {
  if (!(await isFile(join(folder, 'adapter_config.json')))) return false;
  const found = await Promise.all(weights.map((name) => isFile(join(folder, name))));
  return found.some(Boolean);
}

async function isFile(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => null);
  return found?.isFile() === true && found.size > 0;
}

/** SHA-256 (hex) of an adapter's files; the same as `adapter_digest` of the Python trainer. */
export async function adapterDigest(folder: string): Promise<string> {
  const digest = createHash('sha256');
  for (const name of adapterFiles) {
    const content = await readFile(join(folder, name)).catch(() => null);
    if (content === null) continue;
    digest.update(`${name} ${content.length}\n`).update(content);
  }
  return digest.digest('hex');
}
