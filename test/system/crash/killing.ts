/** Runs of the built command line that are killed again and again until one comes to its end. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { descendants, isAlive } from '../../fakes/processTree.ts';
import type { RunResult } from '../../../src/protocol.ts';
import { resultSchema } from '../../../src/protocol.ts';
import { lastJson, type Workspace } from '../workspace.ts';
import { moment, watched, type Moments } from './moments.ts';

/** What is killed: the run's process, or a child of it by a word of its command line. */
export type Victim = 'run' | 'host.js' | 'embedded.js' | 'bettertogether_trainer';

/** Who is waited for until it is there and the moment has come. */
export interface Death {
  readonly victim: Victim;
  readonly ripe: () => boolean;
  /** It was killed. */
  readonly killed: () => void;
}

/** The moments are counted from the start of a session, or from the kill before. */
export interface KillPlan extends Moments {
  /** Who is killed for certain before anybody is drawn, in this order. */
  readonly first?: readonly Death[];
  /** One is drawn each time; name one more often to have it drawn more often. */
  readonly victims: readonly Victim[];
  /** Kills of those who are drawn, at most; then the run is left in peace. */
  readonly kills: number;
  readonly env?: NodeJS.ProcessEnv;
  /** Names seed and moment in failures. */
  readonly where: string;
}

export interface Killed {
  readonly kills: Readonly<Record<string, number>>;
  readonly result: RunResult;
}

export async function killUntilDone(
  workspace: Workspace,
  optimize: readonly string[],
  plan: KillPlan,
): Promise<Killed> {
  const kills: Record<string, number> = {};
  const owed = [...(plan.first ?? [])];
  for (let session = 0; ; session++) {
    const args = hasRun(workspace) ? ['resume', 'latest', '--json'] : optimize;
    const { child, done } = workspace.start(args, plan.env);
    const ended = watched(done);
    const certain = await killOwed(child.pid!, ended, owed, plan.where);
    for (const victim of certain) kills[victim] = (kills[victim] ?? 0) + 1;
    const killed = certain.includes('run') ? certain : await killIn(child.pid!, ended, plan, kills, session);
    const finished = await done;
    if (finished.code === 0) return { kills, result: resultSchema.parse(lastJson(finished)) };
    // Who is killed before it is up ends a session and says so; the next one begins it again. Else only the run's own
    // death ends it early: a trainer that is killed is started again within its job.
    if (killed.some((victim) => saysWhy[victim].test(finished.stderr))) continue;
    expect([finished.code, killed.at(-1), finished.stderr], plan.where).toEqual([null, 'run', finished.stderr]);
  }
}

const saysWhy: Readonly<Record<Victim, RegExp>> = {
  run: /(?!)/,
  'host.js': /ended while it loaded/,
  'embedded.js': /stopped before it answered/,
  bettertogether_trainer: /(?!)/,
};

/** Kills who is owed a death, as far as the session gets; takes them off `owed`. */
async function killOwed(pid: number, ended: () => boolean, owed: Death[], where: string): Promise<readonly Victim[]> {
  const killed: Victim[] = [];
  while (owed.length > 0 && !ended()) {
    const { victim, ripe, killed: onKilled } = owed[0]!;
    const target = ripe() ? victimOf(victim, pid) : undefined;
    if (target === undefined) {
      await sleep(5);
      continue;
    }
    killed.push(victim);
    owed.shift();
    onKilled();
    if (await kill(victim, target, pid, where)) break;
  }
  return killed;
}

/** The kills of one session, in order: of each victim one, for a program that kills its host twice is to blame for it. */
async function killIn(
  pid: number,
  ended: () => boolean,
  plan: KillPlan,
  kills: Record<string, number>,
  session: number,
): Promise<readonly Victim[]> {
  const { random, victims, kills: atMost, where } = plan;
  const killed: Victim[] = [];
  const before = plan.first?.length ?? 0;
  const total = () => Object.values(kills).reduce((sum, count) => sum + count, 0) - before;
  for (let left = [...victims]; left.length > 0 && total() < atMost;) {
    const victim = random.choice(left);
    // A little more each time, so that it comes to an end on any machine.
    await moment(plan, session * 20, ended);
    if (ended()) break;
    const target = victimOf(victim, pid);
    if (target === undefined) continue;
    kills[victim] = (kills[victim] ?? 0) + 1;
    killed.push(victim);
    if (await kill(victim, target, pid, where)) break;
    left = left.filter((one) => one !== victim);
  }
  return killed;
}

/** Whether the session is over with it. */
async function kill(victim: Victim, target: number, run: number, where: string): Promise<boolean> {
  const family = descendants(run).map((one) => one.pid);
  process.kill(target, 'SIGKILL');
  if (victim === 'run') await expectGone(family, where);
  return victim === 'run';
}

/** Whoever is killed takes its children along: nothing goes on without it. */
async function expectGone(pids: readonly number[], where: string): Promise<void> {
  const until = performance.now() + 20_000;
  while (performance.now() < until && pids.some(isAlive)) await sleep(50);
  expect(pids.filter(isAlive), `${where}: processes left behind`).toEqual([]);
}

function victimOf(victim: Victim, run: number): number | undefined {
  if (victim === 'run') return run;
  return descendants(run).find(({ command }) => command.includes(victim))?.pid;
}

function hasRun(workspace: Workspace): boolean {
  const runs = join(workspace.folder, '.bettertogether', 'runs');
  return existsSync(runs) && readdirSync(runs).some((id) => existsSync(join(runs, id, 'manifest.json')));
}
