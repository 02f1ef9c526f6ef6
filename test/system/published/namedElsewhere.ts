import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/[\\/]$/, '');
const folders = [root, dirname(realpathSync(`${root}/node_modules`))].map((folder) => folder.replaceAll('\\', '/'));
/** What is bundled, on the machine that did so. */
const bundled = folders.flatMap((folder) => ['src', 'webview', 'node_modules'].map((part) => `${folder}/${part}/`));

/** Files that name bundled ones by their place on the machine that built them, or outside the repository. */
export function namedElsewhere(files: readonly (readonly [name: string, bytes: Buffer])[]): readonly string[] {
  return files.flatMap(([name, bytes]) => {
    const text = bytes.toString('latin1');
    const outside = /\.\.\/[\w./-]*node_modules\/[\w@]/.exec(text)?.[0];
    return [...(outside === undefined ? [] : [outside]), ...bundled.filter((each) => text.includes(each))].map(
      (each) => `${name}: ${each}`,
    );
  });
}
