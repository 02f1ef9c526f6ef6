import { join } from 'node:path';
import { HumanError, codeOf, messageOf } from '../base/errors.ts';
import { userFolder } from './home.ts';
import { readOrMakeSecret, readSecret } from './secretFile.ts';

export const secretFile = (env: NodeJS.ProcessEnv = process.env): string => join(userFolder(env), 'secret');

/**
 * What only this user on this machine knows, made when it is asked for the first time. It proves which records were
 * written here (`seal.ts`), is never sent anywhere and never leaves its file.
 *
 * @throws HumanError naming the file when it cannot be made or read.
 */
export function userSecret(env: NodeJS.ProcessEnv = process.env): Buffer {
  return told(secretFile(env), (file) => readOrMakeSecret(file, remedy));
}

/**
 * The same, for readers: `null` where there is none yet, so that nothing can have been written here.
 *
 * @throws HumanError naming the file when it cannot be read.
 */
export function knownSecret(env: NodeJS.ProcessEnv = process.env): Buffer | null {
  return told(secretFile(env), (file) => readSecret(file, remedy));
}

const remedy = 'Delete it, and take what is in your workspaces over with `bettertogether adopt`.';

function told<T>(file: string, get: (file: string) => T): T {
  try {
    return get(file);
  } catch (error) {
    if (error instanceof HumanError) throw error;
    throw new HumanError(
      `${file}, which proves what this machine wrote, could not be ${codeOf(error) === 'EACCES' ? 'opened' : 'made'}: ` +
        `${messageOf(error)}. Let HOME or XDG_DATA_HOME name a folder that is yours and can be written to.`,
      { cause: error },
    );
  }
}
