import type { Language } from './base/languages.ts';
import { dataNames } from './rowsShape.ts';

const frameworks: Readonly<Record<Language, string>> = { python: 'dspy', typescript: 'bettertogether' };

/** A metric names its second parameter in one of these ways (metricShape.ts), also in a file of its own. */
const metricWords = ['pred', 'trace'];
const metricParameters =
  /[(,]\s*_?(?:gold|golden|example|ex|eg|expected)\w*\s*(?::[^,()]*)?,\s*_?pred\w*\s*[,:)=]|,\s*_?trace\w*\s*(?:\?\s*)?[=:,)]/i;

/** A TypeScript file exports something under the name of a data set (rowsShape.ts). */
const exportedData = new RegExp(
  '\\bexports?\\b' +
    '(?:\\s+(?:const|let|var)\\s+(?:[[{][^=]{0,500}?\\b)?|\\s+(?:async\\s+)?function\\b\\s*\\*?\\s*|\\s*(?:=\\s*)?\\{[^}]{0,2000}?\\b|\\.)' +
    `${dataNames}\\b`,
  'i',
);

/**
 * Whether a file can hold anything of ours by itself: it names the framework, has the parameters of a metric, or
 * exports what is called a data set.
 */
export function mayHold(bytes: Buffer, language: Language): boolean {
  if (bytes.includes(frameworks[language])) return true;
  const metric = metricWords.some((word) => bytes.includes(word));
  if (!metric && language === 'python') return false;
  const text = bytes.toString('latin1');
  return (metric && metricParameters.test(text)) || (language === 'typescript' && exportedData.test(text));
}

export function namesFramework(text: string, language: Language): boolean {
  return text.includes(frameworks[language]);
}

const pythonImports =
  /^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+(?:\(([^)]{0,5000})\)|([^\n#]*))|import[ \t]+([^\n#]+))/gm;
const typescriptImports = /(?:\bfrom|\brequire\(|\bimport\(?)\s*['"]([^'"\n]+)['"]/g;

/**
 * Words by which a file that names no framework can still reach one: what it imports. A file is looked at again
 * when one of them is a name or file that leads to a program (`leadsTo`).
 */
export function importWords(bytes: Buffer, language: Language): readonly string[] {
  if (!bytes.includes(language === 'python' ? 'import' : "'") && !bytes.includes('"')) return [];
  const words = new Set<string>();
  const text = bytes.toString('latin1');
  if (language === 'python') {
    for (const [, module = '', inParentheses, list, modules] of text.matchAll(pythonImports)) {
      for (const piece of (inParentheses ?? list ?? modules ?? '').split(',')) {
        const name = /^\s*([\w.]+|\*)/.exec(piece)?.[1];
        if (name !== undefined) words.add(lastWord(name === '*' ? module : name, '.'));
      }
    }
  } else {
    for (const [, module = ''] of text.matchAll(typescriptImports)) {
      if (/^[.@~]/.test(module)) words.add(lastWord(module.replace(/\.[cm]?[jt]sx?$/, ''), '/'));
    }
  }
  words.delete('');
  return [...words];
}

function lastWord(path: string, separator: string): string {
  const parts = path.split(separator).filter((part) => part !== '.' && part !== '..');
  // `'..'` alone means an index file somewhere above.
  return parts.findLast((part) => part !== '') ?? 'index';
}

/** The words of `importWords` that mean this file: its name (of an index or a package, also its folder's). */
export function fileWords(file: string): readonly string[] {
  const parts = file.split('/');
  const stem = parts.at(-1)!.replace(/\.[a-z]+$/, '');
  return stem === '__init__' || stem === 'index' ? ['index', parts.at(-2) ?? ''] : [stem];
}
