/** Where runs live: `<workspace>/.bettertogether/runs/<id>`. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { HumanError, UsageError, codeOf, messageOf } from '../../base/errors.ts';
import { checkNoLinks } from '../../base/plainFile.ts';

/** Where a run lives: `<workspace>/.bettertogether/runs/<id>`. */
export interface RunLocation {
  readonly id: string;
  /** Absolute. */
  readonly folder: string;
}

export const stateFolder = (workspace: string): string => join(workspace, '.bettertogether');
/** The workspace that a run's folder lies in, or a comparison's. */
export const workspaceAround = (folder: string): string => resolve(folder, '..', '..', '..');
export const runsFolder = (workspace: string): string => join(stateFolder(workspace), 'runs');
/** The memo, shared by all runs of the workspace. */
export const cacheFolder = (workspace: string): string => join(stateFolder(workspace), 'cache');
/** Locks on training jobs, by content hash, across processes. */
const locksFolder = (workspace: string): string => join(stateFolder(workspace), 'locks');
/** Which adapters were put into which endpoints. */
export const adaptersFolder = (workspace: string): string => join(stateFolder(workspace), 'adapters');
/** Modules that were gathered from notebooks; program hosts write them. */
export const notebooksFolder = (workspace: string): string => join(stateFolder(workspace), 'notebooks');
/** The lock on what is remembered under `key`: one for all who work in the workspace, whatever they are. */
export const lockFile = (workspace: string, key: string): string =>
  join(locksFolder(workspace), `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`);

/** Files of a run. */
export const runFiles = (folder: string) => ({
  manifest: join(folder, 'manifest.json'),
  events: join(folder, 'events.jsonl'),
  /** The seal of the log; there when the run has finished or stopped. */
  logSeal: join(folder, 'log.json'),
  /** What was held and paid, call by call. */
  spent: join(folder, 'spend.jsonl'),
  traces: join(folder, 'traces'),
  rows: join(folder, 'rows'),
  state: join(folder, 'state.json'),
  /** The states of candidates, each once. */
  states: join(folder, 'states.jsonl'),
  /** States that other runs found, for the lattice; there when the run is to measure one. */
  lattice: join(folder, 'lattice.json'),
  /** What its program runs read, and what that was like; there when the run has finished. */
  reads: join(folder, 'reads.json'),
  lock: join(folder, 'lock.json'),
  cancel: join(folder, 'cancel'),
  /** Who was started to work on the run: it takes the lock once its data is loaded, before host and endpoint. */
  process: join(folder, 'process.json'),
  /** What a process without a terminal printed. */
  output: join(folder, 'output.log'),
  /** The name and note a person gave the run. */
  label: join(folder, 'label.json'),
});

/** @throws UsageError when one of the folders that records are kept in is a link. */
export function checkStateFolders(workspace: string): void {
  const state = stateFolder(workspace);
  for (const name of ['runs', 'cache', 'locks', 'adapters', 'jobs', 'comparisons', 'notebooks']) {
    checkNoLinks(join(state, name), workspace);
  }
}

/** Makes `.bettertogether` and keeps it out of commits. */
export async function ensureStateFolder(workspace: string): Promise<void> {
  const folder = stateFolder(workspace);
  checkStateFolders(workspace);
  try {
    await mkdir(runsFolder(workspace), { recursive: true });
    await writeFile(join(folder, '.gitignore'), '*\n', { flag: 'wx' }).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  } catch (error) {
    throw new HumanError(`${folder} could not be made: ${messageOf(error)}. Runs are kept there.`, { cause: error });
  }
}

/** Ids sort by time and can be read: `20261123-121530-intents-3f2a`. */
export function newId(programKey: string, now: Date): string {
  return `${timestamp(now)}-${slug(programKey)}-${randomBytes(2).toString('hex')}`;
}

/** Ids of runs that begin in the same second can be the same by chance. */
const idsTried = 5;

/** A new run's folder, under a new id. */
export async function createRunFolder(workspace: string, programKey: string, now: Date): Promise<RunLocation> {
  await ensureStateFolder(workspace);
  for (let attempt = 1; ; attempt++) {
    const id = newId(programKey, now);
    const folder = join(runsFolder(workspace), id);
    try {
      await mkdir(folder);
      return { id, folder };
    } catch (error) {
      if (codeOf(error) === 'EEXIST' && attempt < idsTried) continue;
      throw new HumanError(`The run's folder ${folder} could not be made: ${messageOf(error)}.`, { cause: error });
    }
  }
}

/** Ids are repeated to people and models: a folder of another name is nobody's run. */
const isRunId = (name: string): boolean => /^\w[\w.-]{0,99}$/.test(name);

/**
 * Where the run with this id lies.
 *
 * @throws UsageError when it is the name of no folder: a record that came with the folder can name anything.
 */
export function runLocation(workspace: string, id: string): RunLocation {
  if (!isRunId(id)) throw new UsageError(`${JSON.stringify(id)} is not the id of a run.`);
  return { id, folder: join(runsFolder(workspace), id) };
}

/** Ids of all runs, oldest first. @throws UsageError when they lie behind a link. */
export async function listRuns(workspace: string): Promise<readonly RunLocation[]> {
  const folder = runsFolder(workspace);
  checkNoLinks(folder, workspace);
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && isRunId(entry.name))
    .map((entry) => ({ id: entry.name, folder: join(folder, entry.name) }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Whether an id of a run, or of a comparison, is meant by a part of it. */
export function isMeantBy(id: string, asked: string): boolean {
  return asked !== '' && (id.startsWith(asked) || id.endsWith(asked));
}

/**
 * The run that is meant: an id, `latest`, or the beginning or end of exactly one id.
 *
 * @throws UsageError when there is none, or more than one.
 */
export async function findRun(workspace: string, asked: string): Promise<RunLocation> {
  const runs = await listRuns(workspace);
  if (runs.length === 0) throw new UsageError(`There are no runs in ${runsFolder(workspace)} yet.`);
  // A process that was killed between making the folder and its manifest left a run that never began.
  if (asked === 'latest') return runs.findLast(({ folder }) => existsSync(runFiles(folder).manifest)) ?? runs.at(-1)!;
  const exact = runs.find(({ id }) => id === asked);
  if (exact !== undefined) return exact;
  const matches = runs.filter(({ id }) => isMeantBy(id, asked));
  if (matches.length === 1) return matches[0]!;
  const few = (matches.length > 0 ? matches : runs).slice(-5).map(({ id }) => id);
  const what = matches.length > 0 ? `"${asked}" is more than one run` : `There is no run "${asked}"`;
  throw new UsageError(`${what}. The latest: ${few.reverse().join(', ')}.`);
}

/** UTC, to the second: `20261123-121530`. */
function timestamp(now: Date): string {
  return now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
}

function slug(key: string): string {
  const name = key.includes('#') ? key.slice(key.lastIndexOf('#') + 1) : key;
  const plain = name.replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '');
  return (plain === '' ? 'program' : plain).slice(0, 24).toLowerCase();
}
