/**
 * Two people in one workspace: a folder that their group may write to, umask 002. Only root can be two people, so the
 * suite needs it; the accounts are those that every Linux has.
 */
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resultSchema } from '../../src/protocol.ts';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import type { FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { smallWorkspace } from './faults/runs.ts';
import type { Finished, Started, Workspace } from './workspace.ts';
import { lastJson, studentAnswer } from './workspace.ts';

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const group = 65534;

interface Person {
  readonly name: string;
  readonly uid: number;
}
const first: Person = { name: 'daemon', uid: 1 };
const second: Person = { name: 'nobody', uid: 65534 };

/** Why two people cannot be had here; '' where they can. */
function whyNot(): string {
  if (process.getuid?.() !== 0) return 'it needs root, to be two users';
  if (spawnSync('id', ['-un', String(first.uid)], { encoding: 'utf8' }).stdout.trim() !== first.name) {
    return `user ${first.uid} is not "${first.name}" here`;
  }
  const { status } = spawnSync(process.execPath, [cli, '--version'], { uid: first.uid, gid: group });
  return status === 0 ? '' : `user "${first.name}" cannot read ${cli}`;
}

const missing = whyNot();
if (missing !== '') process.stderr.write(`test/system/sharedWorkspace is left out: ${missing}\n`);

let fake: FakeEndpoint;
let workspace: Workspace;
let homes: string;

beforeEach(async () => {
  fake = await startFakeEndpoint({ answer: studentAnswer });
  workspace = smallWorkspace(fake.baseURL);
  homes = mkdtempSync(join(tmpdir(), 'bettertogether-homes-'));
  chmodSync(homes, 0o755);
  if (missing !== '') return;
  chownSync(workspace.folder, first.uid, group);
  // With the group's bit, so that what is made in it belongs to the group.
  chmodSync(workspace.folder, 0o2775);
  for (const file of readdirSync(workspace.folder)) lchownSync(join(workspace.folder, file), first.uid, group);
  for (const { name, uid } of [first, second]) {
    mkdirSync(join(homes, name));
    chownSync(join(homes, name), uid, group);
  }
});
afterEach(async () => {
  workspace.dispose();
  rmSync(homes, { recursive: true, force: true });
  await fake.close();
});

function start({ name, uid }: Person, args: readonly string[]): Started {
  const child = spawn('/bin/sh', ['-c', 'umask 002; exec "$@"', 'sh', process.execPath, cli, ...args], {
    cwd: workspace.folder,
    env: { ...process.env, HOME: join(homes, name), XDG_DATA_HOME: join(homes, name) },
    stdio: ['ignore', 'pipe', 'pipe'],
    uid,
    gid: group,
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString('utf8')));
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString('utf8')));
  const done = new Promise<Finished>((resolve) => {
    child.on('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
  return { child, done };
}

const run = (person: Person, ...args: string[]) => start(person, args).done;
const optimize = ['optimize', 'two', '--yes', '--json'];

describe.skipIf(missing !== '')('two people in one workspace', () => {
  it('use what the other has made: memo, runs, folders', async ({ skip }) => {
    const made = await run(first, ...optimize);
    expect(made.code, made.stderr).toBe(0);
    const cache = join(workspace.folder, '.bettertogether', 'cache');
    const kept = readdirSync(cache).filter((name) => statSync(join(cache, name)).isFile());
    const isPrivate = kept.some((name) => (statSync(join(cache, name)).mode & 0o040) === 0);
    skip(isPrivate, 'the memo is for its writer alone, whatever the umask says');
    // What one has paid for is the other's once they have looked at it.
    const adopted = await run(second, 'adopt', '--yes');
    expect([adopted.code, adopted.stdout]).toEqual([0, expect.stringMatching(/with \d+ remembered answers/)]);
    const asked = fake.counters.answered;
    const again = await run(second, ...optimize);
    expect(again.code, again.stderr).toBe(0);
    expect(resultSchema.parse(lastJson(again)).scores).toEqual(resultSchema.parse(lastJson(made)).scores);
    expect(fake.counters.answered).toBe(asked);
    for (const person of [first, second]) {
      for (const args of [['runs'], ['show', 'latest']]) {
        const done = await run(person, ...args);
        expect(done.code, `${person.name} ${args.join(' ')}: ${done.stderr}`).toBe(0);
      }
    }
    const exported = await run(second, 'export', 'latest', '--format', 'json', '--out', 'best.json');
    expect(exported.code, exported.stderr).toBe(0);
    // The first still has what they paid for.
    expect((await run(first, ...optimize)).code).toBe(0);
    expect(fake.counters.answered).toBe(asked);
  });

  it('do not take each other for dead: a lock is named by its user, and a run stops when the other asks', async () => {
    fake.setLatency(3_600_000);
    const working = start(first, optimize);
    await expect.poll(() => fake.counters.inFlight, { timeout: 60_000 }).toBeGreaterThan(0);
    const refused = await run(second, 'resume', 'latest');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/Process \d+ of user daemon is working on run/);
    expect((await run(second, 'cancel', 'latest')).stderr).toContain('bettertogether adopt');
    expect((await run(second, 'adopt', '--yes')).code).toBe(0);
    const cancelled = await run(second, 'cancel', 'latest');
    expect(cancelled.code, cancelled.stderr).toBe(0);
    expect(cancelled.stderr).toMatch(/Process \d+ of user daemon was asked to stop run/);
    expect((await working.done).code).toBe(130);
  });

  it('go on with a run that the other has left or that was killed', async () => {
    fake.setLatency(3_600_000);
    const working = start(first, optimize);
    await expect.poll(() => fake.counters.inFlight, { timeout: 60_000 }).toBeGreaterThan(0);
    working.child.kill('SIGKILL');
    await working.done;
    fake.setLatency(0);
    expect((await run(second, 'resume', 'latest')).stderr).toContain('bettertogether adopt');
    expect((await run(second, 'adopt', '--yes')).code).toBe(0);
    const resumed = await run(second, 'resume', 'latest', '--json');
    expect(resumed.code, resumed.stderr).toBe(0);
    const [id] = readdirSync(join(workspace.folder, '.bettertogether', 'runs'));
    const events = readFileSync(join(workspace.folder, '.bettertogether', 'runs', id!, 'events.jsonl'), 'utf8');
    expect(events).toContain('run.finished');
    const shown = await run(first, 'show', 'latest', '--json');
    expect(lastJson<{ scores: unknown }>(shown).scores).toEqual(lastJson<{ scores: unknown }>(resumed).scores);
  });
});
