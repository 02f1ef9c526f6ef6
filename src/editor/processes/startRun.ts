/** Makes a run and starts its process, for a person who asked for it and for an agent alike. */
import type { ResolvedProgram } from '../../config/resolved.ts';
import { loadProgramData } from '../../run/data/loadData.ts';
import type { ProgramData } from '../../run/data/loadData.ts';
import { createRun, removeUnbegun } from '../../run/record/createRun.ts';
import type { GivenState } from '../../run/record/importState.ts';
import type { RunLocation } from '../../run/record/runFolder.ts';
import { spawnRun } from './runProcess.ts';
import type { RunProcess } from './runProcess.ts';

export interface RunToStart {
  readonly root: string;
  readonly config: ResolvedProgram;
  /** What the person agreed to: see `agreementsOf`. */
  readonly consent: readonly string[];
  /** What it begins with. Default: the program as it is written. */
  readonly start?: GivenState;
  /** Its rows were read, and nothing is made yet. @throws to start nothing. */
  checked?(data: ProgramData): Promise<void>;
  /** It is there, and nothing works on it yet. @throws to take it away again. */
  made?(run: RunLocation): Promise<void>;
}

export interface StarterProcess {
  /** `dist/cli.js`. */
  readonly cli: string;
  readonly env: NodeJS.ProcessEnv;
  /** Options of the command line. */
  readonly args?: readonly string[];
}

/** @throws HumanError naming what is wrong with the data; whatever the hooks throw. Nothing is left behind then. */
export async function startRun(
  wanted: RunToStart,
  { cli, env, args = [] }: StarterProcess,
): Promise<{ readonly run: RunLocation; readonly process: RunProcess }> {
  const { root, config, consent, start } = wanted;
  const data = await loadProgramData(config, root, env);
  await wanted.checked?.(data);
  const run = await createRun(root, config, data.hashes, consent, new Date(), start);
  try {
    await wanted.made?.(run);
    return { run, process: await spawnRun(cli, root, run, env, args) };
  } catch (error) {
    await removeUnbegun(run);
    throw error;
  }
}
