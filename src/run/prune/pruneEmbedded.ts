/**
 * What the embedded endpoint's home keeps of old jobs. All workspaces of this machine share it, and only this one's
 * runs can be asked; so what was used lately stays, whoever it belongs to, and what would go is shown first.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HumanError, messageOf } from '../../base/errors.ts';
import { FileStore } from '../../embedded/files/fileStore.ts';
import type { Home } from '../../home/home.ts';
import { resolveHome } from '../../home/home.ts';
import { isOver, JobStore } from '../../embedded/jobs/jobStore.ts';
import type { Prunable } from './prunable.ts';
import { sizeOf } from './diskSize.ts';
import { modelsOf } from './pruneAdapters.ts';
import { listRuns } from '../record/runFolder.ts';

/**
 * Adapters that no run of this workspace has and no one asked since `limit`, and jobs that ended and files that were
 * uploaded before it. What an unfinished job needs stays: the endpoint goes on with it.
 *
 * @param gone folders of runs that are about to be removed.
 * @param limit milliseconds since 1970.
 */
export async function unusedEmbedded(
  workspace: string,
  gone: ReadonlySet<string>,
  limit: number,
  home: Home = resolveHome(),
): Promise<readonly Prunable[]> {
  const jobs = await new JobStore(home).list();
  const open = jobs.filter((job) => !isOver(job));
  const runs = (await listRuns(workspace)).filter(({ folder }) => !gone.has(folder));
  const used = new Set([
    ...(await Promise.all(runs.map(({ folder }) => modelsOf(folder)))).flat(),
    ...open.flatMap(({ id, model }) => [model, `.partial-${id}`]),
  ]);
  const needed = new Set(open.map(({ trainingFile }) => trainingFile));
  const adapters = (await readdir(home.tuned).catch(() => [])).filter((name) => !used.has(name)).sort();
  const found: Prunable[] = [];
  for (const name of adapters) {
    const path = join(home.tuned, name);
    if ((await lastUse(path)) > limit) continue;
    found.push(await prunable(path, `embedded adapter ${name}, which other workspaces may have`));
  }
  for (const { id, finished, created } of jobs.filter(isOver)) {
    if ((finished ?? created) <= limit) found.push(await prunable(join(home.jobs, id), `embedded training job ${id}`));
  }
  for (const { id, created_at: created } of await new FileStore(home).list()) {
    if (created * 1000 > limit || needed.has(id)) continue;
    found.push(await prunable(join(home.files, id), `uploaded training file ${id}`));
  }
  return found;
}

/** @throws HumanError naming what could not be removed. */
export async function removeEmbedded({ path }: Pick<Prunable, 'path'>): Promise<void> {
  try {
    // An uploaded file is there as long as its description is.
    await rm(`${path}.json`, { force: true });
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    throw new HumanError(`${path} could not be removed: ${messageOf(error)}.`, { cause: error });
  }
}

async function prunable(path: string, what: string): Promise<Prunable> {
  return { kind: 'embedded', path, what, bytes: await sizeOf(path) };
}

/** The endpoint touches the description of an adapter that it is asked for. */
async function lastUse(folder: string): Promise<number> {
  const found = await stat(join(folder, 'meta.json')).catch(() => stat(folder));
  return found.mtimeMs;
}
