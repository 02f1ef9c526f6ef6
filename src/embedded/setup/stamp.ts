import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { lock } from 'proper-lockfile';
import { codeOf } from '../../base/errors.ts';
import { canonicalJson } from '../../base/json.ts';
import type { JsonValue } from '../../base/json.ts';
import { makePrivateFolder, replacePrivateFile } from '../../home/private.ts';

/** Whether `file` says that exactly `wanted` was set up. A half-finished set-up leaves no stamp and is done again. */
export async function isStamped(file: string, wanted: JsonValue): Promise<boolean> {
  try {
    return (await readFile(file, 'utf8')) === canonicalJson(wanted) + '\n';
  } catch {
    return false;
  }
}

export async function stamp(file: string, done: JsonValue): Promise<void> {
  await replacePrivateFile(file, canonicalJson(done) + '\n');
}

/**
 * Runs `body` while holding the lock `file`: two set-ups at once wait for each other instead of colliding. A lock
 * whose owner died goes stale after 20 seconds.
 */
export async function withSetupLock<T>(file: string, onWait: () => void, body: () => Promise<T>): Promise<T> {
  await makePrivateFolder(dirname(file));
  const settings = { realpath: false, stale: 20_000, update: 5_000 } as const;
  let release: () => Promise<void>;
  try {
    release = await lock(file, { ...settings, retries: 0 });
  } catch (error) {
    if (codeOf(error) !== 'ELOCKED') throw error;
    onWait();
    // Up to an hour, asked every second: a slow line may take that long to bring a gigabyte.
    release = await lock(file, { ...settings, retries: { retries: 3600, factor: 1, minTimeout: 1000 } });
  }
  try {
    return await body();
  } finally {
    await release();
  }
}
