import { rm, stat } from 'node:fs/promises';
import { isMissing } from '../../base/errors.ts';
import type { ResolvedProgram } from '../../config/resolved.ts';
import type { GivenState } from './importState.ts';
import { newManifest, writeManifest } from './manifest.ts';
import type { DataHashes } from './manifest.ts';
import { createRunFolder, runFiles } from './runFolder.ts';
import type { RunLocation } from './runFolder.ts';

/** Makes a run's folder with its manifest, so that it can be resumed from the first moment on. */
export async function createRun(
  workspace: string,
  config: ResolvedProgram,
  data: DataHashes,
  consent: readonly string[],
  now: Date = new Date(),
  start?: GivenState,
): Promise<RunLocation> {
  const run = await createRunFolder(workspace, config.key, now);
  try {
    await writeManifest(run.folder, newManifest(run.id, now, config, data, consent, start));
  } catch (error) {
    await rm(run.folder, { recursive: true, force: true });
    throw error;
  }
  return run;
}

/** A run that failed before its first event (a program that does not load) leaves nothing behind. */
export async function removeUnbegun(run: RunLocation): Promise<void> {
  const log = await stat(runFiles(run.folder).events).catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
  if (log === null || log.size === 0) await rm(run.folder, { recursive: true, force: true });
}
