import { existsSync, realpathSync, statSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { languages } from '../../data/language.ts';
import { LoadError } from './loadError.ts';

/** A `file#export` of `bettertogether.json`, found. */
export interface ExportPath {
  /** As the user wrote it. */
  readonly spec: string;
  /** Absolute, links resolved: as stack traces name it. */
  readonly file: string;
  readonly name: string;
}

const loadable = languages.typescript.endings;

/** What a `file#export` is named for. */
export type Role = 'program' | 'metric' | 'data set' | 'optimizer';

const examples: Readonly<Record<Role, string>> = {
  program: 'program.ts#Program',
  metric: 'program.ts#metric',
  'data set': 'data.ts#train',
  optimizer: 'optimizer.ts#mine',
};

/**
 * Reads `file#export`.
 *
 * @throws LoadError when there is no such file, or no export is named.
 */
export function parseExportPath(spec: string, workspace: string, role: Role): ExportPath {
  const hash = spec.lastIndexOf('#');
  const path = hash < 0 ? spec : spec.slice(0, hash);
  const name = hash < 0 ? '' : spec.slice(hash + 1);
  if (path.trim() === '')
    throw new LoadError(`The ${role} '${spec}' names no file. Write it as in '${examples[role]}'.`);
  const file = resolve(workspace, path);
  if (!existsSync(file)) throw new LoadError(`The ${role}'s file ${file} does not exist ("${role}": "${spec}").`, file);
  if (statSync(file).isDirectory()) throw new LoadError(`The ${role} '${spec}' names a folder. Name a file.`, file);
  if (!loadable.includes(extname(file))) {
    throw new LoadError(`The ${role}'s file ${file} cannot be loaded by Node (${loadable.join(', ')} can).`, file);
  }
  return { spec, file: realpathSync(file), name };
}
