import { HumanError, codeOf, messageOf } from '../base/errors.ts';
import type { Home } from './home.ts';
import { readOrMakeSecret, readSecret } from './secretFile.ts';

/** The environment variable that code and settings take the key from, by our suggestion; we read the file. */
export const tokenVariable = 'BETTERTOGETHER_TOKEN';

const mend = 'Delete it: the embedded endpoint makes another one when it is started the next time.';

/**
 * The key of the embedded endpoint, made at its first start and kept: servers of one home share it, so that a client
 * goes on after a restart at another port, and users who set it as a key can keep it.
 *
 * @throws HumanError naming the file when it cannot be made or read.
 */
export function ownToken({ token: file }: Pick<Home, 'token'>): string {
  return told(file, () => readOrMakeSecret(file, mend)).toString('hex');
}

/**
 * The same for the client.
 *
 * @throws HumanError naming the file when it is not there or cannot be read.
 */
export function readToken(file: string): string {
  const secret = told(file, () => readSecret(file, mend));
  if (secret !== null) return secret.toString('hex');
  throw new HumanError(`${file}, the key of the embedded endpoint, is not there (any more): start the endpoint again.`);
}

function told<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof HumanError) throw error;
    const what = codeOf(error) === 'EACCES' ? 'opened' : 'made or read';
    throw new HumanError(
      `${file}, the key of the embedded endpoint, could not be ${what}: ${messageOf(error)}. ` +
        'Let BETTERTOGETHER_HOME name a folder that is yours and can be written to.',
      { cause: error },
    );
  }
}
