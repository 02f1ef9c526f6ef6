import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import { isUserFile } from './userFrame.ts';

const extensions = ['.ts', '.mts', '.cts', '.tsx', '.js', '.mjs', '.cjs', '.json'];

/**
 * Content hashes of the user's files: those the module cache has and, where files were loaded as ES modules, which
 * Node may keep to itself, what these import by a relative path.
 *
 * @param modules files that were loaded as ES modules.
 * @param cached every path in the module cache, packages included.
 * @param used files that are no modules: what a retriever searches in.
 * @returns SHA-256 (hex) by absolute path, sorted.
 */
export function sourcesOf(
  modules: readonly string[],
  cached: readonly string[],
  workspace: string,
  used: readonly string[] = [],
): Readonly<Record<string, string>> {
  const files = new Set(cached.filter((file) => isUserFile(file, workspace)));
  const seen = new Set<string>();
  const open = [...modules];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    files.add(file);
    open.push(...relativeImports(file).filter((each) => isUserFile(each, workspace)));
  }
  for (const file of used) if (existsSync(file)) files.add(file);
  const hashed = [...files].sort().map((file) => [file, hashOf(file)] as const);
  return Object.fromEntries(hashed);
}

function relativeImports(file: string): readonly string[] {
  if (extname(file) === '.json') return [];
  const found = readFileSync(file, 'utf8').matchAll(/\b(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g);
  return [...found].flatMap(([, path]) => resolveFile(resolve(dirname(file), path!)) ?? []);
}

function resolveFile(path: string): string | undefined {
  const typed = path.replace(/\.([cm]?)js$/, '.$1ts');
  const candidates = [path, typed, ...extensions.map((each) => path + each)];
  candidates.push(...extensions.map((each) => resolve(path, `index${each}`)));
  return candidates.find((each) => existsSync(each) && statSync(each).isFile());
}

function hashOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
