import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';

/**
 * What to do about a file that lies beside the code that looked for it in the working folder; nothing for other errors.
 *
 * @param file the user's file that the error passed through
 */
export function besideCode(error: unknown, file: string | undefined): string {
  if (file === undefined || !(error instanceof Error)) return '';
  const { code, path } = error as NodeJS.ErrnoException;
  if (code !== 'ENOENT' || path === undefined || isAbsolute(path)) return '';
  const folder = dirname(file);
  if (!existsSync(join(folder, path))) return '';
  return (
    `. It lies beside the code, in ${folder}, and is looked for in ${process.cwd()}, the folder of bettertogether.json: ` +
    `write new URL('${path}', import.meta.url)`
  );
}
