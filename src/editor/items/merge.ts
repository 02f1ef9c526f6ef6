/** Puts what was found in sources together with what configurations name. Pure. */
import { languageOf } from '../../data/language.ts';
import { join, resolve } from 'node:path';
import type { LoadedConfig } from '../../config/load.ts';
import type { Found, FoundProgram } from '../../detect/base/found.ts';
import { programId } from './programItem.ts';
import type { ProgramItem } from './programItem.ts';

export interface FolderFound {
  readonly folder: string;
  readonly found: Found;
}

export interface RootConfig {
  readonly folder: string;
  readonly loaded: Pick<LoadedConfig, 'config'>;
}

/**
 * Sorted by file and line. A program that is both found and configured is one item.
 *
 * @param isOneFile whether a path of a configuration and that of a source, which may be in other letters, name one file.
 */
export function mergePrograms(
  found: readonly FolderFound[],
  roots: readonly RootConfig[],
  rootOf: (file: string) => string | undefined,
  isOneFile: (a: string, b: string) => boolean,
): readonly ProgramItem[] {
  const sources = found.flatMap(({ folder, found: { programs } }) => programs.map(({ file }) => fileIn(folder, file)));
  const onDisk = (file: string): string => sources.find((source) => isOneFile(source, file)) ?? file;
  const configured = roots.flatMap((root) => configuredIn(root, onDisk));
  const items = new Map<string, ProgramItem>();
  for (const { folder, found: inFolder } of found) {
    for (const program of inFolder.programs) {
      const file = fileIn(folder, program.file);
      const id = programId({ file, name: program.name });
      const named = configured.filter((each) => each.id === id);
      const root = named[0]?.root ?? rootOf(file) ?? folder;
      items.set(id, fromSource(program, folder, root, keysIn(named, root)));
    }
  }
  for (const { id, root, file, name } of configured) {
    if (items.has(id)) continue;
    const keys = keysIn(
      configured.filter((each) => each.id === id),
      root,
    );
    items.set(id, { ...notInSource, language: languageOf(file), root, file, name, keys });
  }
  return [...items.values()].toSorted((a, b) => compare(a.file, b.file) || compareAll(placeOf(a), placeOf(b)));
}

/** @param file as detection names it, below the folder and with slashes. */
export const fileIn = (folder: string, file: string): string => join(folder, ...file.split('/'));

const notInSource = { line: null, kind: 'module', runnable: true, predictors: [] } as const;

function fromSource(program: FoundProgram, folder: string, root: string, keys: readonly string[]): ProgramItem {
  const { name, line, cell, language, kind, runnable, inputs } = program;
  const predictors = program.predictors.map(({ file, ...each }) =>
    file === undefined ? each : { ...each, file: fileIn(folder, file) },
  );
  const place = { root, file: fileIn(folder, program.file), name, line, language, kind, runnable };
  return { ...place, ...(cell !== undefined && { cell }), ...(inputs !== undefined && { inputs }), predictors, keys };
}

interface Configured {
  readonly id: string;
  readonly root: string;
  readonly key: string;
  readonly file: string;
  readonly name: string;
}

function configuredIn({ folder, loaded }: RootConfig, onDisk: (file: string) => string): Configured[] {
  return Object.entries(loaded.config.programs ?? {}).flatMap(([key, { program }]) => {
    const hash = program.lastIndexOf('#');
    // A reference without a name is an error that the command line and the JSON schema report.
    if (hash < 0) return [];
    const reference = { file: onDisk(resolve(folder, program.slice(0, hash))), name: program.slice(hash + 1) };
    return [{ id: programId(reference), root: folder, key, ...reference }];
  });
}

function keysIn(configured: readonly Configured[], root: string): readonly string[] {
  return configured.filter((each) => each.root === root).map(({ key }) => key);
}

/** In the order in which a person sees it. */
function placeOf({ cell, line }: ProgramItem): readonly [number, number] {
  return [cell ?? 0, line ?? 0];
}

function compareAll(
  [cell, line]: readonly [number, number],
  [otherCell, otherLine]: readonly [number, number],
): number {
  return cell - otherCell || line - otherLine;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
