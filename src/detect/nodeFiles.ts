import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import ignore from 'ignore';
import type { Ignore } from 'ignore';
import { readBoundedText } from '../base/boundedFile.ts';
import { grammarOf } from './base/languages.ts';
import { largestIgnoreFile, mostStars } from './base/limits.ts';

/** Folders without programs of the user's own. */
const skippedFolders: ReadonlySet<string> = new Set([
  'node_modules',
  '.git',
  '.hg',
  '.svn',
  '.venv',
  'venv',
  'site-packages',
  '__pycache__',
  '.mypy_cache',
  '.pytest_cache',
  '.ruff_cache',
  '.tox',
  '.nox',
  '.ipynb_checkpoints',
  'dist',
  'out',
  '.bettertogether',
]);

interface Rules {
  readonly folder: string;
  readonly rules: Ignore;
}

/**
 * The source files and notebooks under a folder, from its root, with `/`, in order; without the folders that hold other
 * people's code and what `.gitignore` files on the way exclude. Links are not followed; folders that cannot be read are
 * empty.
 */
export async function listSources(root: string): Promise<readonly string[]> {
  const files: string[] = [];
  const visit = async (folder: string, around: readonly Rules[]): Promise<void> => {
    const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
    const own = entries.some((entry) => entry.name === '.gitignore' && entry.isFile());
    const rules = own ? [...around, { folder, rules: await readRules(join(root, folder, '.gitignore')) }] : around;
    const folders: string[] = [];
    for (const entry of entries) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!skippedFolders.has(entry.name) && !ignored(`${path}/`, rules)) folders.push(path);
      } else if (entry.isFile() && grammarOf(entry.name) !== null && !ignored(path, rules)) files.push(path);
    }
    await Promise.all(folders.map((each) => visit(each, rules)));
  };
  await visit('', []);
  return files.sort();
}

/** Whether `listSources` would list a file that came to be since. */
export async function isSource(root: string, file: string): Promise<boolean> {
  if (grammarOf(file) === null) return false;
  const parts = file.split('/');
  const around: Rules[] = [];
  for (let depth = 0; depth < parts.length; depth++) {
    const folder = parts.slice(0, depth).join('/');
    around.push({ folder, rules: await readRules(join(root, folder, '.gitignore')) });
    const isFolder = depth < parts.length - 1;
    const path = parts.slice(0, depth + 1).join('/') + (isFolder ? '/' : '');
    if (ignored(path, around) || (isFolder && skippedFolders.has(parts[depth]!))) return false;
  }
  return true;
}

async function readRules(file: string): Promise<Ignore> {
  const text = await readBoundedText(file, largestIgnoreFile).catch(() => '');
  const lines = text.split('\n').filter((line) => (line.match(/\*+/g) ?? []).length <= mostStars);
  return ignore().add(lines);
}

/** The nearest `.gitignore` that says anything decides. */
function ignored(path: string, around: readonly Rules[]): boolean {
  for (const { folder, rules } of around.toReversed()) {
    const verdict = rules.test(folder === '' ? path : path.slice(folder.length + 1));
    if (verdict.ignored) return true;
    if (verdict.unignored) return false;
  }
  return false;
}
