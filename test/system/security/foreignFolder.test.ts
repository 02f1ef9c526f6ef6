/** A `.bettertogether` folder that came with a repository: two people, known by their homes, and the built command line. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startFakeEndpoint, type FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { studentAnswer, Workspace } from '../workspace.ts';

let fake: FakeEndpoint;
let elsewhere: FakeEndpoint;
let workspace: Workspace;
let homes: string;

/** A person is who has a secret in their home. */
const as = (person: string): NodeJS.ProcessEnv => ({
  XDG_DATA_HOME: join(homes, person),
  LOCALAPPDATA: join(homes, person),
});
const mallory = as.bind(null, 'mallory');
const alice = as.bind(null, 'alice');

beforeEach(async () => {
  fake = await startFakeEndpoint({ answer: studentAnswer });
  elsewhere = await startFakeEndpoint({ answer: studentAnswer });
  workspace = new Workspace({ baseURL: fake.baseURL, strategy: 'p' });
  homes = mkdtempSync(join(tmpdir(), 'bettertogether-homes-'));
});
afterEach(async () => {
  workspace.dispose();
  rmSync(homes, { recursive: true });
  await fake.close();
  await elsewhere.close();
});

const stateFolder = () => join(workspace.folder, '.bettertogether');
const filesBelow = () =>
  readdirSync(stateFolder(), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
const requests = () => fake.counters.completions + elsewhere.counters.completions + elsewhere.counters.jobsCreated;

/** A run of Mallory's that stopped at its cap, and that names another address and a variable of whoever goes on with it. */
async function committedRun(): Promise<string> {
  const stopped = await workspace.run(['optimize', 'two', '--yes', '--budget-calls', '40'], mallory());
  expect(stopped.code, stopped.stderr).toBe(3);
  const [run] = readdirSync(join(stateFolder(), 'runs'));
  const file = join(stateFolder(), 'runs', run!, 'manifest.json');
  const text = readFileSync(file, 'utf8');
  const evil = text
    .replaceAll(fake.baseURL, elsewhere.baseURL)
    .replaceAll('"apiKeyEnv": null', '"apiKeyEnv": "SECRET_OF_ALICE"');
  expect(evil).not.toBe(text);
  writeFileSync(file, evil);
  fake.reset();
  return run!;
}

it('sends nothing, removes nothing and writes nothing for a run that was committed', async () => {
  const run = await committedRun();
  const files = filesBelow();
  const before = files.map((file) => readFileSync(file, 'utf8'));
  const env = { ...alice(), SECRET_OF_ALICE: 'sk-of-alice' };
  for (const args of [
    ['resume', run],
    ['export', run],
    ['prompt', run],
    ['evaluate', 'two', '--state', run, '--yes'],
    ['optimize', 'two', '--from', run, '--yes'],
  ]) {
    const { code, stderr, stdout } = await workspace.run(args, env);
    expect(`${args.join(' ')}: ${String(code)} ${stderr}`).toMatch(
      /2 .*was not made by you on this machine.*bettertogether adopt/s,
    );
    expect(stdout + stderr).not.toContain('sk-of-alice');
  }
  const pruned = await workspace.run(['prune', '--older-than', '0', '--memo', '--embedded', '--yes'], env);
  expect([pruned.code, pruned.stderr]).toEqual([
    0,
    expect.stringContaining(`left alone: run ${run}, remembered answers of others`),
  ]);
  for (const args of [['runs'], ['show', run], ['show', run, '--failures']]) {
    const { code, stdout } = await workspace.run(args, env);
    expect([code, stdout.length > 0]).toEqual([0, true]);
  }
  expect((await workspace.run(['show', run], env)).stdout).toContain('not made by you on this machine');
  expect(filesBelow()).toEqual(files);
  expect(files.map((file) => readFileSync(file, 'utf8'))).toEqual(before);
  expect(requests()).toBe(0);
});

it('shows addresses, variables and files before a run is taken over, and goes on with it afterwards', async () => {
  const stopped = await workspace.run(['optimize', 'two', '--yes', '--budget-calls', '40'], mallory());
  expect(stopped.code).toBe(3);
  const paid = fake.counters.completions;
  const asked = await workspace.run(['adopt'], alice());
  expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining('add --yes to take this over')]);
  for (const part of [fake.baseURL, 'program.ts', 'train.jsonl', 'remembered answers'])
    expect(asked.stderr).toContain(part);
  expect((await workspace.run(['resume', 'latest'], alice())).code).toBe(2);
  const taken = await workspace.run(['adopt', '--yes'], alice());
  expect(taken.stdout).toMatch(/^taken over, with \d+ remembered answers\n$/);
  expect((await workspace.run(['adopt'], alice())).stdout).toContain('nothing to take over');
  const resumed = await workspace.run(['resume', 'latest', '--budget-calls', '1000'], alice());
  expect(resumed.code, resumed.stderr).toBe(0);
  // In all about as many calls as a run that nobody interrupted.
  const total = fake.counters.completions;
  expect(total).toBeGreaterThan(paid);
  rmSync(stateFolder(), { recursive: true });
  fake.reset();
  await workspace.run(['optimize', 'two', '--yes'], alice());
  // But for what was in flight, and rows of losing candidates that are scored as answers come.
  expect(total).toBeLessThan(fake.counters.completions * 1.2);
});

it('takes no committed answer for one that was paid for', async () => {
  expect((await workspace.run(['optimize', 'two', '--yes'], mallory())).code).toBe(0);
  const first = fake.counters.completions;
  fake.reset();
  const estimate = await workspace.run(['optimize', 'two', '--yes', '--dry-run'], alice());
  expect([estimate.code, estimate.stderr]).toEqual([
    0,
    expect.stringContaining('`bettertogether adopt` takes them over'),
  ]);
  fake.reset();
  const own = await workspace.run(['optimize', 'two', '--yes'], alice());
  expect([own.code, own.stderr]).toEqual([0, expect.stringContaining('`bettertogether adopt` takes them over')]);
  // Which rows of losing candidates are still scored depends on the time that answers take.
  expect(fake.counters.completions).toBeGreaterThan(first * 0.8);
  // Each has their own from then on.
  fake.reset();
  expect((await workspace.run(['optimize', 'two', '--yes'], alice())).code).toBe(0);
  expect((await workspace.run(['optimize', 'two', '--yes'], mallory())).code).toBe(0);
  expect(fake.counters.completions).toBe(0);
});

it('keeps the secret out of the workspace, the output and the list of processes', async () => {
  const { stdout, stderr } = await workspace.run(['optimize', 'two', '--yes', '--json'], alice());
  const file = readdirSync(homes, { recursive: true, withFileTypes: true }).find(({ name }) => name === 'secret')!;
  const secret = readFileSync(join(file.parentPath, file.name), 'utf8').trim();
  expect(secret).toMatch(/^[0-9a-f]{64}$/);
  expect(stdout + stderr).not.toContain(secret);
  for (const path of filesBelow()) expect(readFileSync(path, 'latin1').includes(secret), path).toBe(false);
  expect(existsSync(join(stateFolder(), 'secret'))).toBe(false);
});
