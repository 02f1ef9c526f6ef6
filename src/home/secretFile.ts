import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { HumanError, codeOf, isMissing } from '../base/errors.ts';
import { cannotAtAll } from '../base/fileSystems.ts';
import { makePrivateFolderSync, privateFile } from './private.ts';

/** Bytes of a secret: as many as SHA-256 gives, so that no shorter key weakens it. */
const secretBytes = 32;

/**
 * A secret in a file of its own, which only its user can read: 32 random bytes as 64 hexadecimal digits.
 *
 * @param mend what to do about a file that holds something else, as a sentence.
 * @returns `null`: there is no such file.
 * @throws HumanError for a file that is damaged or not the user's own; what the file system says.
 */
export function readSecret(file: string, mend: string): Buffer | null {
  let open: number;
  try {
    // Not through a link, which its maker could redirect.
    open = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch (error) {
    if (isMissing(error)) return null;
    if (codeOf(error) === 'ELOOP') throw new HumanError(`${file} is a link, and must be a file. ${mend}`);
    throw error;
  }
  try {
    const text = readFileSync(open, 'utf8').trim();
    if (!/^[0-9a-f]{64}$/.test(text)) {
      throw new HumanError(`${file} is damaged: it must hold ${secretBytes * 2} hexadecimal digits. ${mend}`);
    }
    checkOwner(file, fstatSync(open), mend);
    return Buffer.from(text, 'hex');
  } finally {
    closeSync(open);
  }
}

/** Makes it where it is not there. Two processes may do so at once: the one that is first in place counts. */
export function readOrMakeSecret(file: string, mend: string): Buffer {
  const known = readSecret(file, mend);
  if (known !== null) return known;
  makePrivateFolderSync(dirname(file));
  const secret = randomBytes(secretBytes);
  const draft = `${file}.${randomBytes(8).toString('hex')}`;
  const text = `${secret.toString('hex')}\n`;
  const once = { mode: privateFile, flag: 'wx' } as const;
  try {
    writeFileSync(draft, text, { ...once, flush: true });
    linkSync(draft, file);
    return secret;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return readOrMakeSecret(file, mend);
    // A file system without hard links.
    if (!cannotAtAll(error)) throw error;
    writeFileSync(file, text, once);
    return secret;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** On Windows modes mean nothing: the folder of the user's application data is theirs. */
function checkOwner(file: string, { uid, mode }: Stats, mend: string): void {
  if (process.platform === 'win32') return;
  const me = process.getuid?.() ?? uid;
  if (me !== 0 && uid !== me) throw new HumanError(`${file} belongs to another user. ${mend}`);
  if ((mode & 0o077) === 0) return;
  try {
    chmodSync(file, privateFile);
  } catch (error) {
    // On a file system without modes (exFAT, network drives) nothing is to be done about them.
    if (!cannotAtAll(error)) throw error;
  }
}
