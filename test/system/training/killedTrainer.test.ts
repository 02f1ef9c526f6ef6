/** The embedded endpoint's trainer as a real process that is killed: the same job goes on, or fails and says why. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { homeAt } from '../../../src/home/home.ts';
import { defaults } from '../../../src/embedded/models/hyperParameters.ts';
import type { Job } from '../../../src/embedded/jobs/jobStore.ts';
import { JobStore } from '../../../src/embedded/jobs/jobStore.ts';
import { JobRunner } from '../../../src/embedded/jobs/runner.ts';
import { Worker } from '../../../src/embedded/jobs/worker.ts';
import { ServedModels } from '../../../src/embedded/models/servedModels.ts';

/**
 * Speaks as the trainer does, and kills itself in the middle of a job as often as the file `kills` says. What it trains
 * is all that it was sent, so that equal jobs give equal bytes.
 */
const trainer = `#!${process.execPath}
const { appendFileSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join, dirname } = require('node:path');
const folder = dirname(__filename);
const say = (message) => process.stdout.write(JSON.stringify(message) + '\\n');
const kills = Number(readFileSync(join(folder, 'kills'), 'utf8'));
say({ type: 'ready' });
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { type, job, rows, out, ...settings } = JSON.parse(line);
  if (type !== 'train') return;
  appendFileSync(join(folder, 'begun'), process.pid + '\\n');
  say({ type: 'progress', job, step: 1, steps: 2, epoch: 0.5, loss: 1 });
  mkdirSync(out + '.tmp', { recursive: true });
  if (readFileSync(join(folder, 'begun'), 'utf8').split('\\n').length - 1 <= kills) {
    console.error('about to be killed');
    process.kill(process.pid, 'SIGKILL');
  }
  mkdirSync(out);
  writeFileSync(join(out, 'adapter.gguf'), JSON.stringify(settings) + readFileSync(rows, 'utf8'));
  say({ type: 'done', job, trained_tokens: 3, seconds: 0, loss: 0.5 });
}).on('close', () => process.exit(0));
`;

let root: string;
let store: JobStore;
let models: ServedModels;
const runners: JobRunner[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bt-killed-'));
  store = new JobStore(homeAt(root));
  models = new ServedModels(homeAt(root), { name: 'base', path: '/model.gguf', hash: 'abc' });
  writeFileSync(join(root, 'trainer.cjs'), trainer);
  chmodSync(join(root, 'trainer.cjs'), 0o755);
});
afterEach(async () => {
  for (const runner of runners.splice(0)) await runner.close();
  rmSync(root, { recursive: true, force: true });
});

function server(): JobRunner {
  const command = { python: join(root, 'trainer.cjs'), sources: root };
  const worker = new Worker({ command, model: '/model.gguf', threads: 1, onLog: () => undefined });
  const runner = new JobRunner({ store, models, worker: () => Promise.resolve(worker), onLog: () => undefined });
  runners.push(runner);
  return runner;
}

async function trained(kills: number, tunedName: string): Promise<Job> {
  writeFileSync(join(root, 'kills'), String(kills));
  rmSync(join(root, 'begun'), { force: true });
  const { id } = await store.create(
    {
      ...{ status: 'queued', model: 'base', modelHash: 'abc', tunedName, trainingFile: 'file-1', suffix: null },
      ...{ metadata: {}, hyperParameters: defaults, method: { type: 'supervised' } },
      ...{ rows: 1, created: Date.now(), finished: null },
      ...{ trainedTokens: null, error: null, kills: 0 },
    },
    [{ prompt: [1, 2], completion: [3] }],
  );
  await server().look();
  await expect.poll(async () => (await store.find(id)).status, { timeout: 60_000 }).toMatch(/succeeded|failed/);
  return store.find(id);
}

const begun = () => readFileSync(join(root, 'begun'), 'utf8').trim().split('\n').length;
const adapter = (name: string) => readFileSync(join(models.folder(name), 'adapter.gguf'), 'utf8');

describe('the embedded trainer', () => {
  it.each([1, 2])('killed %i times gives what it gives undisturbed, in one job', async (kills) => {
    expect(await trained(0, 'base-ft-quiet')).toMatchObject({ status: 'succeeded', kills: 0 });
    const job = await trained(kills, 'base-ft-killed');
    expect(job).toMatchObject({ status: 'succeeded', kills, trainedTokens: 3 });
    expect(begun()).toBe(kills + 1);
    expect(adapter('base-ft-killed')).toBe(adapter('base-ft-quiet'));
    const said = (await store.events(job.id)).map(({ message }) => message);
    for (let start = 2; start <= kills + 1; start++) {
      expect(said).toContain(`trainer was killed; started again (${start} of 3)`);
    }
  });

  it('killed each time is given up after the third, with its last words and the usual reason', async () => {
    const job = await trained(99, 'base-ft-hopeless');
    expect(job).toMatchObject({ status: 'failed', kills: 3 });
    expect(job.error).toMatch(/killed 3 times \(SIGKILL\)\..*memory.*about to be killed$/);
    expect(begun()).toBe(3);
    expect(existsSync(models.folder('base-ft-hopeless'))).toBe(false);
  });
});
