import type { Language } from '../../data/language.ts';
import { basename } from 'node:path';
import type { FoundInputs, FoundPredictor, FoundProgram } from '../../detect/base/found.ts';

/** A program of the workspace: found in a source file, named in a `bettertogether.json`, or both. */
export interface ProgramItem {
  /** The folder its runs belong to. */
  readonly root: string;
  /** Absolute. */
  readonly file: string;
  /** The exported name: `file#name`. */
  readonly name: string;
  /** From 1, of the file or of the cell; `null`: configured, and not found in the source. */
  readonly line: number | null;
  /** In a notebook: from 1, of all cells. */
  readonly cell?: number;
  /** `null`: its file is named in bettertogether.json, and no host loads it. */
  readonly language: Language | null;
  readonly kind: FoundProgram['kind'];
  /** Can be loaded as `file#name`. */
  readonly runnable: boolean;
  /** What `forward` takes; only where the source says. */
  readonly inputs?: FoundInputs;
  /** Their files, where they have one, are absolute. */
  readonly predictors: readonly FoundPredictor[];
  /** Keys of `programs` in `bettertogether.json` that name it. */
  readonly keys: readonly string[];
}

export function programId({ file, name }: Pick<ProgramItem, 'file' | 'name'>): string {
  return `${file}#${name}`.normalize();
}

/** What views call it: its key where it has one, else its name in the source. */
export function programTitle({ keys, name, file }: ProgramItem): string {
  if (keys.length === 1) return keys[0]!;
  return name === '' ? basename(file) : name;
}

/** Only such a program can be optimized or evaluated: a configured one may have a reason that source does not show. */
export function canRun({ runnable, keys }: ProgramItem): boolean {
  return runnable || keys.length > 0;
}
