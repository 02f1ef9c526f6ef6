/** Training on a real Ray head with two CPU workers and the embedded model. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openPlace, type Place } from '../system/training/embeddedTrainers.ts';
import { factCount, factsJob, finish, known, rewarded } from '../system/training/facts.ts';
import { besidePython, pythonWith } from './pythonWith.ts';

const never = new AbortController().signal;
let place: Place;
let python: string;
let head: ChildProcess;
let dashboard: string;
/** Short: Ray makes sockets below it, whose paths may not be long. */
let temporary: string;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function startHead(): Promise<void> {
  const [port, dashboardPort] = [await freePort(), await freePort()];
  const cluster = ['--head', '--block', '--num-cpus=2', `--port=${port}`, `--temp-dir=${temporary}`];
  const network = ['--node-ip-address=127.0.0.1', '--dashboard-host=127.0.0.1', `--dashboard-port=${dashboardPort}`];
  const rest = ['--object-store-memory=200000000', '--disable-usage-stats'];
  head = spawn(besidePython(python, 'ray'), ['start', ...cluster, ...network, ...rest], {
    stdio: 'ignore',
    detached: true,
  });
  dashboard = `http://127.0.0.1:${dashboardPort}`;
  const answers = () =>
    fetch(`${dashboard}/api/version`).then(
      ({ ok }) => ok,
      () => false,
    );
  await vi.waitFor(async () => expect(await answers()).toBe(true), { timeout: 180_000, interval: 1000 });
}

beforeAll(async () => {
  python = pythonWith('ray', ['ray[default,train]==2.60.0']);
  place = await openPlace();
  temporary = mkdtempSync('/tmp/bt-ray-');
  await startHead();
}, 1_800_000);
afterAll(async () => {
  // With --block the head ends everything it started when it is asked to end.
  const ended = new Promise((resolve) => head.once('exit', resolve));
  head.kill('SIGTERM');
  await ended;
  await place.close();
  rmSync(temporary, { recursive: true, force: true });
}, 120_000);

function trainer() {
  const storage = join(place.workspace, 'shared');
  mkdirSync(storage, { recursive: true });
  return place.trainerOf({
    ...{ kind: 'ray', baseURL: dashboard, apiKeyEnv: null, model: null, pollSeconds: 1 },
    ...{ workers: 2, cpusPerWorker: 1, gpusPerWorker: 0, dtype: 'auto', storage, sharedFolder: null },
    ...{ python, runtimeEnv: {} },
  });
}

const jobs = async () =>
  (await (await fetch(`${dashboard}/api/jobs/`)).json()) as readonly { readonly status: string }[];

describe('a Ray cluster', { timeout: 1_800_000 }, () => {
  it('trains on two workers; a job is submitted once however often it is sent; the adapter is served', async () => {
    const first = trainer();
    const job = factsJob(first, place.model);
    const id = await first.submit(job, never);
    // As after a crash: nothing is known but the hash.
    const again = trainer();
    expect(await again.find(job.hash, never)).toBe(id);
    expect(await again.submit(job, never)).toBe(id);
    expect((await jobs()).length).toBe(1);
    const began = performance.now();
    const status = await finish(again, id);
    process.stderr.write(`ray: ${status.state} after ${Math.round((performance.now() - began) / 1000)} s\n`);
    expect(status).toMatchObject({ state: 'succeeded', model: expect.stringMatching(/-ft-[0-9a-f]{16}$/) as string });
    expect(status.losses.length).toBe(24);
    expect(status.losses.at(-1)!).toBeLessThan(0.2 * status.losses[0]!);
    expect(await known(place.connection, status.model!)).toBe(factCount);
    expect(await known(place.connection, place.model)).toBe(0);
  });

  it('learns from rewards, each job from the model of the one before', async () => {
    const one = trainer();
    const first = await finish(one, await one.submit(factsJob(one, place.model, 4, rewarded), never));
    expect(first).toMatchObject({ state: 'succeeded', model: expect.stringMatching(/-ft-/) as string });
    // Weights moved from where the answers were sampled.
    expect(Math.max(...first.metrics.map(({ kl }) => kl ?? 0))).toBeGreaterThan(0);
    const second = await finish(one, await one.submit(factsJob(one, first.model!, 4, rewarded), never));
    expect(second.state).toBe('succeeded');
    expect(second.model).not.toBe(first.model);
    expect(await one.serves(second.model!, never)).toBe(true);
    process.stderr.write(`ray, rewards: losses ${[...first.losses, ...second.losses].join(', ')}\n`);
  });

  it('says why a job failed, and sends it anew under the next id', async () => {
    const one = trainer();
    const { hyperParameters, ...job } = factsJob(one, place.model, 1);
    const lora = { ...hyperParameters.lora, targets: ['no_such_layer'] };
    const wrong = { ...job, hash: 'e'.repeat(64), hyperParameters: { ...hyperParameters, lora } };
    const id = await one.submit(wrong, never);
    expect(await finish(one, id)).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('targets: expected') as string,
    });
    expect(await one.find(wrong.hash, never)).toBeNull();
    const next = await one.submit(wrong, never);
    expect(next).toBe(`${id}-2`);
    await one.cancel(next);
    await expect
      .poll(async () => (await one.poll(next, null, never)).state, { timeout: 60_000 })
      .toMatch(/cancelled|failed/);
  });
});
