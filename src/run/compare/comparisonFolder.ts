/** Where comparisons live: `<workspace>/.bettertogether/comparisons/<id>`. */
import { readdir, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseRecord } from '../../data/record.ts';
import { replaceFile } from '../../base/replaceFile.ts';
import { comparisonSchema } from '../../comparison.ts';
import type { Comparison } from '../../comparison.ts';
import { HumanError, messageOf } from '../../base/errors.ts';
import { checkNoLinks, checkPlain, readPlainFile } from '../../base/plainFile.ts';
import { sealAt } from '../../home/seal.ts';
import { isSealedText, sealedText } from '../../home/sealedText.ts';
import { cannotWrite } from '../record/diskError.ts';
import { ForeignRecord } from '../record/foreign.ts';
import { livingHolder } from '../record/lock.ts';
import { keptPath, locatedPath, withKeys } from '../../base/portablePaths.ts';
import { ensureStateFolder, isMeantBy, newId, stateFolder, workspaceAround } from '../record/runFolder.ts';

export interface ComparisonLocation {
  readonly id: string;
  /** Absolute. */
  readonly folder: string;
}

export const comparisonsFolder = (workspace: string): string => join(stateFolder(workspace), 'comparisons');

export const comparisonFiles = (folder: string) => ({
  record: join(folder, 'record.json'),
  /** Held by the process that works on the comparison. */
  lock: join(folder, 'lock.json'),
});

/** A new comparison's folder; the id is made as a run's is. */
export async function createComparisonFolder(
  workspace: string,
  programKey: string,
  now: Date,
): Promise<ComparisonLocation> {
  await ensureStateFolder(workspace);
  const id = newId(programKey, now);
  const folder = join(comparisonsFolder(workspace), id);
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new HumanError(`The comparison's folder ${folder} could not be made: ${messageOf(error)}.`, { cause: error });
  }
  return { id, folder };
}

/** All comparisons, oldest first. */
export async function listComparisons(workspace: string): Promise<readonly ComparisonLocation[]> {
  const folder = comparisonsFolder(workspace);
  checkNoLinks(folder, workspace);
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => ({ id: entry.name, folder: join(folder, entry.name) }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The comparison with this id, or the one whose id begins or ends so; `null`: there is none, or more than one. */
export async function findComparison(workspace: string, asked: string): Promise<ComparisonLocation | null> {
  const all = await listComparisons(workspace);
  const matches = all.filter(({ id }) => isMeantBy(id, asked));
  return all.find(({ id }) => id === asked) ?? (matches.length === 1 ? matches[0]! : null);
}

/** The comparison in `folder` with the paths of its sources changed by `as`, within its workspace. */
function inFolder(comparison: Comparison, as: typeof keptPath, folder: string): Comparison {
  const { sources } = comparison;
  const workspace = workspaceAround(folder);
  return { ...comparison, sources: sources && withKeys(sources, (path) => as(path, workspace)) };
}

/** Replaces the record whole: whenever the process dies, there is the one before or this one. */
export async function writeComparison(folder: string, comparison: Comparison): Promise<void> {
  const { record: file } = comparisonFiles(folder);
  try {
    const record = inFolder(comparisonSchema.parse(comparison), keptPath, folder);
    await replaceFile(file, sealedText(sealAt(folder), 'comparison', basename(folder), record));
  } catch (error) {
    throw cannotWrite(file, error);
  }
}

export interface ReadComparison {
  readonly comparison: Comparison;
  /** This user wrote it on this machine, or took it over. */
  readonly madeHere: boolean;
}

/** @throws HumanError when there is no record, or it is not one of this version. */
export async function inspectComparison(folder: string): Promise<ReadComparison> {
  const { record: file } = comparisonFiles(folder);
  try {
    checkNoLinks(folder, workspaceAround(folder));
    checkPlain(folder);
    const text = (await readPlainFile(file)) ?? '';
    const comparison = inFolder(parseRecord(comparisonSchema, text), locatedPath, folder);
    const id = basename(folder);
    return { comparison, madeHere: comparison.id === id && isSealedText(sealAt(folder), 'comparison', id, text) };
  } catch (error) {
    throw new HumanError(`${file} is not the record of a comparison: ${messageOf(error)}`, { cause: error });
  }
}

/** To look at, wherever it comes from. @throws as `inspectComparison`. */
export async function readComparison(folder: string): Promise<Comparison> {
  return (await inspectComparison(folder)).comparison;
}

/** To go on with. @throws ForeignRecord when this user did not write it here; else as `inspectComparison`. */
export async function readOwnComparison(folder: string): Promise<Comparison> {
  const { comparison, madeHere } = await inspectComparison(folder);
  if (!madeHere) throw new ForeignRecord(`Comparison ${basename(folder)}`, basename(folder));
  return comparison;
}

export interface ComparisonSummary {
  readonly comparison: Comparison;
  readonly madeHere: boolean;
  readonly location: ComparisonLocation;
  /** Of the process that works on it; `null`: none does. */
  readonly pid: number | null;
}

/** All comparisons that can be read, oldest first. A folder without a record is one whose process died at once. */
export async function readComparisons(workspace: string): Promise<readonly ComparisonSummary[]> {
  const read = async (location: ComparisonLocation): Promise<ComparisonSummary | null> => {
    try {
      // First: in a folder that holds links nothing else is read.
      const read = await inspectComparison(location.folder);
      return { ...read, location, pid: livingHolder(comparisonFiles(location.folder).lock)?.pid ?? null };
    } catch {
      return null;
    }
  };
  const all = await Promise.all((await listComparisons(workspace)).map(read));
  return all.filter((one) => one !== null);
}
