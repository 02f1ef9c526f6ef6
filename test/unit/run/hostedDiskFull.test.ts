/** Deployments on a disk that is full: what costs is stopped all the same. */
import type * as Fs from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FakeDeployments, hostedSession, never } from '../../fakes/fakeDeployments.ts';
import { DeploymentLedger } from '../../../src/run/record/deploymentLedger.ts';

const disk = vi.hoisted(() => ({ isFull: false }));
const full = () => Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof Fs>();
  const writable =
    <A extends unknown[], R>(write: (...all: A) => R) =>
    (...all: A): R => {
      if (disk.isFull) throw full();
      return write(...all);
    };
  return { ...fs, writeFileSync: writable(fs.writeFileSync), unlinkSync: writable(fs.unlinkSync) };
});

let folder: string;
let service: FakeDeployments;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bt-hosted-full-'));
  service = new FakeDeployments();
});
afterEach(() => {
  disk.isFull = false;
  rmSync(folder, { recursive: true, force: true });
});

it('stops each, though no lock is written or removed, no cost entered and nothing said; then says what was wrong', async () => {
  const charges: string[] = [];
  const models = hostedSession(service, folder, {
    account: {
      charge: (key) => {
        charges.push(key);
        if (disk.isFull) throw full();
      },
      checkCap: () => undefined,
    },
  });
  for (const id of ['bt-one', 'bt-two', 'bt-three']) await models.ready(`m#${id}`, never);
  disk.isFull = true;
  const stop = service.stop.bind(service);
  service.stop = (id) => (id === 'bt-one' ? Promise.reject(new Error('no network')) : stop(id));
  const say = () => {
    throw new Error('the log is full');
  };
  await expect(models.close(say)).rejects.toThrow('the log is full');
  expect([[...service.up], charges.length]).toEqual([['bt-one'], 3]);
  service.stop = stop;
  disk.isFull = false;
  // What this process no longer asks is not taken for asked, though its lock could not be removed.
  const ledger = new DeploymentLedger(folder);
  expect([(await ledger.list()).map(({ id }) => id), await ledger.isHeld('bt-one')]).toEqual([['bt-one'], false]);
});

it('a deployment that another session of this process asks stays up until that one ends too', async () => {
  const [first, second] = [hostedSession(service, folder), hostedSession(service, folder)];
  await first.ready('m#bt-one', never);
  await second.ready('m#bt-one', never);
  await first.close(() => undefined);
  expect([...service.up]).toEqual(['bt-one']);
  await second.close(() => undefined);
  expect([...service.up]).toEqual([]);
});
