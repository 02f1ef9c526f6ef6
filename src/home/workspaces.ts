/**
 * Which workspace a folder is, as this user's home knows it. Records are sealed for the workspace that they lie in: one
 * that was copied into another is not taken for a record of that one, though the same user wrote it.
 *
 * A workspace is known by its folder's path. One that was moved or renamed is recognized by its folder's place on the
 * disk, once nothing with that place lies at the old path; a copy is a workspace of its own.
 */
import { createHash } from 'node:crypto';
import { readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { readBoundedSync } from '../base/boundedFile.ts';
import { parseRecord } from '../data/record.ts';
import { replaceFileSync } from '../base/replaceFile.ts';
import { userFolder } from './home.ts';
import { makePrivateFolderSync } from './private.ts';

const workspaceSchema = z.object({
  /** What its records are sealed for: a text that no other workspace has. */
  id: z.string(),
  /** Real path. */
  folder: z.string(),
  /** Device, inode and time of birth of the folder: an inode alone is given to the next folder once one is removed. */
  place: z.string(),
});
type Workspace = z.infer<typeof workspaceSchema>;

/** Bytes of such a file: two paths, at their longest. */
const bytesAtMost = 64 * 1024;

/** The id of the workspace in `folder`. Nothing is written: where the home knows none, it is the id that `keepWorkspace` would give. */
export function workspaceId(folder: string, env: NodeJS.ProcessEnv = process.env): string {
  return find(folder, env).id;
}

/**
 * Makes the home know the workspace, so that it is known again when it is moved. A home that cannot be written to
 * changes nothing else: seals do not need it.
 */
export function keepWorkspace(folder: string, env: NodeJS.ProcessEnv = process.env): void {
  const found = find(folder, env);
  if (found.known) return;
  try {
    makePrivateFolderSync(workspacesFolder(env));
    const { id, place } = found;
    replaceFileSync(fileOf(found.folder, env), `${JSON.stringify({ id, folder: found.folder, place })}\n`);
    if (found.movedFrom !== null) rmSync(fileOf(found.movedFrom, env), { force: true });
  } catch {
    return;
  }
}

interface Found extends Workspace {
  /** Its file is in place. */
  readonly known: boolean;
  /** The path under which the home knows it. */
  readonly movedFrom: string | null;
}

function find(given: string, env: NodeJS.ProcessEnv): Found {
  const folder = realPath(given);
  const place = placeOf(folder);
  const known = knownAt(folder, place, env);
  if (known !== null) return known;
  const moved = place === null ? null : movedHere(folder, place, env);
  if (moved !== null) return { ...moved, folder, known: false, movedFrom: moved.folder };
  // Another process may have found it moved meanwhile: the new file is there before the old one goes.
  const id = JSON.stringify([folder, place]);
  return knownAt(folder, place, env) ?? { id, folder, place: place ?? '', known: false, movedFrom: null };
}

/** The workspace that the home knows by this path. */
function knownAt(folder: string, place: string | null, env: NodeJS.ProcessEnv): Found | null {
  const known = read(fileOf(folder, env));
  if (known?.folder !== folder) return null;
  return { ...known, known: known.place === place, place: place ?? known.place, movedFrom: null };
}

/** The workspace that had this place under another path, which does not lead there any more. */
function movedHere(folder: string, place: string, env: NodeJS.ProcessEnv): Workspace | null {
  for (const name of filesIn(workspacesFolder(env))) {
    const other = read(join(workspacesFolder(env), name));
    if (other?.place === place && other.folder !== folder && placeOf(other.folder) !== place) return other;
  }
  return null;
}

const workspacesFolder = (env: NodeJS.ProcessEnv): string => join(userFolder(env), 'workspaces');

function fileOf(folder: string, env: NodeJS.ProcessEnv): string {
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 32);
  return join(workspacesFolder(env), `${name}.json`);
}

function read(file: string): Workspace | null {
  try {
    return parseRecord(workspaceSchema, readBoundedSync(file, bytesAtMost).toString('utf8'));
  } catch {
    return null;
  }
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
}

/** As the file system spells it; a folder that is not there by its path as it is. */
function realPath(folder: string): string {
  try {
    return realpathSync.native(folder);
  } catch {
    return resolve(folder);
  }
}

function placeOf(folder: string): string | null {
  try {
    const { dev, ino, birthtimeNs } = statSync(folder, { bigint: true });
    return `${dev}:${ino}:${birthtimeNs}`;
  } catch {
    return null;
  }
}
