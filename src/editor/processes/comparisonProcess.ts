/** The process that works on a comparison: `bettertogether compare`, detached as that of a run is. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileNameOf } from '../../base/fileName.ts';
import { comparisonsFolder } from '../../run/compare/comparisonFolder.ts';
import { ensureStateFolder } from '../../run/record/runFolder.ts';
import { spawnDetached } from './runProcess.ts';
import type { RunProcess } from './runProcess.ts';

export interface Compared {
  readonly strategies: readonly string[];
  readonly seeds: readonly number[];
}

/** `vanilla` is the strategy without a step, and no step may have that name. */
export function comparisonArguments(key: string, { strategies, seeds }: Compared): readonly string[] {
  const list = strategies.map((strategy) => (strategy === '' ? 'vanilla' : strategy)).join(',');
  return ['compare', key, '--strategies', list, '--seeds', seeds.join(',')];
}

/** What was agreed to in a dialogue is agreed to. Returns the process and the file that it prints to. */
export async function spawnComparison(
  cli: string,
  root: string,
  key: string,
  compared: Compared,
  env: NodeJS.ProcessEnv,
  more: readonly string[] = [],
): Promise<{ readonly process: RunProcess; readonly output: string }> {
  await ensureStateFolder(root);
  const folder = comparisonsFolder(root);
  await mkdir(folder, { recursive: true });
  const output = join(folder, `output-${fileNameOf(key, 'program')}.log`);
  const args = [...comparisonArguments(key, compared), ...more, '--yes', '--json'];
  return { process: await spawnDetached({ cli, cwd: root, args, env, output }), output };
}
