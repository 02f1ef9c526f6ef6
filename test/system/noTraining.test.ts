/** An endpoint that cannot train, as vLLM, Ollama and most servers cannot: known before anything is paid. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RunPlan } from '../../src/run/work/request.ts';
import type { FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { lastJson, studentAnswer, Workspace } from './workspace.ts';

let fake: FakeEndpoint;
let workspace: Workspace;
let trains: boolean;

beforeEach(async () => {
  trains = false;
  fake = await startFakeEndpoint({
    answer: studentAnswer,
    intercept: ({ url = '' }, response) => {
      if (trains || !/^\/v1\/(files|fine_tuning)/.test(url)) return false;
      response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found');
      return true;
    },
  });
  workspace = new Workspace({ baseURL: fake.baseURL });
});
afterEach(async () => {
  workspace.dispose();
  await fake.close();
});

const why = 'cannot train: it has no fine-tuning jobs (404 page not found)';
const what = '--strategy p, or say in endpoints.fake.fineTune what trains';

it('is said by --dry-run of a strategy that trains, and of no other', async () => {
  const planned = await workspace.run(['optimize', 'two', '--dry-run', '--yes']);
  expect(planned.code, planned.stderr).toBe(0);
  expect(planned.stdout).toContain(why);
  expect(planned.stdout).toContain(what);
  const plan = lastJson<RunPlan>(await workspace.run(['optimize', 'two', '--dry-run', '--yes', '--json']));
  expect(plan.noTraining).toContain(why);
  const searched = await workspace.run(['optimize', 'two', '--strategy', 'p', '--dry-run', '--yes', '--json']);
  expect(lastJson<RunPlan>(searched)).not.toHaveProperty('noTraining');
});

it('ends optimize before a call is made, and leaves no run behind; --strategy p goes through', async () => {
  const refused = await workspace.run(['optimize', 'two', '--yes']);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(why);
  expect(refused.stderr).toContain(what);
  expect(fake.counters.completions).toBe(0);
  expect(readdirSync(join(workspace.folder, '.bettertogether', 'runs'))).toEqual([]);
  expect((await workspace.run(['optimize', 'two', '--yes', '--strategy', 'p'])).code).toBe(0);
});

it('ends a comparison before the cells that only search are paid for', async () => {
  const refused = await workspace.run(['compare', 'two', '--strategies', 'p,p -> w', '--seeds', '0', '--yes']);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(why);
  expect(fake.counters.completions).toBe(0);
});

it('is asked again once it was mended, and then no more', async () => {
  await workspace.run(['optimize', 'two', '--yes', '--strategy', 'w']);
  trains = true;
  const run = await workspace.run(['optimize', 'two', '--yes', '--strategy', 'w']);
  expect(run.code, run.stderr).toBe(0);
  trains = false;
  const again = await workspace.run(['optimize', 'two', '--yes', '--strategy', 'w']);
  expect(again.code, again.stderr).toBe(0);
});

it('is not asked of a service elsewhere by an estimate, which does not send its key; the run asks, and ends as early', async () => {
  const seen: string[] = [];
  const elsewhere = await startFakeEndpoint({
    intercept: ({ method = '', url = '' }, response) => {
      seen.push(`${method} ${url}`);
      response.writeHead(404).end('404 page not found');
      return true;
    },
  });
  const fineTune = { baseURL: elsewhere.baseURL, apiKeyEnv: 'TRAIN_KEY' };
  const apart = new Workspace({ baseURL: fake.baseURL, endpoint: { fineTune } });
  try {
    const planned = await apart.run(['optimize', 'two', '--dry-run', '--yes', '--json']);
    expect(lastJson<RunPlan>(planned)).not.toHaveProperty('noTraining');
    expect(seen).toEqual([]);
    fake.reset();
    const refused = await apart.run(['optimize', 'two', '--yes'], { TRAIN_KEY: 'sk-train' });
    expect(refused.stderr).toContain(why);
    expect([seen, fake.counters.completions]).toEqual([['GET /v1/fine_tuning/jobs?limit=1'], 0]);
  } finally {
    apart.dispose();
    await elsewhere.close();
  }
});
