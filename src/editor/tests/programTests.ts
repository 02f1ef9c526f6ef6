/** The programs that `bettertogether.json` names, as the Test Explorer lists them. Pure. */
import type { LoadedConfig } from '../../config/load.ts';
import { canRun } from '../items/programItem.ts';
import type { ProgramItem } from '../items/programItem.ts';

/** Which rows a test is of: those it may be run on at any time, and those that are held out. */
export type TestSplit = 'dev' | 'test';

/** An entry of `bettertogether.json`. */
export interface ProgramTest {
  /** Unlike that of any other entry of the window; the same as long as the entry is called so. */
  readonly id: string;
  readonly key: string;
  /** With this key alone. */
  readonly program: ProgramItem;
  /** It names test rows. */
  readonly hasTest: boolean;
  /** What the entry says: where that is another, its rows may be others. */
  readonly settings: string;
}

export interface ConfiguredFolder {
  readonly folder: string;
  readonly loaded: Pick<LoadedConfig, 'config'>;
}

/** One for each key of each folder, by folder and key. */
export function programTests(
  programs: readonly ProgramItem[],
  roots: readonly ConfiguredFolder[],
): readonly ProgramTest[] {
  const tests = programs.filter(canRun).flatMap((program) => {
    const entries = roots.find(({ folder }) => folder === program.root)?.loaded.config.programs ?? {};
    return program.keys.flatMap((key) => {
      const entry = entries[key];
      if (entry === undefined) return [];
      const own = { ...program, keys: [key] };
      const id = `${program.root}#${key}`;
      return [{ id, key, program: own, hasTest: entry.test !== undefined, settings: JSON.stringify(entry) }];
    });
  });
  return tests.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
