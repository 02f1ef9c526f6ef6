/** Disks that are full or may not be written to, and two processes at once: what the command line says. */
import { spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startFakeEndpoint, type FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { installFailingFs, type FailingFs } from '../../fakes/failingFs.ts';
import { smallWorkspace } from '../faults/runs.ts';
import { lastJson, studentAnswer } from '../workspace.ts';
import { answerOf, essence, Project } from './session.ts';

vi.mock('../../../src/host/nodeHost.ts', () => import('./inProcessHost.ts'));

let failing: FailingFs;
let fake: FakeEndpoint;
let project: Project;

beforeAll(async () => {
  failing = await installFailingFs();
});
afterAll(() => {
  failing.uninstall();
});
beforeEach(async () => {
  fake = await startFakeEndpoint({ answer: answerOf });
  project = new Project(fake.baseURL);
});
afterEach(async () => {
  failing.disarm();
  project.dispose();
  await fake.close();
});

describe('a folder that may not be written to', () => {
  it('from the start: named, with what to do, and nothing is asked of the endpoint', async () => {
    const run = await project.begin();
    failing.arm({ folder: project.state, at: 1, fault: 'readOnly' });
    const error = await project.sit(run).catch((thrown: unknown) => thrown as Error);
    failing.disarm();
    expect(error).toMatchObject({ name: 'HumanError' });
    expect((error as Error).message).toContain(project.state);
    expect((error as Error).message).toMatch(/permission/);
    expect(fake.counters.completions).toBe(0);
  });

  it.runIf(process.platform !== 'win32')('the workspace itself: exit 1 with the folder named', async () => {
    const workspace = smallWorkspace(fake.baseURL);
    chmodSync(workspace.folder, 0o555);
    try {
      const { code, stderr } = await asNobody(workspace.folder, ['optimize', 'two', '--yes']);
      expect(stderr).toContain(join(workspace.folder, '.bettertogether'));
      expect(stderr).toMatch(/permission denied/);
      expect(stderr).not.toContain('bug');
      expect(code).toBe(1);
    } finally {
      chmodSync(workspace.folder, 0o755);
      workspace.dispose();
    }
  });
});

describe('a disk that is full for a moment', () => {
  it('in mid-run: the run ends and says so; with room again resume goes on, and pays nothing twice', async () => {
    const other = new Project(fake.baseURL);
    const expected = essence(await other.sit(await other.begin()));
    other.dispose();
    fake.reset();
    const run = await project.begin();
    failing.arm({ folder: project.state, at: 20, fault: 'full' });
    await expect(project.sit(run)).rejects.toThrow(/disk is full/);
    failing.disarm();
    const before = fake.counters.answered;
    expect(before).toBeGreaterThan(0);
    expect(essence(await project.sit(run, { resumed: true }))).toEqual(expected);
    expect(fake.counters.repeated).toBeLessThanOrEqual(5);
  });
});

describe('two runs at once', () => {
  it('in one workspace share answers and the job: nothing is paid twice, both end the same', async () => {
    const slow = await startFakeEndpoint({ answer: studentAnswer, latencyMs: 5, fineTuning: { polls: 5 } });
    const workspace = smallWorkspace(slow.baseURL);
    try {
      const args = ['optimize', 'two', '--yes', '--json', '--strategy', 'p -> w -> p'];
      const [one, two] = await Promise.all([workspace.run(args), workspace.run(args)]);
      expect([one.code, two.code], one.stderr + two.stderr).toEqual([0, 0]);
      expect(essence(lastJson(two))).toEqual(essence(lastJson(one)));
      expect(slow.counters.jobsCreated).toBe(1);
      const runs = readdirSync(join(workspace.folder, '.bettertogether', 'runs'));
      expect(runs).toHaveLength(2);
    } finally {
      workspace.dispose();
      await slow.close();
    }
  });

  it('on one run: the second is told who is at it', async () => {
    const run = await project.begin();
    fake.setLatency(20);
    const first = project.sit(run);
    await expect.poll(() => fake.counters.completions).toBeGreaterThan(3);
    const second = project.sit(run, { resumed: true });
    await expect(second).rejects.toMatchObject({
      name: 'HumanError',
      message: expect.stringContaining(run.id) as unknown,
    });
    await expect(second).rejects.toThrow(String(process.pid));
    fake.setLatency(0);
    await first;
  });

  it('a folder in the place of a file is named', async () => {
    const run = await project.begin();
    mkdirSync(join(run.folder, 'events.jsonl'));
    await expect(project.sit(run)).rejects.toMatchObject({
      name: 'HumanError',
      message: expect.stringContaining('events.jsonl') as unknown,
    });
  });
});

/** The built command line as a user who may not write everywhere, as root may. */
async function asNobody(
  cwd: string,
  args: readonly string[],
): Promise<{ readonly code: number; readonly stderr: string }> {
  const asRoot = process.getuid?.() === 0;
  // The repository may lie where only root can read.
  const dist = mkdtempSync(join(tmpdir(), 'bettertogether-dist-'));
  try {
    cpSync(fileURLToPath(new URL('../../../dist', import.meta.url)), dist, {
      recursive: true,
      filter: (path) => extname(path) === '' || /\.c?js$/.test(path),
    });
    chmodSync(dist, 0o755);
    const user = asRoot ? { uid: 65534, gid: 65534 } : {};
    const child = spawn(process.execPath, [join(dist, 'cli.js'), ...args], { cwd, ...user });
    let stderr = '';
    child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString('utf8')));
    const code = await new Promise<number>((resolve) => child.on('close', (ended) => resolve(ended ?? -1)));
    return { code, stderr };
  } finally {
    rmSync(dist, { recursive: true });
  }
}
