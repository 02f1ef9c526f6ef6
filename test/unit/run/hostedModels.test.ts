/** Tuned models that are deployed while they are asked: what is started, charged and stopped, and by whom. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { EndpointRefused } from '../../../src/engine/errors.ts';
import { Budget } from '../../../src/engine/budget.ts';
import type { ResolvedTrainer } from '../../../src/finetune/settings.ts';
import { DeploymentLedger } from '../../../src/run/record/deploymentLedger.ts';
import type { HostedModels, HostedModelsOptions } from '../../../src/run/services/hostedModels.ts';
import { FakeDeployments, hostedSession, hostingTrainer as trainer, never } from '../../fakes/fakeDeployments.ts';

let folder: string;
let service: FakeDeployments;
let charged: number[];
let connected: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bt-hosted-'));
  service = new FakeDeployments();
  charged = [];
  connected = 0;
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

function session(more: Partial<HostedModelsOptions> = {}): HostedModels {
  return hostedSession(service, folder, {
    connect: () => {
      connected++;
      return { deployments: service, close: () => Promise.resolve() };
    },
    account: { charge: (_, usd) => charged.push(usd), checkCap: () => undefined },
    ...more,
  });
}
const say = () => undefined;

it('connects to nothing for the base, deploys once for many calls at once, and stops it at the end', async () => {
  const models = session();
  await models.ready('base', never);
  expect([connected, service.starts]).toEqual([0, 0]);
  await Promise.all(Array.from({ length: 20 }, () => models.ready('m#bt-one', never)));
  expect([connected, service.starts, [...service.up]]).toEqual([1, 1, ['bt-one']]);
  await models.close(say);
  expect([[...service.up], await new DeploymentLedger(folder).list()]).toEqual([[], []]);
});

it('charges the time by the minute, and the rest at the end', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const models = session();
  await models.ready('m#bt-one', never);
  vi.setSystemTime(Date.now() + 10 * 60_000);
  await models.ready('m#bt-one', never);
  expect(charged).toEqual([expect.closeTo(1, 6)]);
  vi.setSystemTime(Date.now() + 5 * 60_000);
  await models.close(say);
  expect(charged[1]).toBeCloseTo(0.5, 6);
});

it('a wait that costs more than the cap ends, and what was waited for is stopped', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const budget = new Budget({ calls: null, tokens: null, usd: 0.5 }, { calls: 0, tokens: 0, usd: 0 });
  const charge = (key: string, usd: number) => budget.charge(key, { calls: 0, tokens: 0, usd });
  const models = session({ account: { charge, checkCap: () => budget.checkSpent() } });
  service.answer = { phase: 'changing' };
  const state = service.state.bind(service);
  let looks = 0;
  service.state = (id) => {
    looks++;
    vi.setSystemTime(Date.now() + 60_000);
    return state(id);
  };
  await expect(models.ready('m#bt-one', never)).rejects.toThrow(/^\$0\.6.* of \$0\.5000 is spent/);
  // At a tenth of a dollar a minute.
  expect(looks).toBe(6);
  await models.close(say);
  expect([...service.up]).toEqual([]);
});

it('of one that a dead process left up charges the time since then, as far as the service kept it up', async () => {
  const ledger = new DeploymentLedger(folder);
  const past = new Date(Date.now() - 5 * 3_600_000).toISOString();
  const about = { v: 1, id: 'bt-one', model: 'm#bt-one', endpoint: 'lab', trainer, usdPerHour: 6 } as const;
  await ledger.put({ ...about, created: past, paidUntil: past });
  service.up.add('bt-one');
  const models = session();
  await models.ready('m#bt-one', never);
  // Half an hour: then the service had stopped it.
  expect([service.starts, charged[0]]).toEqual([0, expect.closeTo(3, 2)]);
  await models.close(say);
  expect([...service.up]).toEqual([]);
});

it('stops at its end what a process that died left behind at this service, though it did not ask it', async () => {
  const ledger = new DeploymentLedger(folder);
  const now = new Date().toISOString();
  const left = { v: 1, id: 'bt-old', model: 'm#bt-old', endpoint: 'lab', trainer, usdPerHour: 6 } as const;
  const other = { ...left, id: 'bt-other', trainer: { ...trainer, account: 'you' } };
  for (const entry of [left, other]) {
    await ledger.put({ ...entry, created: now, paidUntil: now });
    service.up.add(entry.id);
  }
  const models = session();
  await models.ready('m#bt-one', never);
  await models.close(say);
  expect([...service.up]).toEqual(['bt-other']);
});

it('stops what a process that died left behind also where all is remembered, so that nothing is asked', async () => {
  const now = new Date().toISOString();
  const about = { v: 1, id: 'bt-one', model: 'm#bt-one', endpoint: 'lab', trainer, usdPerHour: 6 } as const;
  const models = session();
  await models.release(say);
  expect(connected).toBe(0);
  await new DeploymentLedger(folder).put({ ...about, created: now, paidUntil: now });
  service.up.add('bt-one');
  await models.close(say);
  expect([connected, [...service.up], await new DeploymentLedger(folder).list()]).toEqual([1, [], []]);
});

it('stops what it took up, though the key was named otherwise by what died', async () => {
  const ledger = new DeploymentLedger(folder);
  const now = new Date().toISOString();
  const renamed = { ...trainer, apiKeyEnv: 'OLD_KEY' } as ResolvedTrainer;
  const about = { v: 1, id: 'bt-one', model: 'm#bt-one', endpoint: 'old', usdPerHour: 1 } as const;
  await ledger.put({ ...about, trainer: renamed, created: now, paidUntil: now });
  service.up.add('bt-one');
  const models = session();
  await models.ready('m#bt-one', never);
  expect(await ledger.find('bt-one')).toMatchObject({ endpoint: 'lab', usdPerHour: 6, trainer, created: now });
  await models.close(say);
  expect([[...service.up], await ledger.list()]).toEqual([[], []]);
});

it('stops what it holds though its entry is gone or damaged, and names what cannot be read', async () => {
  const models = session();
  for (const id of ['bt-one', 'bt-two']) await models.ready(`m#${id}`, never);
  rmSync(join(folder, 'bt-one.json'));
  writeFileSync(join(folder, 'bt-two.json'), '{"v":1');
  const odd = join(folder, 'bt-odd.json');
  writeFileSync(odd, '{"v":1,"id":"bt-odd"}');
  const said: string[] = [];
  await models.release((message) => said.push(message));
  await models.close((message) => said.push(message));
  expect([...service.up]).toEqual([]);
  expect(said).toEqual([expect.stringMatching(/bt-odd\.json cannot be read.*look at the service for bt-odd/)]);
  expect(await new DeploymentLedger(folder).unreadable()).toEqual([odd]);
});

it('a start that was given up, and comes through after the first look, is stopped too', async () => {
  const models = session();
  let isSent = false;
  service.start = (model) => {
    isSent = true;
    const stop = service.stop.bind(service);
    // It comes through right behind the first stop.
    service.stop = async (id) => {
      await stop(id);
      service.stop = stop;
      service.up.add(model.split('#')[1]!);
    };
    return Promise.reject(new Error('the answer was lost'));
  };
  await expect(models.ready('m#bt-one', never)).rejects.toThrow('the answer was lost');
  await models.close(say);
  expect([isSent, [...service.up], await new DeploymentLedger(folder).list()]).toEqual([true, [], []]);
});

it('waits at its end for a start that nobody waits for any more', async () => {
  const models = session();
  const cancelled = new AbortController();
  const start = service.start.bind(service);
  service.start = async (model) => {
    cancelled.abort();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await start(model);
  };
  await expect(models.ready('m#bt-one', cancelled.signal)).rejects.toThrow();
  await models.close(say);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect([service.starts, [...service.up], await new DeploymentLedger(folder).list()]).toEqual([1, [], []]);
});

it('says what could not be stopped, and keeps it written down', async () => {
  const models = session();
  await models.ready('m#bt-one', never);
  service.stop = () => Promise.reject(new Error('no network'));
  const said: string[] = [];
  await models.close((message) => said.push(message));
  expect(said.length).toBe(1);
  expect(said.join()).toMatch(/bt-one.*could not be stopped.*\$6.* an hour.*no network.*prune/);
  expect((await new DeploymentLedger(folder).list()).map(({ id }) => id)).toEqual(['bt-one']);
});

it('a deployment that failed refuses in the words of the service, and one that is never ready is waited for no longer', async () => {
  service.answer = { phase: 'failed', said: 'no GPU is free' };
  const models = session();
  await expect(models.ready('m#bt-one', never)).rejects.toThrow(EndpointRefused);
  service.answer = { phase: 'changing' };
  await expect(models.ready('m#bt-one', never)).rejects.toThrow(/is not ready after/);
  await models.close(say);
  expect([...service.up]).toEqual([]);
});
