/** The programs and runs that arguments name. */
import { loadOwnConfig } from '../../config/load.ts';
import type { LoadedConfig } from '../../config/load.ts';
import type { Overrides } from '../../config/overrides.ts';
import { resolveProgram } from '../../config/resolve.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import { UsageError } from '../../base/errors.ts';
import { findRun, listRuns } from '../../run/record/runFolder.ts';
import type { RunLocation } from '../../run/record/runFolder.ts';
import type { ToolHost } from './host.ts';

/** @throws UsageError naming the folders that there are. */
export async function rootsNamed(host: ToolHost, folder: string | undefined): Promise<readonly string[]> {
  const roots = await host.roots();
  if (roots.length === 0) throw new UsageError('No folder is open, so there are no programs and no runs.');
  if (folder === undefined) return roots;
  if (roots.includes(folder)) return [folder];
  throw new UsageError(`"folder" is not one of ${roots.map((root) => JSON.stringify(root)).join(', ')}.`);
}

export interface NamedProgram {
  readonly root: string;
  readonly loaded: LoadedConfig;
  readonly key: string;
}

/** @throws UsageError where no configuration names it, more than one does, or one cannot be read. */
export async function programNamed(host: ToolHost, program: string, folder: string | undefined): Promise<NamedProgram> {
  const roots = await rootsNamed(host, folder);
  const all = await Promise.all(roots.map(async (root) => ({ root, loaded: await loadOwnConfig(root) })));
  const found = all.filter(({ loaded: { config } }) => Object.hasOwn(config.programs ?? {}, program));
  const [only] = found;
  if (only === undefined) {
    const known = [...new Set(all.flatMap(({ loaded: { config } }) => Object.keys(config.programs ?? {})))].slice(
      0,
      30,
    );
    const there =
      known.length === 0
        ? 'No program is configured yet: write an entry under "programs" in bettertogether.json first.'
        : `There are: ${known.map((name) => JSON.stringify(name)).join(', ')}.`;
    throw new UsageError(`There is no program ${JSON.stringify(program)} ("program"). ${there}`);
  }
  if (found.length > 1) {
    const where = found.map(({ root }) => JSON.stringify(root)).join(', ');
    throw new UsageError(`${JSON.stringify(program)} is a program in several folders: give "folder", one of ${where}.`);
  }
  return { ...only, key: program };
}

/** With every default. @throws UsageError naming file, line or setting. */
export function configOf({ root, loaded, key }: NamedProgram, overrides: Overrides): Promise<ResolvedProgram> {
  return resolveProgram(loaded, key, overrides, root);
}

export interface NamedRun {
  readonly root: string;
  readonly run: RunLocation;
}

/** @throws UsageError naming the latest runs, where none is meant or more than one. */
export async function runNamed(host: ToolHost, asked: string, folder: string | undefined): Promise<NamedRun> {
  const roots = await rootsNamed(host, folder);
  if (roots.length === 1) return { root: roots[0]!, run: await findRun(roots[0]!, asked) };
  const all = (
    await Promise.all(roots.map(async (root) => (await listRuns(root)).map((run) => ({ root, run }))))
  ).flat();
  if (asked === 'latest' && all.length > 0) return all.toSorted((a, b) => (a.run.id < b.run.id ? -1 : 1)).at(-1)!;
  const exact = all.filter(({ run }) => run.id === asked);
  const found = exact.length > 0 ? exact : all.filter(({ run: { id } }) => id.startsWith(asked) || id.endsWith(asked));
  if (found.length === 1) return found[0]!;
  const few = (found.length > 0 ? found : all).slice(-5).map(({ run }) => run.id);
  const what = found.length > 0 ? 'is more than one run: give the whole id' : 'is no run';
  throw new UsageError(
    `${JSON.stringify(asked)} ("run") ${what}. The latest: ${few.toReversed().join(', ') || 'there are none'}.`,
  );
}
