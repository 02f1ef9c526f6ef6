import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Comparison } from '../../src/comparison.ts';
import { comparisonSchema, comparisonTotals } from '../../src/comparison.ts';
import { PythonRandom } from '../../src/engine/pythonRandom.ts';
import { paperStrategies } from '../../src/data/strategy.ts';
import { resultSchema } from '../../src/protocol.ts';
import type { RunStates } from '../../src/run/record/stateFile.ts';
import type { FakeCall, FakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { startFakeEndpoint } from '../fakes/fakeEndpoint.ts';
import { killedAt } from './crash/moments.ts';
import type { Finished } from './workspace.ts';
import { lastJson, studentAnswer, Workspace } from './workspace.ts';

let fake: FakeEndpoint;
let workspace: Workspace;

beforeEach(async () => {
  fake = await startFakeEndpoint({ answer: studentAnswer, latencyMs: 1 });
  workspace = new Workspace({ baseURL: fake.baseURL });
});
afterEach(async () => {
  workspace.dispose();
  await fake.close();
});

const compare = (strategies: string, seeds: string) => [
  ...['compare', 'two', '--strategies', strategies, '--seeds', seeds, '--yes'],
];

const recordIn = (finished: Finished): Comparison => comparisonSchema.parse(lastJson(finished));

/** What must not depend on when and how often a comparison was interrupted. */
const essence = ({ strategies, seeds, cells }: Comparison) => ({
  strategies,
  seeds,
  cells: cells.map(({ strategy, seed, status, dev, test, best }) => ({ strategy, seed, status, dev, test, best })),
});

const cellOf = ({ cells }: Comparison, strategy: string, seed = 0) =>
  cells.find((cell) => cell.strategy === strategy && cell.seed === seed)!;

const foldersIn = (place: Workspace, name: string) => readdirSync(join(place.folder, '.bettertogether', name));

describe('compare', () => {
  it('all eight strategies with two seeds: no call twice, no second job for a shared prefix', async () => {
    const run = await workspace.run([...compare('all', '0,1'), '--json']);
    expect(run.code, run.stderr).toBe(0);
    const comparison = recordIn(run);
    expect(run.stdout.trim().split('\n')).toHaveLength(1);
    expect(comparison).toMatchObject({ status: 'finished', strategies: paperStrategies, seeds: [0, 1] });
    expect(comparison.cells.map(({ status }) => status)).toEqual(Array.from({ length: 16 }, () => 'done'));

    expect(fake.counters.repeated).toBe(0);
    // w, w -> w and p -> w of each seed; every other weight step is a prefix that was trained before.
    expect(fake.counters.jobsCreated).toBe(6);
    const { usage, spent } = comparisonTotals(comparison);
    expect(usage.calls).toBe(fake.counters.answered);
    expect(spent.calls).toBe(usage.calls);

    expect(cellOf(comparison, '', 0).dev).toMatchObject({ score: 33.33, n: 15 });
    expect(cellOf(comparison, 'p -> w -> p', 1)).toMatchObject({ dev: { score: 100 }, best: { prefix: 'p -> w' } });
    expect(lastJson<{ rows: unknown[] }>(run).rows).toContainEqual({
      strategy: 'w',
      dev: { mean: 100, deviation: 0, seeds: 2 },
      test: { mean: 100, deviation: 0, seeds: 2 },
    });

    // Every cell is an ordinary run.
    const runs = await workspace.run(['runs', '--json']);
    const listed = lastJson<{ runs: { run: string; status: string; seed: number; strategy: string }[] }>(runs).runs;
    for (const cell of comparison.cells) {
      const found = listed.find((one) => one.run === cell.run)!;
      expect(found).toMatchObject({ status: 'finished', seed: cell.seed, strategy: cell.strategy });
    }

    // The same command again: the table, from the record.
    fake.reset();
    const table = await workspace.run(compare('all', '0,1'));
    expect(table.code).toBe(0);
    expect(table.stdout).toMatch(/strategy +dev 0 +dev 1 +dev mean +test 0 +test 1 +test mean/);
    expect(table.stdout).toMatch(/p -> w -> p +100\.0 +100\.0 +100\.0 ± 0\.0 +100\.0/);
    expect(table.stdout).toContain(comparison.cells[15]!.run);
    const markdown = await workspace.run([...compare('all', '0,1'), '--markdown']);
    expect(markdown.stdout).toMatch(/^\| baseline \| 33\.3 \| 33\.3 \| 33\.3 ± 0\.0 \|/m);
    expect(fake.counters.requests).toBe(0);
    expect(foldersIn(workspace, 'runs')).toHaveLength(16);
  });

  it('a dash with the reason where nothing was trained on, and the other strategies go on', async () => {
    // Without demos the base model knows nothing: there are no traces to train on.
    fake.setAnswer((call: FakeCall) => {
      const knows = call.model !== 'base' || call.messages.length > 2;
      return knows || studentAnswer(call).includes('hint for') ? studentAnswer(call) : '[[ ## answer ## ]]\nno idea';
    });
    const run = await workspace.run([...compare('w,w -> p,p,p -> w', '0'), '--json']);
    expect(run.code, run.stderr).toBe(0);
    const comparison = recordIn(run);
    for (const strategy of ['w', 'w -> p']) {
      expect(cellOf(comparison, strategy)).toMatchObject({ status: 'done', dev: null, test: null });
      expect(cellOf(comparison, strategy).reason).toContain('nothing to train on: 0 of 40');
      expect(cellOf(comparison, strategy).best).toMatchObject({ prefix: '' });
    }
    expect(cellOf(comparison, 'p').dev!.score).toBeGreaterThan(50);
    expect(cellOf(comparison, 'p -> w').dev!.score).toBe(100);
    expect(fake.counters.jobsCreated).toBe(1);
    const { stdout } = await workspace.run(compare('w,w -> p,p,p -> w', '0'));
    expect(stdout).toMatch(/^w -> p +– +–$/m);
    expect(stdout).toContain('w (seed 0), w -> p (seed 0): –: nothing to train on');
  });

  it('a job that fails is the end of its cells only, is not sent twice, and is tried again by the same command', async () => {
    fake.setFineTuning({ failWith: 'out of quota' });
    const failing = await workspace.run([...compare('p,w,w -> p,w -> w', '0'), '--json']);
    expect(failing.code).toBe(1);
    const comparison = recordIn(failing);
    expect(cellOf(comparison, 'p').status).toBe('done');
    for (const strategy of ['w', 'w -> p', 'w -> w']) {
      expect(cellOf(comparison, strategy)).toMatchObject({ status: 'failed', dev: null });
      expect(cellOf(comparison, strategy).reason).toContain('out of quota');
    }
    expect(fake.counters.jobsCreated).toBe(1);

    fake.setFineTuning({});
    const again = await workspace.run([...compare('p,w,w -> p,w -> w', '0'), '--json']);
    expect(again.code, again.stderr).toBe(0);
    expect(recordIn(again).id).toBe(comparison.id);
    expect(recordIn(again).cells.every(({ status }) => status === 'done')).toBe(true);
    expect(fake.counters.repeated).toBe(0);
  });

  it('one budget for all cells and all sessions, to the call; what the rest would cost is said', async () => {
    const cap = 200;
    const stopped = await workspace.run([...compare('p,w', '0,1'), '--json', '--budget-calls', String(cap)]);
    expect(stopped.code).toBe(3);
    const before = recordIn(stopped);
    expect(before).toMatchObject({ status: 'stopped', stopped: { reason: 'budget' }, budget: { calls: cap } });
    expect(fake.counters.answered).toBe(cap);
    expect(comparisonTotals(before).spent.calls).toBe(cap);
    expect(before.stopped!.rest!.calls.expected).toBeGreaterThan(100);
    expect(before.stopped!.rest!.jobs).toBe(2);
    expect(stopped.stderr).toMatch(/The rest would take about [\d,.k]+ calls .* 2 training jobs/);

    // Higher, but not high enough: it is the same budget.
    const higher = await workspace.run([...compare('p,w', '0,1'), '--json', '--budget-calls', '400']);
    expect(higher.code).toBe(3);
    expect(fake.counters.answered).toBe(400);

    const enough = await workspace.run([...compare('p,w', '0,1'), '--json', '--budget-calls', '5000']);
    expect(enough.code, enough.stderr).toBe(0);
    const after = recordIn(enough);
    expect(after.id).toBe(before.id);
    expect(fake.counters.repeated).toBe(0);
    expect(comparisonTotals(after).usage.calls).toBe(fake.counters.answered);
  });

  it('kill -9 at random moments, and the same command goes on: the same table, no job twice', async () => {
    const strategies = 'p,w';
    const undisturbed = recordIn(await workspace.run([...compare(strategies, '0,1'), '--json']));
    const other = await startFakeEndpoint({ answer: studentAnswer, latencyMs: 5 });
    const victim = new Workspace({ baseURL: other.baseURL });
    const seed = 20241007;
    const answers = { of: other, atMost: Math.floor(fake.counters.answered / 3) };
    const moments = { random: new PythonRandom(seed), between: [1200, 3000] as const, answers };
    let kills = 0;
    try {
      let comparison: Comparison | null = null;
      for (let session = 0; comparison === null; session++) {
        expect(session, `seed ${seed}`).toBeLessThan(40);
        const begun = victim.start([...compare(strategies, '0,1'), '--json']);
        const finished = await killedAt(begun, moments, session * 1500);
        if (finished.code === 0) comparison = recordIn(finished);
        else {
          expect(finished.code, finished.stderr).toBeNull();
          kills++;
        }
      }
      expect(kills).toBeGreaterThan(1);
      expect(essence(comparison)).toEqual(essence(undisturbed));
      expect(foldersIn(victim, 'comparisons')).toEqual([comparison.id]);
      expect(other.counters.jobsCreated).toBe(2);
      // Answers that were under way when the process died are asked for again; the limit is 8 in flight.
      expect(other.counters.repeated).toBeLessThanOrEqual(kills * 8);
    } finally {
      victim.dispose();
      await other.close();
    }
  }, 300_000);

  it('--lattice measures prompts of one strategy with weights of another, in a run of its own', async () => {
    const run = await workspace.run([...compare('p,p -> w', '0'), '--lattice', '--json']);
    expect(run.code, run.stderr).toBe(0);
    const { lattices } = recordIn(run);
    expect(lattices).toHaveLength(1);
    const [lattice] = lattices;
    expect(lattice).toMatchObject({ status: 'done', seed: 0 });
    expect(lattice!.cells.map(({ key }) => key)).toEqual([' × ', ' × p -> w', 'p × ', 'p × p -> w']);
    const dev = Object.fromEntries(lattice!.cells.map(({ key, dev: score }) => [key, score]));
    // What the strategies have reached is not measured again, and is the same.
    expect(dev['p × ']).toBe(cellOf(recordIn(run), 'p').dev!.score);
    expect(dev[' × p -> w']).toBe(cellOf(recordIn(run), 'p -> w').dev!.score);
    expect(fake.counters.repeated).toBe(0);
    expect(fake.counters.jobsCreated).toBe(1);
    // 15 dev rows, two predictors, for the one point that no strategy reached; both tuned points are right on all.
    expect(lattice!.usage!.calls).toBeLessThanOrEqual(30);
    expect(lattice!.best).toBe(' × p -> w');

    const statesOf = (id: string | null) => {
      const file = join(workspace.folder, '.bettertogether', 'runs', id!, 'state.json');
      return JSON.parse(readFileSync(file, 'utf8')) as RunStates;
    };
    const answering = (strategy: string) =>
      statesOf(cellOf(recordIn(run), strategy).run).final.state.predictors['answer']!;
    const both = statesOf(lattice!.run).steps!['p × p -> w']!.predictors['answer']!;
    expect(both).toEqual({ ...answering('p'), model: answering('p -> w').model });
    expect(both.demos.length).toBeGreaterThan(0);

    const { stdout } = await workspace.run([...compare('p,p -> w', '0'), '--lattice']);
    expect(stdout).toMatch(/^lattice, seed 0: prompts of +weights of baseline +weights of p -> w$/m);
  });

  it('optimize --lattice: the points of one run are among its scores, also after a resume', async () => {
    const args = ['optimize', 'two', '--strategy', 'p -> w', '--lattice', '--yes', '--json'];
    const stopped = await workspace.run([...args, '--budget-calls', '300']);
    expect(stopped.code).toBe(3);
    const resumed = await workspace.run(['resume', 'latest', '--budget-calls', '5000', '--json']);
    expect(resumed.code, resumed.stderr).toBe(0);
    const result = resultSchema.parse(lastJson(resumed));
    expect(Object.keys(result.scores)).toEqual(['', 'p', 'p -> w', 'p × p -> w']);
    expect(result.scores['p × p -> w']).toEqual({ dev: 100, test: null });
    expect(result).toMatchObject({ final: 'p -> w', best: 'p -> w' });
    const { stdout } = await workspace.run(['show', 'latest']);
    expect(stdout).toMatch(/^p × p -> w +100\.0/m);
  });

  it('a second process is refused with the pid of the first; cancelling the run of a cell stops it all', async () => {
    fake.setLatency(50);
    const args = compare('vanilla,p', '0');
    const { child, done } = workspace.start(args);
    await expect.poll(() => fake.counters.answered, { timeout: 60_000 }).toBeGreaterThan(10);
    const second = await workspace.run(args);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(String(child.pid));
    // Between two runs there is none to cancel.
    const cancel = async () => (await workspace.run(['cancel', 'latest'])).code;
    await expect.poll(cancel, { timeout: 60_000 }).toBe(0);
    const stopped = await done;
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain('The same command goes on');
    const [id] = foldersIn(workspace, 'comparisons');
    const file = join(workspace.folder, '.bettertogether', 'comparisons', id!, 'record.json');
    const record = comparisonSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    expect(record).toMatchObject({ status: 'stopped', stopped: { reason: 'cancelled' } });
    fake.setLatency(0);
    expect((await workspace.run(args)).code).toBe(0);
    expect(foldersIn(workspace, 'comparisons')).toEqual([id]);
  });

  it('a changed program is another comparison; a program that does not load leaves none', async () => {
    expect((await workspace.run(compare('vanilla', '0'))).code).toBe(0);
    const source = readFileSync(join(workspace.folder, 'program.ts'), 'utf8');
    workspace.write('program.ts', `${source}\n// changed\n`);
    expect((await workspace.run(compare('vanilla', '0'))).code).toBe(0);
    expect(foldersIn(workspace, 'comparisons')).toHaveLength(2);
    workspace.write('program.ts', source.replace('class Two', 'class Three'));
    const failing = await workspace.run(compare('vanilla', '0'));
    expect(failing.code).toBe(2);
    expect(failing.stderr).toContain('Two');
    expect(foldersIn(workspace, 'comparisons')).toHaveLength(2);
    expect(foldersIn(workspace, 'runs')).toHaveLength(2);
  });

  it('--dry-run estimates every shared step once and starts nothing', async () => {
    const { code, stdout, stderr } = await workspace.run([...compare('p,p -> w', '0,1'), '--dry-run', '--json']);
    expect(code, stderr).toBe(0);
    const { plan } = JSON.parse(stdout) as { plan: { jobs: number; steps: { prefix: string; kind: string }[] } };
    expect(plan.jobs).toBe(2);
    expect(plan.steps.filter(({ kind }) => kind === 'p')).toHaveLength(1);
    expect(() => foldersIn(workspace, 'comparisons')).toThrow();
    // Five rows of two calls, and three that found out what the endpoint can do (it refuses the fourth).
    expect(fake.counters.answered).toBe(10 + 3);
  });

  it('refuses what it does not understand', async () => {
    for (const [strategies, seeds, word] of [
      ['p,q', '0', 'step 1 of 1 is "q"'],
      ['p', '0,x', '"x" is no seed'],
      ['p', '-1', '"-1" is no seed'],
    ] as const) {
      const { code, stderr } = await workspace.run(compare(strategies, seeds));
      expect(stderr).toContain(word);
      expect(code).toBe(2);
    }
    expect((await workspace.run([...compare('p', '0'), '--json', '--markdown'])).code).toBe(2);
  });
});
