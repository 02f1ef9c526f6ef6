/**
 * What lies in the user's home is the user's alone: folders 0700, files 0600. What lies in a workspace is shared as the
 * user's umask says, and not this module's concern. On Windows modes mean nothing.
 */
import type { Stats } from 'node:fs';
import { chmodSync, lstatSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HumanError, codeOf, messageOf } from '../base/errors.ts';
import { replaceFile } from '../base/replaceFile.ts';
import type { Home } from './home.ts';

export const privateFolder = 0o700;
export const privateFile = 0o600;

/** Makes a folder and those above it that are missing. */
export async function makePrivateFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: privateFolder });
}

export function makePrivateFolderSync(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: privateFolder });
}

/** Replaces a file as a whole, as `replaceFile` does. */
export async function replacePrivateFile(file: string, content: string | Uint8Array): Promise<void> {
  await replaceFile(file, content, privateFile);
}

export async function appendPrivateFile(file: string, text: string): Promise<void> {
  await appendFile(file, text, { mode: privateFile });
}

/** Starts a process whose files are the user's alone, also those of what it starts. Only from the main thread. */
export function withPrivateFiles<T>(spawn: () => T): T {
  if (process.platform === 'win32') return spawn();
  const before = process.umask(0o077);
  try {
    return spawn();
  } finally {
    process.umask(before);
  }
}

/**
 * Makes the home where it is not there, and takes it back from others where an earlier version left it open.
 *
 * @throws HumanError when it belongs to somebody else.
 */
export function openHome(home: Home): void {
  try {
    makePrivateFolderSync(home.root);
    if (process.platform === 'win32') return;
    // First: those who cannot enter it reach nothing below. It may be a link that the user set.
    if (isOpen(statSync(home.root))) chmodSync(home.root, privateFolder);
  } catch (error) {
    throw new HumanError(
      `${home.root}, where the embedded endpoint keeps its files, cannot be made a folder of yours alone: ` +
        `${messageOf(error)}. Let BETTERTOGETHER_HOME name a folder of your own.`,
      { cause: error },
    );
  }
  for (const name of readdirSync(home.root)) {
    const path = join(home.root, name);
    // What is installed is many files, and the folder's own mode says whether this was done.
    const isData = [home.files, home.jobs, home.models, home.tuned].includes(path);
    if (isData || isOpen(lstatSync(path))) tighten(path);
  }
}

/**
 * Takes away what others may do, and nothing else: a program stays one. The folder itself comes last, so that one that
 * was left half done is done again.
 */
function tighten(path: string): void {
  try {
    const found = lstatSync(path);
    // A link's target is not part of the home.
    if (found.isSymbolicLink()) return;
    if (found.isDirectory()) for (const name of readdirSync(path)) tighten(join(path, name));
    if (isOpen(found)) chmodSync(path, found.mode & 0o700);
  } catch (error) {
    // Removed meanwhile, or of another user (made with sudo, say): no one reaches it through the home.
    if (!['ENOENT', 'EPERM', 'EACCES'].includes(codeOf(error) ?? '')) throw error;
  }
}

function isOpen({ mode }: Stats): boolean {
  return (mode & 0o077) !== 0;
}
