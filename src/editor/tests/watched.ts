/** Which files a program's score depends on: what a continuous run looks at. Pure. */
import { dirname, extname, join } from 'node:path';
import { isSamePath, ownPaths, pathBelow } from '../../base/paths.ts';
import type { PathStyle } from '../../base/paths.ts';
import { fileOfData } from '../../config/dataset.ts';
import { configFileName } from '../../config/load.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { languages } from '../../data/language.ts';
import type { Language } from '../../data/language.ts';

export interface Watched {
  /** The folder of its `bettertogether.json`. */
  readonly root: string;
  readonly file: string;
  readonly language: Language | null;
  /** Files of its rows, and its configuration; absolute. */
  readonly files: readonly string[];
  /** SHA-256 of the sources that the latest evaluation loaded, by absolute path; `null` before there was one. */
  readonly sources: Readonly<Record<string, string>> | null;
}

/** Files other than sources: those of its dev rows and the configuration. */
export function filesOf(root: string, { data }: Pick<ResolvedProgram, 'data'>): readonly string[] {
  return [join(root, configFileName), fileOfData(data.dev ?? data.train)];
}

/**
 * Whether what is in a file decides about the program's score. As long as no evaluation said what it loads, that is any
 * source of its language beside it or below, or in its folder.
 */
export function reads(
  { root, file, language, files, sources }: Watched,
  changed: string,
  style: PathStyle = ownPaths,
): boolean {
  const isChanged = (other: string): boolean => isSamePath(other, changed, style);
  if (isChanged(file) || files.some(isChanged)) return true;
  if (sources !== null) return Object.keys(sources).some(isChanged);
  if (language === null || !languages[language].endings.includes(extname(changed))) return false;
  return [dirname(file), root].some((folder) => pathBelow(changed, folder, style) !== null);
}
