import { mkdirSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Comparison, ComparisonCell } from '../../../src/comparison.ts';
import { comparisonRows, comparisonSchema, comparisonTotals, nothingSpent } from '../../../src/comparison.ts';
import { everyStepOf, parseStrategies } from '../../../src/data/strategy.ts';
import type { ResolvedStep } from '../../../src/config/steps.ts';
import { needOf } from '../../../src/engine/capNeed.ts';
import { tokensOfPlan } from '../../../src/engine/plan.ts';
import { optimizers } from '../../../src/engine/optimizers/all.ts';
import { UsageError } from '../../../src/base/errors.ts';
import { capsLeft } from '../../../src/run/compare/compare.ts';
import { planComparison, stateKey } from '../../../src/run/compare/comparePlan.ts';
import { comparisonFiles, comparisonsFolder, readComparisons } from '../../../src/run/compare/comparisonFolder.ts';
import { beginComparison, findSame, isComplete, reopenComparison } from '../../../src/run/compare/openComparison.ts';
import { orderedCells, parseSeeds, prefixesOfAll, questionHash } from '../../../src/run/compare/question.ts';
import { comparisonMarkdown, comparisonTable } from '../../../src/run/text/comparisonTable.ts';
import { loadDatasets } from '../../../src/run/data/loadData.ts';
import type { RunPlan } from '../../../src/run/work/request.ts';
import { temporaryFolder } from './folder.ts';
import { sampleConfig as config } from '../../fakes/sampleConfig.ts';
import { scoreOf, usage, state } from './samples.ts';

const question = {
  config,
  strategies: ['', 'p', 'w'],
  seeds: [0, 1],
  data: { train: { file: 'train.jsonl', sha256: 'aa' }, dev: { file: 'dev.jsonl', sha256: 'bb' }, test: null },
};

function cell(strategy: string, seed: number, change: Partial<ComparisonCell> = {}): ComparisonCell {
  return {
    strategy,
    seed,
    status: 'done',
    run: `run-${strategy === '' ? 'baseline' : strategy}-${seed}`,
    dev: null,
    test: null,
    best: { prefix: strategy, dev: 50, test: null },
    usage,
    spent: { calls: 4, tokens: 110, usd: 0.5 },
    seconds: 10,
    ...change,
  };
}

const comparison: Comparison = {
  v: 1,
  type: 'comparison',
  id: 'c1',
  created: '2026-11-23T12:00:00.000Z',
  updated: '2026-11-23T12:00:00.000Z',
  program: 'intents',
  endpoint: 'embedded',
  model: 'base',
  strategies: ['', 'p', 'w'],
  seeds: [0, 1],
  budget: { calls: 100, tokens: null, usd: 4 },
  question: 'q',
  sources: null,
  status: 'finished',
  stopped: null,
  cells: [
    cell('', 0, { dev: scoreOf(50), test: scoreOf(40) }),
    cell('p', 0, { dev: scoreOf(60), test: scoreOf(70), best: { prefix: '', dev: 61, test: 40 } }),
    cell('w', 0, { reason: 'nothing to train on: 0 of 9 training examples had a correct trace' }),
    cell('', 1, { dev: scoreOf(50), test: scoreOf(40) }),
    cell('p', 1, { dev: scoreOf(70), test: scoreOf(80) }),
    cell('w', 1, { dev: scoreOf(90), test: scoreOf(90) }),
  ],
  lattices: [],
};

describe('the question', () => {
  it('reads strategies: all, or some in any spelling, each once', () => {
    expect(parseStrategies('all', optimizers.names)).toHaveLength(8);
    expect(parseStrategies('baseline, p->w ,Π → Θ,p', optimizers.names)).toEqual(['', 'p -> w', 'p']);
    expect(() => parseStrategies('p,x', optimizers.names)).toThrow(UsageError);
  });

  it('reads seeds', () => {
    expect(parseSeeds('2, 0,2')).toEqual([2, 0]);
    for (const wrong of ['', '1,', '1.5', '-1', 'a']) expect(() => parseSeeds(wrong)).toThrow(UsageError);
  });

  it('works seed by seed, shorter strategies first, so that every prefix is there when it is needed', () => {
    const cells = orderedCells(['p -> w -> p', 'w', '', 'p -> w', 'p'], [1, 0]);
    expect(cells.map(({ strategy, seed }) => `${seed} ${strategy}`)).toEqual([
      ...['1 ', '1 w', '1 p', '1 p -> w', '1 p -> w -> p'],
      ...['0 ', '0 w', '0 p', '0 p -> w', '0 p -> w -> p'],
    ]);
    expect(prefixesOfAll(['p -> w', 'p -> p'])).toEqual(['', 'p', 'p -> w', 'p -> p']);
  });

  it('asks for what any of its strategies asks for', () => {
    expect(everyStepOf(['', 'p', 'w -> p', 'w'])).toEqual(['p', 'w']);
    expect(everyStepOf(['', 'p'])).toEqual(['p']);
  });

  it('is the same in a workspace that was moved', () => {
    const at = (place: string) => ({
      ...question,
      config: {
        ...config,
        program: { file: `${place}/program.ts`, name: 'Intents' },
        endpoint: {
          ...config.endpoint,
          fineTune: {
            ...{ kind: 'command' as const, model: null, pollSeconds: 5, command: ['train'], parentArguments: null },
            ...{ rowsFormat: 'messages' as const, files: {}, env: {} },
            cwd: place,
            folder: `${place}/.bettertogether/jobs`,
          },
        },
      },
      start: { kind: 'state' as const, from: `${place}/mine.json`, state },
      data: { ...question.data, train: { file: `${place}/train.jsonl`, sha256: 'aa' } },
    });
    expect(questionHash(at('/home/ann/old'), '/home/ann/old')).toBe(questionHash(at('/mnt/new'), '/mnt/new'));
    expect(questionHash(at('/home/ann/old'), '/mnt/new')).not.toBe(questionHash(at('/mnt/new'), '/mnt/new'));
  });

  it('is the same with a higher cap, and another with other settings, data, strategies or seeds', () => {
    const hash = questionHash(question, '/w');
    const raised = { ...config, budget: { calls: 9, tokens: null, usd: null }, strategy: ['w'], seed: 7 };
    expect(questionHash({ ...question, config: raised }, '/w')).toBe(hash);
    for (const other of [
      { ...question, config: { ...config, model: 'other' } },
      { ...question, seeds: [0] },
      { ...question, strategies: ['p'] },
      { ...question, data: { ...question.data, dev: { file: 'dev.jsonl', sha256: 'cc' } } },
    ]) {
      expect(questionHash(other, '/w')).not.toBe(hash);
    }
  });
});

describe('the table', () => {
  it('has a mean over the seeds that have a score, with their deviation', () => {
    const [baseline, p, w] = comparisonRows(comparison);
    expect(baseline!.dev).toEqual({ mean: 50, deviation: 0, seeds: 2 });
    expect(p!.test).toEqual({ mean: 75, deviation: Math.sqrt(50), seeds: 2 });
    expect(w!.dev).toEqual({ mean: 90, deviation: null, seeds: 1 });
    expect(w!.cells.map(({ seed }) => seed)).toEqual([0, 1]);
  });

  it('adds up what was paid; unknown dollars stay unknown', () => {
    const totals = comparisonTotals(comparison);
    expect(totals).toMatchObject({
      usage: { calls: 24, cached: 6, usd: 0 },
      spent: { calls: 24, usd: 3 },
      seconds: 60,
    });
    const unknown = { ...comparison, cells: [cell('', 0, { usage: { ...usage, usd: null } }), cell('p', 0)] };
    expect(comparisonTotals(unknown).usage.usd).toBeNull();
  });

  it('on a terminal: seeds and mean, a dash with its reason, where best differs, the runs behind', () => {
    const text = String(comparisonTable(comparison));
    expect(text).toMatch(/^strategy +dev 0 +dev 1 +dev mean +test 0 +test 1 +test mean$/m);
    expect(text).toMatch(/^p +60\.0 +70\.0 +65\.0 ± 7\.1 +70\.0 +80\.0 +75\.0 ± 7\.1$/m);
    expect(text).toMatch(/^w +– +90\.0 +90\.0 +– +90\.0 +90\.0$/m);
    expect(text).toContain('w (seed 0): –: nothing to train on: 0 of 9');
    expect(text).toContain('p (seed 0): baseline, dev 61.0, test 40.0');
    expect(text).toMatch(/^p +1 +run-p-1 +4 +1 +10\.0$/m);
    expect(text).toContain('24 calls paid for, 6 from the memo');
  });

  it('says what is not done yet, what failed, and what the rest would cost', () => {
    const open: Comparison = {
      ...comparison,
      status: 'stopped',
      stopped: {
        reason: 'budget',
        message: 'The budget of the comparison does not allow the next call: 100 of 100 calls spent.',
        rest: { calls: { expected: 900, most: 1200 }, usd: { expected: 1, most: 2 }, jobs: 1 },
      },
      cells: [
        cell('', 0, { dev: scoreOf(50) }),
        cell('p', 0, { status: 'failed', reason: 'no \u001B[31mluck', best: null }),
        cell('w', 0, { status: 'waiting', run: null, usage: null, best: null, seconds: 0, spent: nothingSpent }),
      ],
      seeds: [0],
    };
    const text = String(comparisonTable(open));
    expect(text).toMatch(/^p +failed$/m);
    expect(text).toMatch(/^w +…$/m);
    expect(text).toContain('p (seed 0): failed: no');
    expect(text).not.toContain('\u001B');
    expect(text).toContain('2 of 3 cells not done');
    expect(text).toContain('about 900 calls (at most 1,200), $1.00 (at most $2.00) and 1 training job');
  });

  it('as Markdown, with what Markdown would take for its own escaped', () => {
    const hostile = { ...comparison, program: 'a|b', cells: [cell('', 0, { reason: '<img src=x> | **bold**' })] };
    const text = String(comparisonMarkdown({ ...hostile, strategies: [''], seeds: [0] }));
    expect(text).toMatch(/^\| strategy \| dev 0 \|$/m);
    expect(text).toContain('a\\|b');
    expect(text).toContain('\\<img src=x\\> \\| \\*\\*bold\\*\\*');
    const whole = String(comparisonMarkdown({ ...comparison, strategies: ['', 'p -> w'] }));
    expect(whole).toMatch(/^\| baseline \| 50\.0 \| 50\.0 \| 50\.0 ± 0\.0 \| 40\.0/m);
  });

  it('shows the lattice: prompts down, weights across, the best in words', () => {
    const lattice = {
      seed: 0,
      run: 'run-lattice',
      status: 'done' as const,
      cells: [
        { key: ' × ', prompts: '', weights: '', dev: 50, test: 40 },
        { key: ' × w', prompts: '', weights: 'w', dev: 55, test: null },
        { key: 'p × ', prompts: 'p', weights: '', dev: 60, test: null },
        { key: 'p × w', prompts: 'p', weights: 'w', dev: 70, test: 66 },
      ],
      best: 'p × w',
      usage,
      spent: { calls: 1, tokens: 1, usd: 0 },
      seconds: 1,
    };
    const text = String(comparisonTable({ ...comparison, lattices: [lattice] }));
    expect(text).toMatch(/^lattice, seed 0: prompts of +weights of baseline +weights of w$/m);
    expect(text).toMatch(/^p +60\.0 +70\.0$/m);
    expect(text).toContain('Best on dev: prompts of p, weights of w: dev 70.0, test 66.0 (run run-lattice).');
    expect(comparisonTotals({ ...comparison, lattices: [lattice] }).usage.calls).toBe(28);
  });
});

describe('one budget', () => {
  it('leaves a cell what the others did not spend; its own earlier sessions count against it in its run', () => {
    expect(capsLeft(comparison, comparison.cells[0]!)).toEqual({ calls: 80, tokens: null, usd: 1.5 });
    expect(capsLeft(comparison, { spent: nothingSpent })).toEqual({ calls: 76, tokens: null, usd: 1 });
    const poor = { ...comparison, budget: { calls: 10, tokens: null, usd: null } };
    expect(capsLeft(poor, poor.cells[0]!).calls).toBe(0);
  });
});

describe('the record', () => {
  const budget = { calls: null, tokens: null, usd: null };

  it('is found again by the same question, unless the sources have changed', async () => {
    const workspace = temporaryFolder();
    const file = join(workspace, 'program.ts');
    writeFileSync(file, 'one');
    const sha256 = createHash('sha256').update('one').digest('hex');
    const open = await beginComparison(workspace, question, budget);
    await open.save({ sources: { [file]: sha256 } });
    await open.saveCell({ ...open.comparison.cells[0]!, run: 'some-run', status: 'done' });
    await open.close();
    expect((await findSame(workspace, question))!.comparison.id).toBe(open.comparison.id);
    expect(await findSame(workspace, { ...question, seeds: [5] })).toBeNull();
    writeFileSync(file, 'two');
    expect(await findSame(workspace, question)).toBeNull();
  });

  it('belongs to one process at a time', async () => {
    const workspace = temporaryFolder();
    const open = await beginComparison(workspace, question, budget);
    await expect(reopenComparison(workspace, open.location, budget)).rejects.toThrow(String(process.pid));
    expect((await readComparisons(workspace))[0]!.pid).toBe(process.pid);
    await open.saveCell({ ...open.comparison.cells[0]!, run: 'some-run' });
    await open.close();
    const again = await reopenComparison(workspace, open.location, { ...budget, calls: 5 });
    expect(again.comparison).toMatchObject({ status: 'running', budget: { calls: 5 } });
    await again.close();
  });

  it('is not left behind where nothing was begun, and one that cannot be read is passed over', async () => {
    const workspace = temporaryFolder();
    const open = await beginComparison(workspace, question, budget);
    expect(comparisonSchema.parse(open.comparison)).toEqual(open.comparison);
    await open.close();
    expect(await readComparisons(workspace)).toEqual([]);
    const broken = join(comparisonsFolder(workspace), 'x');
    mkdirSync(broken, { recursive: true });
    writeFileSync(comparisonFiles(broken).record, '{"v": 1');
    expect(await readComparisons(workspace)).toEqual([]);
  });

  it('is complete when every cell is done, and every lattice that is asked for', () => {
    expect(isComplete(comparison, false)).toBe(true);
    expect(isComplete(comparison, true)).toBe(false);
    expect(isComplete({ ...comparison, cells: [cell('', 0, { status: 'failed' })] }, false)).toBe(false);
  });
});

describe('the estimate', () => {
  const sample = { runs: 5, paidCalls: 10, correct: 0.5, predictors: 1, calls: 2, inputTokens: 100, outputTokens: 10 };
  const planned: RunPlan = {
    program: 'intents',
    strategy: 'p -> w',
    seconds: { expected: 100, most: 200 },
    devRows: 12,
    promptsTo: null,
    rowsTo: null,
    plan: {
      sample,
      steps: [],
      calls: { expected: 1000, most: 2000 },
      inputTokens: null,
      outputTokens: null,
      usd: null,
      jobs: 1,
    },
  };
  const hooks = { signal: new AbortController().signal, log: () => undefined };

  async function workspaceWithData() {
    const workspace = temporaryFolder();
    const rows = (n: number) =>
      Array.from({ length: n }, (_, i) => `${JSON.stringify({ utterance: `${n} ${i}`, answer: 'a' })}\n`).join('');
    for (const [name, n] of [
      ['train', 40],
      ['dev', 10],
    ] as const)
      writeFileSync(join(workspace, `${name}.jsonl`), rows(n));
    const data = { train: join(workspace, 'train.jsonl'), dev: join(workspace, 'dev.jsonl'), test: null };
    const own = { ...config, data };
    return { workspace, config: own, datasets: await loadDatasets(own) };
  }

  it('counts a prefix once a seed however many strategies share it, and the baseline once', async () => {
    const place = await workspaceWithData();
    const request = { ...place, strategies: ['', 'p', 'p -> w'], seeds: [0, 1, 2] };
    const { plan } = await planComparison(request, { planRun: () => Promise.resolve(planned) }, hooks);
    expect(plan.steps.map(({ prefix, work }) => `${work} ${prefix}`)).toEqual([
      ...['score ', 'step p', 'score p', 'step p -> w', 'score p -> w'],
    ]);
    expect(plan.jobs).toBe(3);
    const [baseline, , scored] = plan.steps;
    expect(baseline!.calls.expected).toBe(20);
    expect(scored!.calls.expected).toBe(3 * 20);
    expect(plan.calls.expected).toBe(plan.steps.reduce((sum, { calls }) => sum + calls.expected, 0));
  });

  it('counts every update of a policy as a job, and asks a cap for one of them at a time', async () => {
    const place = await workspaceWithData();
    const step = { kind: 'grpo', settings: optimizers.get('grpo').resolve({}, { embedded: true }) };
    const own = { ...place.config, steps: { ...place.config.steps, grpo: step as ResolvedStep } };
    const request = { ...place, config: own, strategies: ['grpo'], seeds: [0, 1] };
    const { plan } = await planComparison(request, { planRun: () => Promise.resolve(planned) }, hooks);
    const { job } = plan.steps.find(({ work }) => work === 'step')!;
    // 20 updates of the embedded endpoint.
    expect([plan.jobs, job!.jobs]).toEqual([40, 40]);
    const spent = tokensOfPlan(plan)!.most;
    const one = job!.tokens!.most / 40;
    expect(needOf(plan, 'tokens')!.most).toBeGreaterThanOrEqual(spent);
    expect(needOf(plan, 'tokens')!.most).toBeLessThan(spent + 5 * one);
  });

  it('leaves out what is done', async () => {
    const place = await workspaceWithData();
    const request = { ...place, strategies: ['', 'w'], seeds: [0, 1] };
    const done = new Set([stateKey(0, ''), stateKey(0, 'w'), stateKey(1, '')]);
    const { plan } = await planComparison(request, { planRun: () => Promise.resolve(planned) }, hooks, done);
    expect(plan.steps.map(({ prefix }) => prefix)).toEqual(['w', 'w']);
    expect(plan.jobs).toBe(1);
  });
});
