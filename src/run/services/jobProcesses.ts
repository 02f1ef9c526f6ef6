import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HumanError, codeOf } from '../../base/errors.ts';
import { jobFiles, readExit, readStart } from '../../finetune/command/jobFolder.ts';
import type { JobProcesses } from '../../finetune/base/jobProcesses.ts';
import { elsewhere, isAlive, isOwnHolder, livingHolder, lockHolder, nameOf, orphanedGroup } from '../record/lock.ts';
import type { LockHolder } from '../record/lock.ts';

/** How long a supervisor may take to begin, and a cancelled command to end before it is killed; milliseconds. */
const beginMs = 30_000;
const endMs = 10_000;

/** Supervisors as processes of this machine, in groups of their own: they outlive the run process and its terminal. */
export const jobProcesses: JobProcesses = {
  async start(folder) {
    const child = spawn(process.execPath, [...supervisor(), folder], {
      detached: true,
      windowsHide: true,
      stdio: 'ignore',
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    });
    const failed = new Promise<Error | null>((resolve) => {
      child.on('error', resolve);
      child.on('exit', () => {
        resolve(null);
      });
    });
    child.unref();
    const attempt = (await readStart(folder))?.attempt ?? 0;
    const begun = async () => this.isRunning(folder) || (await readExit(folder, attempt)) !== null;
    for (let waited = 0; waited < beginMs; waited += 50) {
      if (await begun()) return;
      const ended = await Promise.race([failed, pause(50).then(() => undefined)]);
      if (ended !== undefined && !(await begun())) break;
    }
    throw new HumanError(`The process that watches the training job in ${folder} did not start. Resume the run.`);
  },

  isRunning(folder) {
    return livingHolder(jobFiles(folder).lock) !== null;
  },

  async stop(folder) {
    const { lock } = jobFiles(folder);
    const holder = lockHolder(lock);
    if (holder === null) return;
    if (isAlive(holder, lock)) {
      const there = elsewhere(holder, lock);
      // Another user's process has this number here, or the lock is not this user's and names any number.
      if (there !== '' || !isOwnHolder(holder)) {
        throw new HumanError(`${nameOf(holder)} runs the training job in ${folder}, and is not yours to end.${there}`);
      }
      await endGroup(holder.pid, () => !isAlive(holder, lock));
    }
    await endOrphans(folder, holder);
  },
};

/** Ends what a supervisor that was killed left running. */
export async function endOrphans(folder: string, holder: LockHolder | null = deadHolder(folder)): Promise<void> {
  const group = holder === null || !isOwnHolder(holder) ? null : orphanedGroup(holder);
  if (group !== null) await endGroup(group, () => orphanedGroup(holder!) === null);
}

function deadHolder(folder: string): LockHolder | null {
  const { lock } = jobFiles(folder);
  const holder = lockHolder(lock);
  return holder === null || isAlive(holder, lock) ? null : holder;
}

async function endGroup(group: number, isOver: () => boolean): Promise<void> {
  signalGroup(group, 'SIGTERM');
  for (let waited = 0; waited < endMs && !isOver(); waited += 100) await pause(100);
  if (isOver()) return;
  signalGroup(group, 'SIGKILL');
  for (let waited = 0; waited < endMs && !isOver(); waited += 20) await pause(20);
}

function signalGroup(group: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (process.platform === 'win32') {
    spawnSync('taskkill', ['/pid', String(group), '/T', '/F'], { windowsHide: true });
    return;
  }
  try {
    process.kill(-group, signal);
  } catch (error) {
    // No process is left in it.
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** The bundle beside us once built; in the sources `superviseMain.ts`, through the loader that runs TypeScript. */
function supervisor(): readonly string[] {
  const here = dirname(fileURLToPath(import.meta.url));
  const bundle = join(here, 'supervise.js');
  if (existsSync(bundle)) return [bundle];
  const loader = join(dirname(createRequire(import.meta.url).resolve('jiti/package.json')), 'lib', 'jiti-cli.mjs');
  return [loader, join(here, 'superviseMain.ts')];
}
