/** Which file an error names, if it is one of the folder that the run belongs to. */
import * as l10n from '../base/l10n.ts';
import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, relative, resolve } from 'node:path';
import { HumanError } from '../base/errors.ts';
import type { Manifest } from '../run/record/manifest.ts';

/**
 * A name of a file may have come from a model. So nothing but a file that is there and lies in the workspace, links
 * followed, is opened.
 *
 * @param workspace absolute.
 * @returns absolute.
 * @throws HumanError when there is no such file.
 */
export function sourceFile(workspace: string, { asked, program }: Manifest, file: string): string {
  const sources = Object.keys(program?.sources ?? {});
  const candidates = [
    resolve(workspace, file),
    resolve(dirname(asked.program.file), file),
    // Errors are often told with the name of the file alone.
    ...sources.filter((source) => basename(source) === file),
  ];
  const found = candidates.find((path) => isFileIn(workspace, path));
  if (found !== undefined) return found;
  throw new HumanError(
    l10n.t('"{0}" is no file in {1}: only files of the folder that the run belongs to are opened.', file, workspace),
  );
}

function isFileIn(folder: string, path: string): boolean {
  try {
    const inside = relative(realpathSync(folder), realpathSync(path));
    const isInside = inside !== '' && !isAbsolute(inside) && !/^\.\.([\\/]|$)/.test(inside);
    return isInside && statSync(path).isFile();
  } catch {
    return false;
  }
}
