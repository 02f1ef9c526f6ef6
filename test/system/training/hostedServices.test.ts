/** Runs that train at Together and at Fireworks, each played by its fake: one file, one job, one deployment, no bill left. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunResult } from '../../../src/protocol.ts';
import { resultSchema } from '../../../src/protocol.ts';
import { startFakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import type { FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { FakeFireworks } from '../../fakes/fakeFireworks.ts';
import { FakeTogether } from '../../fakes/fakeTogether.ts';
import { lastJson, studentAnswer, Workspace } from '../workspace.ts';

/** A service as these tests look at it. */
interface Played {
  readonly fake: FakeTogether | FakeFireworks;
  readonly fineTune: Readonly<Record<string, unknown>>;
  /** Files or data sets whose rows came, jobs, and deployments ever made. */
  counts(): readonly [number, number, number];
  /** Deployments that cost now. */
  running(): number;
}

const services: Readonly<Record<string, () => Played>> = {
  Together: () => {
    const fake = new FakeTogether({ jobReads: 3 });
    return {
      fake,
      fineTune: { kind: 'together', model: 'meta/base', deploy: { usdPerHour: 3600 } },
      counts: () => [fake.uploads, fake.jobs.length, fake.deploymentsMade],
      running: () => fake.running.length,
    };
  },
  Fireworks: () => {
    const fake = new FakeFireworks({ jobReads: 3 });
    return {
      fake,
      fineTune: {
        ...{ kind: 'fireworks', account: 'me', model: 'accounts/fireworks/models/base' },
        deploy: { usdPerHour: 3600 },
      },
      counts: () => [fake.datasets.size, fake.jobs.length, fake.deploymentsMade],
      running: () => fake.deployments.length,
    };
  },
};

/** Nothing but the time of deployments costs: a dollar a second. */
const prices = { '*': { input: 0, output: 0, training: 0 } };

/** Little to ask: these tests are about what is trained and deployed. */
const small = {
  rows: { train: 12, dev: 5, test: 4 },
  settings: { p: { candidates: 2, maxBootstrappedDemos: 1, maxLabeledDemos: 1, train: 6, validation: 6 } },
};

const optimize = ['optimize', 'two', '--yes', '--json', '--strategy', 'p -> w -> p'];

describe.each(Object.entries(services))('%s', (_, play) => {
  let played: Played;
  let endpoint: FakeEndpoint;
  let workspace: Workspace;
  /** The user's home, where deployments are written down. */
  let home: string;

  beforeEach(async () => {
    played = play();
    home = mkdtempSync(join(tmpdir(), 'bt-home-'));
    endpoint = await startFakeEndpoint({
      answer: studentAnswer,
      intercept: (request, response) => played.fake.handle(request, response),
      serves: (model) => played.fake.serves(model),
    });
    workspace = workspaceWith({});
  });
  afterEach(async () => {
    workspace.dispose();
    await endpoint.close();
    rmSync(home, { recursive: true, force: true });
  });

  const workspaceWith = (more: Readonly<Record<string, unknown>>) =>
    new Workspace({
      baseURL: endpoint.baseURL,
      ...small,
      settings: { ...small.settings, w: { lora: { rank: 8 } } },
      endpoint: { patienceSeconds: 3, prices, fineTune: { ...played.fineTune, pollSeconds: 0.05, ...more } },
    });
  const env = () => ({ XDG_DATA_HOME: home });
  const ledger = () => {
    const folder = join(home, 'bettertogether', 'deployments');
    return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  };
  const resultOf = (run: { readonly code: number | null; readonly stdout: string; readonly stderr: string }) => {
    expect(run.code, run.stderr).toBe(0);
    return resultSchema.parse(lastJson<RunResult>(run));
  };

  it('p -> w -> p trains, deploys what it asks, pays for the time, and stops it; a second run is free', async () => {
    const first = resultOf(await workspace.run(optimize, env()));
    expect(first.scores['p -> w -> p']?.dev).toBe(100);
    expect([played.counts(), played.running(), ledger()]).toEqual([[1, 1, 1], 0, []]);
    expect(first.usage.usd).toBeGreaterThan(0);
    const again = resultOf(await workspace.run(optimize, env()));
    // All is remembered, so nothing is deployed.
    expect([again.scores, again.usage.calls, played.counts()]).toEqual([first.scores, 0, [1, 1, 1]]);
  });

  it('evaluate of a tuned state counts what its deployment cost, and stops it', async () => {
    const { run } = resultOf(await workspace.run(optimize, env()));
    rmSync(join(workspace.folder, '.bettertogether', 'cache'), { recursive: true });
    const evaluated = await workspace.run(['evaluate', 'two', '--state', run, '--yes', '--json'], env());
    expect(evaluated.code, evaluated.stderr).toBe(0);
    expect(lastJson<{ readonly usage: { readonly usd: number } }>(evaluated).usage.usd).toBeGreaterThan(0);
    expect([played.counts(), played.running(), ledger()]).toEqual([[1, 1, 2], 0, []]);
  });

  it('killed while its job runs, and again while its model is deployed: one file, one job, one deployment', async () => {
    played.fake.configure({ jobReads: 1e9, deploymentReads: 1e9 });
    const killed = workspace.start(optimize, env());
    await expect.poll(() => played.counts()[1], { timeout: 60_000, interval: 5 }).toBe(1);
    killed.child.kill('SIGKILL');
    await killed.done;
    played.fake.configure({ jobReads: 1, deploymentReads: 1e9 });
    const again = workspace.start(['resume', 'latest', '--json'], env());
    await expect.poll(() => played.running(), { timeout: 60_000, interval: 5 }).toBe(1);
    again.child.kill('SIGKILL');
    await again.done;
    expect([played.running(), ledger().length]).toEqual([1, 1]);
    played.fake.configure({ jobReads: 1, deploymentReads: 1 });
    const result = resultOf(await workspace.run(['resume', 'latest', '--json'], env()));
    expect(result.scores['p -> w -> p']?.dev).toBe(100);
    expect([played.counts(), played.running(), ledger()]).toEqual([[1, 1, 1], 0, []]);
    // The time of the session that died is in the account.
    expect(result.usage.usd).toBeGreaterThan(0);
  });

  it('a run that died leaves a deployment that prune names, with its price, and stops', async () => {
    played.fake.configure({ jobReads: 1, deploymentReads: 1e9 });
    const killed = workspace.start(optimize, env());
    await expect.poll(() => played.running(), { timeout: 60_000, interval: 5 }).toBe(1);
    const living = await workspace.run(['prune', '--yes'], env());
    expect([living.code, played.running()]).toEqual([0, 1]);
    killed.child.kill('SIGKILL');
    await killed.done;
    const pruned = await workspace.run(['prune', '--yes'], env());
    expect(pruned.code, pruned.stderr).toBe(0);
    expect(pruned.stdout).toMatch(
      /deployment of ".*bt-.*" at endpoint "fake", about \$3600.* an hour while it is up: no run asks it/,
    );
    expect([played.running(), ledger()]).toEqual([0, []]);
  });

  it('cancelled while its model is deployed, it stops that; a deployment that is never ready pauses the run', async () => {
    played.fake.configure({ jobReads: 1, deploymentReads: 1e9 });
    const running = workspace.start(optimize, env());
    await expect.poll(() => played.running(), { timeout: 60_000, interval: 5 }).toBe(1);
    running.child.kill('SIGINT');
    await running.done;
    expect([played.running(), ledger()]).toEqual([0, []]);
    workspace.dispose();
    workspace = workspaceWith({ stallMinutes: 0.02 });
    const paused = await workspace.run(optimize, env());
    expect(paused.stderr).toMatch(/is not ready after .*`bettertogether resume` starts it again and trains nothing/);
    expect(played.running()).toBe(0);
  });

  it('a deployment that fails says why, is removed, and names the setting', async () => {
    played.fake.configure({ jobReads: 1, failDeployments: 'no H100 is free in this region' });
    const failed = await workspace.run(optimize, env());
    expect(failed.stderr).toMatch(/could not be deployed .*no H100 is free.*"deploy" of endpoints.fake.fineTune/);
    expect([played.running(), ledger(), played.counts()[1]]).toEqual([0, [], 1]);
  });

  it('without a word on deployments it ends before anything is asked, and says what to write', async () => {
    workspace.dispose();
    const fineTune = { ...played.fineTune, deploy: undefined };
    workspace = new Workspace({ baseURL: endpoint.baseURL, endpoint: { fineTune } });
    const run = await workspace.run(optimize, env());
    expect(run.stderr).toMatch(/endpoints.fake.fineTune.deploy .*costs by the hour.*"usdPerHour"/);
    expect([run.code === 0, endpoint.counters.completions, played.counts()]).toEqual([false, 0, [0, 0, 0]]);
  });

  it('rows that are refused once they were looked at start no job', async () => {
    played.fake.configure({ jobReads: 1, refuseRows: 'row 3 is empty' });
    const run = await workspace.run(optimize, env());
    expect(run.stderr).toContain('does not take the training file: row 3 is empty');
    expect(played.counts().slice(1)).toEqual([0, 0]);
  });

  it('a job that the service does not take names the setting', async () => {
    workspace.dispose();
    workspace = new Workspace({
      baseURL: endpoint.baseURL,
      settings: { w: { lora: { rank: 128 } } },
      endpoint: { fineTune: { ...played.fineTune, pollSeconds: 0.05 } },
    });
    const run = await workspace.run(optimize, env());
    expect(run.stderr).toMatch(
      /does not take a fine-tuning job .*must be.*at most 64.*Change "lora.rank" of the weight step/,
    );
    expect(played.counts()[1]).toBe(0);
  });

  it('goes through 503 and lost answers: one job, one deployment', async () => {
    played.fake.configure({ jobReads: 3 });
    played.fake.fault(2);
    played.fake.loseAnswers(2);
    const result = resultOf(await workspace.run(optimize, env()));
    expect(result.scores['p -> w -> p']?.dev).toBe(100);
    expect([played.counts(), played.running()]).toEqual([[1, 1, 1], 0]);
  });

  it('the price by the hour is said before the run, and agreed to', async () => {
    const plan = await workspace.run(['optimize', 'two', '--dry-run', '--yes', '--strategy', 'p -> w -> p'], env());
    expect(plan.stdout).toMatch(
      /Tuned models are deployed at 127.0.0.1:\d+ when they are first asked .*about \$3600.* an hour/,
    );
    const unasked = await workspace.run(
      optimize.filter((word) => word !== '--yes'),
      env(),
    );
    expect(unasked.stderr).toMatch(/Tuned models are deployed .*an hour.*add --yes/);
    expect(played.counts()).toEqual([0, 0, 0]);
  });
});
