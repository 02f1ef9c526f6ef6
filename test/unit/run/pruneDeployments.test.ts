/** Deployments that died runs left up, as `prune` names and stops them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ResolvedTrainer } from '../../../src/finetune/settings.ts';
import { removeDeployment } from '../../../src/run/prune/pruneDeployments.ts';
import { DeploymentLedger } from '../../../src/run/record/deploymentLedger.ts';
import { hostingTrainer } from '../../fakes/fakeDeployments.ts';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import type { FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { FakeFireworks } from '../../fakes/fakeFireworks.ts';
import { cli, makeWorkspace } from '../cli/workspace.ts';

let home: string;
let service: FakeEndpoint;
let ledger: DeploymentLedger;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'bt-prune-home-'));
  for (const name of ['HOME', 'XDG_DATA_HOME', 'LOCALAPPDATA']) vi.stubEnv(name, home);
  const fake = new FakeFireworks();
  service = await startFakeEndpoint({ intercept: (request, response) => fake.handle(request, response) });
  ledger = new DeploymentLedger();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await service.close();
  rmSync(home, { recursive: true, force: true });
});

async function put(id: string, more: Partial<ResolvedTrainer>): Promise<void> {
  const now = new Date().toISOString();
  const trainer = { ...hostingTrainer, baseURL: service.baseURL, ...more } as ResolvedTrainer;
  const about = { v: 1, id, model: `m#${id}`, endpoint: 'lab', usdPerHour: 6, created: now, paidUntil: now } as const;
  await ledger.put({ ...about, trainer });
}
const left = async () => (await ledger.list()).map(({ id }) => id);

it('stops all that it can, and names each that it cannot and each entry that it cannot read', async () => {
  await put('bt-a', { apiKeyEnv: 'NO_SUCH_KEY_A' });
  await put('bt-b', {});
  await put('bt-c', { apiKeyEnv: 'NO_SUCH_KEY_C' });
  writeFileSync(ledger.path({ id: 'bt-d' }), '{}');
  const { code, out, err } = await cli(makeWorkspace(), ['prune', '--yes']);
  expect(code).not.toBe(0);
  expect(out).toMatch(/deployment of "m#bt-b" at endpoint "lab", about \$6.* an hour while it is up: no run asks it\n/);
  expect(err).toMatch(/2 of 3 could not be removed:\n.*"m#bt-a".*NO_SUCH_KEY_A.*\n.*"m#bt-c".*NO_SUCH_KEY_C/);
  expect(err).toMatch(/bt-d\.json cannot be read/);
  expect(await left()).toEqual(['bt-a', 'bt-c']);
});

it('speaks of no bytes where nothing lies on the disk', async () => {
  await put('bt-b', {});
  const { code, out } = await cli(makeWorkspace(), ['prune', '--yes']);
  expect([code, out.split('\n').at(-2), await left()]).toEqual([0, 'removed 1 deployment', []]);
  expect(out).not.toMatch(/bytes|\.json/);
});

it('one that a run has come to ask is not removed, and said not to be', async () => {
  await put('bt-b', {});
  const lock = ledger.hold('bt-b');
  await expect(removeDeployment({ path: ledger.path({ id: 'bt-b' }) })).rejects.toThrow('a run has come to ask it');
  lock.release();
  expect(await left()).toEqual(['bt-b']);
});
