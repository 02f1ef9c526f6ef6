import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../../base/errors.ts';
import { readGivenState } from '../../run/record/importState.ts';
import type { GivenState } from '../../run/record/importState.ts';
import { readOwnManifest } from '../../run/record/manifest.ts';
import { findRun } from '../../run/record/runFolder.ts';
import { readOwnStates } from '../../run/record/stateFile.ts';

/**
 * A state by the name of a run (its final one) or of a file: exported as json or dspy, or saved by DSPy.
 *
 * @throws UsageError
 */
export async function stateNamed(workspace: string, asked: string, cwd: string): Promise<GivenState> {
  const file = resolve(cwd, asked);
  if (existsSync(file) && asked !== 'latest') return readGivenState(file);
  if (/\.json$/.test(asked)) throw new UsageError(`The state file ${file} does not exist.`);
  const run = await findRun(workspace, asked);
  await readOwnManifest(run.folder);
  const states = await readOwnStates(run.folder);
  if (states === null) throw new UsageError(`Run ${run.id} has no state yet: no step of it has finished.`);
  return { kind: 'state', from: `Run ${run.id}`, state: states.final.state };
}
