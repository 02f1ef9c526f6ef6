import { rm } from 'node:fs/promises';
import type { ResolvedProgram } from '../config/resolved.ts';
import { newManifest, writeManifest } from './manifest.ts';
import type { DataHashes } from './manifest.ts';
import type { RunLocation } from './request.ts';
import { createRunFolder } from './runFolder.ts';

/** Makes a run's folder with its manifest, so that it can be resumed from the first moment on. */
export async function createRun(
  workspace: string,
  config: ResolvedProgram,
  data: DataHashes,
  consent: readonly string[],
  now: Date = new Date(),
): Promise<RunLocation> {
  const run = await createRunFolder(workspace, config.key, now);
  try {
    await writeManifest(run.folder, newManifest(run.id, now, config, data, consent));
  } catch (error) {
    await rm(run.folder, { recursive: true, force: true });
    throw error;
  }
  return run;
}
