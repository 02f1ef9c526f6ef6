import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HumanError, codeOf, isMissing, messageOf } from '../data/errors.ts';
import { userFolder } from './home.ts';

/** Bytes of the secret: as many as SHA-256 gives, so that no shorter key weakens it. */
const secretBytes = 32;

export const secretFile = (env: NodeJS.ProcessEnv = process.env): string => join(userFolder(env), 'secret');

/**
 * What only this user on this machine knows, made when it is asked for the first time. It proves which records were
 * written here (`seal.ts`), is never sent anywhere and never leaves its file.
 *
 * @throws HumanError naming the file when it cannot be made or read.
 */
export function userSecret(env: NodeJS.ProcessEnv = process.env): Buffer {
  const file = secretFile(env);
  try {
    return readSecret(file) ?? makeSecret(file);
  } catch (error) {
    if (error instanceof HumanError) throw error;
    throw new HumanError(
      `${file}, which proves what this machine wrote, could not be ${codeOf(error) === 'EACCES' ? 'opened' : 'made'}: ` +
        `${messageOf(error)}. Let HOME or XDG_DATA_HOME name a folder that is yours and can be written to.`,
      { cause: error },
    );
  }
}

function readSecret(file: string): Buffer | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  if (!/^[0-9a-f]{64}$/.test(text)) {
    throw new HumanError(
      `${file} is damaged: it must hold ${secretBytes * 2} hexadecimal digits. Delete it, and take what is in your ` +
        'workspaces over with `bettertogether adopt`.',
    );
  }
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
  return Buffer.from(text, 'hex');
}

/** Two processes may make it at once: the one that is first in place counts. */
function makeSecret(file: string): Buffer {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const secret = randomBytes(secretBytes);
  const draft = `${file}.${randomBytes(8).toString('hex')}`;
  try {
    writeFileSync(draft, `${secret.toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
    linkSync(draft, file);
    return secret;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return readSecret(file) ?? makeSecret(file);
    // A file system without hard links.
    if (codeOf(error) !== 'EPERM' && codeOf(error) !== 'ENOTSUP' && codeOf(error) !== 'EOPNOTSUPP') throw error;
    writeFileSync(file, `${secret.toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
    return secret;
  } finally {
    rmSync(draft, { force: true });
  }
}
