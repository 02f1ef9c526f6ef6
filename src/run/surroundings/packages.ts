/** Versions of installed packages, which cover all that is in them. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod';
import { foundAt } from '../../data/foundAt.ts';

const packageSchema = z.object({ version: z.string().optional() });

/** What is installed in one `site-packages`: names as metadata folders have them, `PyYAML-6.0.2.dist-info`. */
interface Installed {
  readonly changed: number | undefined;
  readonly byName: ReadonlyMap<string, readonly string[]>;
  /** By the module that is imported, where it is not called like its distribution; read when it is needed. */
  byModule: ReadonlyMap<string, readonly string[]> | null;
}

export class Packages {
  readonly #installed = new Map<string, Installed>();

  /**
   * The version of a package, by its folder or file in `node_modules` or `site-packages`. Where a version is given
   * nowhere, the time of its last change.
   */
  version(path: string): string {
    return isNodePackage(path) ? nodeVersion(path) : this.#pythonVersion(path);
  }

  #pythonVersion(path: string): string {
    const [folder, top] = [dirname(path), basename(path)];
    const module = normalised(top.replace(/\.(?:py|pyd|so|abi3\.so|cpython-.*)$/, ''));
    const installed = this.#in(folder);
    const found = installed.byName.get(module) ?? modulesOf(folder, installed).get(module);
    if (found !== undefined) return found.join(' ');
    return JSON.stringify([foundAt(path), foundAt(join(path, '__init__.py'))]);
  }

  #in(folder: string): Installed {
    const changed = changedAt(folder);
    const known = this.#installed.get(folder);
    if (known !== undefined && known.changed === changed) return known;
    const names = metadataFolders(folder);
    const byName = groupBy(names.map((name) => [normalised(name.split('-')[0]!), name]));
    const installed: Installed = { changed, byName, byModule: null };
    this.#installed.set(folder, installed);
    return installed;
  }
}

function isNodePackage(path: string): boolean {
  const folder = basename(dirname(path));
  return folder === 'node_modules' || (folder.startsWith('@') && basename(dirname(dirname(path))) === 'node_modules');
}

function nodeVersion(path: string): string {
  try {
    const parsed = packageSchema.parse(JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')));
    return parsed.version ?? JSON.stringify(foundAt(join(path, 'package.json')));
  } catch {
    return 'nothing';
  }
}

/** As packages are compared (PEP 503). */
function normalised(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-');
}

function metadataFolders(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /\.(?:dist|egg)-info$/.test(name))
      .sort();
  } catch {
    return [];
  }
}

/** When something was last installed or removed there, in milliseconds since 1970. */
function changedAt(folder: string): number | undefined {
  return statSync(folder, { throwIfNoEntry: false })?.mtimeMs;
}

function modulesOf(folder: string, installed: Installed): ReadonlyMap<string, readonly string[]> {
  installed.byModule ??= groupBy(
    [...installed.byName.values()]
      .flat()
      .flatMap((metadata) => topLevels(join(folder, metadata)).map((top) => [normalised(top), metadata] as const)),
  );
  return installed.byModule;
}

/** What a distribution is imported as: as it says, or by the files it lists. */
function topLevels(metadata: string): readonly string[] {
  const told = linesOf(join(metadata, 'top_level.txt'));
  if (told.length > 0) return told;
  const files = linesOf(join(metadata, 'RECORD')).map((line) => line.split(/[/,]/, 1)[0]!);
  return [...new Set(files.map((file) => file.replace(/\.(?:py|pyd|so)$/, '')))];
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/).filter(Boolean);
  } catch {
    return [];
  }
}

function groupBy(entries: readonly (readonly [string, string])[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, readonly string[]>();
  for (const [key, value] of entries) groups.set(key, [...(groups.get(key) ?? []), value]);
  return groups;
}
