/**
 * `npm run l10n`: writes the English bundle (`l10n/bundle.l10n.json`) out of the sources, sorts the translations, and
 * says what each of them lacks or has too much. A test compares them.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import ts from 'typescript';
import { root, say } from './packages.mjs';

/** What the editor and its pages show. The command line speaks English. */
const folders = ['src', 'webview'];

/** @returns the strings of the sources by their key, as VS Code looks them up. */
export function sourceStrings() {
  const all = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => stringsIn(readFileSync(join(root, folder, name), 'utf8'), `${folder}/${name}`)),
  );
  return sorted(Object.fromEntries(all));
}

/**
 * What a source gives to `l10n.t`: a string, a template, or an object with `message` and `comment`.
 *
 * @returns pairs of the key and the entry of the bundle.
 * @throws Error naming the line of a string that is computed: no translation can have it.
 */
export function stringsIn(contents, file) {
  if (!contents.includes('l10n.t')) return [];
  const source = ts.createSourceFile(file, contents, ts.ScriptTarget.Latest, true);
  const found = [];
  const isT = (node) => node.getText() === 'l10n.t';
  const visit = (node) => {
    if (ts.isTaggedTemplateExpression(node) && isT(node.tag)) found.push(plain(keyOfTemplate(node.template)));
    if (ts.isCallExpression(node) && isT(node.expression)) {
      const entry = entryOf(node.arguments[0]);
      if (entry === null) {
        const { line } = source.getLineAndCharacterOfPosition(node.getStart());
        throw new Error(`${file}:${line + 1} gives l10n.t what is no literal: a translation needs the text itself.`);
      }
      found.push(entry);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const plain = (text) => [text, text];

function keyOfTemplate(template) {
  if (ts.isNoSubstitutionTemplateLiteral(template)) return template.text;
  return template.templateSpans.reduce((key, { literal }, i) => `${key}{${i}}${literal.text}`, template.head.text);
}

function entryOf(asked) {
  if (asked !== undefined && ts.isStringLiteralLike(asked)) return plain(asked.text);
  if (asked === undefined || !ts.isObjectLiteralExpression(asked)) return null;
  const initializer = (name) => asked.properties.find((property) => property.name?.getText() === name)?.initializer;
  const message = initializer('message');
  const comment = initializer('comment');
  if (message === undefined || !ts.isStringLiteralLike(message)) return null;
  if (comment === undefined || !ts.isArrayLiteralExpression(comment)) return null;
  const comments = comment.elements.map(({ text }) => text);
  return [`${message.text}/${comments.join('')}`, { message: message.text, comment: comments }];
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
  await write(join(root, 'l10n', 'bundle.l10n.json'), sourceStrings());
  for (const { language, file, english } of translations()) {
    const translated = readJson(file);
    await write(file, translated);
    const found = faults(readJson(english), translated);
    for (const [kind, keys] of Object.entries(found))
      if (keys.length > 0) say(`${file} (${language}), ${kind}:\n${JSON.stringify(keys, null, 1)}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
