/**
 * `npm run l10n`: writes the English bundle (`l10n/bundle.l10n.json`) out of the sources, sorts the translations, and
 * says what each of them lacks or has too much. A test compares them.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getL10nJson } from '@vscode/l10n-dev';
import { format, resolveConfig } from 'prettier';
import { root, say } from './packages.mjs';

/** What the editor and its pages show. The command line speaks English. */
const folders = ['src', 'webview'];

/** @returns the strings of the sources by their key, as VS Code looks them up. */
export async function sourceStrings() {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => ({ extension: '.ts', contents: readFileSync(join(root, folder, name), 'utf8') }))
      .filter(({ contents }) => contents.includes('l10n')),
  );
  return sorted(await getL10nJson(files));
}

/**
 * English and its translations: of what `l10n.t` gives (`bundle`), and of what `package.json` contributes (`package`).
 *
 * @returns {{ language: string, file: string, english: string }[]}
 */
export function translations() {
  return [
    ...inFolder(join(root, 'l10n'), /^bundle\.l10n\.(\w[\w-]*)\.json$/, 'bundle.l10n.json'),
    ...inFolder(root, /^package\.nls\.(\w[\w-]*)\.json$/, 'package.nls.json'),
  ];
}

function inFolder(folder, pattern, english) {
  return readdirSync(folder).flatMap((name) => {
    const language = pattern.exec(name)?.[1];
    return language === undefined ? [] : [{ language, file: join(folder, name), english: join(folder, english) }];
  });
}

/** @returns keys that a translation lacks, that it has too much, and whose placeholders are not those of the English. */
export function faults(english, translated) {
  const textOf = (entry) => (typeof entry === 'string' ? entry : entry.message);
  const placeholders = (entry) =>
    [...textOf(entry).matchAll(/\{\w+\}/g)]
      .map(([found]) => found)
      .sort()
      .join();
  const both = Object.keys(english).filter((key) => key in translated);
  return {
    missing: Object.keys(english).filter((key) => !(key in translated)),
    unknown: Object.keys(translated).filter((key) => !(key in english)),
    placeholders: both.filter((key) => placeholders(english[key]) !== placeholders(translated[key])),
  };
}

export const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

const sorted = (bundle) => Object.fromEntries(Object.entries(bundle).sort(([a], [b]) => (a < b ? -1 : 1)));

async function write(file, bundle) {
  const config = await resolveConfig(file);
  writeFileSync(file, await format(JSON.stringify(sorted(bundle), null, 2), { ...config, parser: 'json' }));
}

async function main() {
  await write(join(root, 'l10n', 'bundle.l10n.json'), await sourceStrings());
  for (const { language, file, english } of translations()) {
    const translated = readJson(file);
    await write(file, translated);
    const found = faults(readJson(english), translated);
    for (const [kind, keys] of Object.entries(found))
      if (keys.length > 0) say(`${file} (${language}), ${kind}:\n${JSON.stringify(keys, null, 1)}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
