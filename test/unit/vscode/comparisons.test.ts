import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { nothingSpent } from '../../../src/comparison.ts';
import type { Comparison } from '../../../src/comparison.ts';
import { comparisonFiles, comparisonsFolder, writeComparison } from '../../../src/run/compare/comparisonFolder.ts';
import { bestCell, bestRow, comparisonTitle, howComparisonEnded } from '../../../src/editor/items/comparisonText.ts';
import { comparisonArguments, spawnComparison } from '../../../src/editor/processes/comparisonProcess.ts';
import { ComparisonStore } from '../../../src/vscode/runs/comparisonStore.ts';
import type { RunStore } from '../../../src/vscode/runs/runStore.ts';
import { RunsView } from '../../../src/vscode/views/runsView.ts';
import { lastOutput } from '../../../src/editor/processes/runProcess.ts';
import { notifyOfEnds } from '../../../src/vscode/views/notifier.ts';
import { commandIds } from '../../../src/editor/names.ts';
import type { RunItem } from '../../../src/editor/items/runItem.ts';
import { EventEmitter, fake, resetFake } from '../../fakes/fakeVscode.ts';
import { temporaryFolder } from '../run/folder.ts';
import { runItem } from '../editor/samples.ts';

beforeEach(resetFake);

const cell = (run: string | null, strategy = 'p', seed = 0) => ({
  strategy,
  seed,
  status: 'done' as const,
  run,
  dev: null,
  test: null,
  best: null,
  usage: null,
  spent: nothingSpent,
  seconds: 1,
});

const score = (value: number) => ({ score: value, low: value, high: value, n: 10, failed: 0 });

const record = (id: string, status: Comparison['status'], run: string | null = null): Comparison => ({
  v: 1,
  type: 'comparison',
  id,
  created: '2026-11-23T12:00:00.000Z',
  updated: '2026-11-23T12:10:00.000Z',
  program: 'two',
  endpoint: 'lab',
  model: 'base',
  strategies: ['', 'p'],
  seeds: [0],
  budget: { calls: null, tokens: null, usd: null },
  question: '',
  sources: null,
  status,
  stopped: null,
  cells: [cell(run)],
  lattices: [],
});

async function write(root: string, comparison: Comparison, alive = false): Promise<void> {
  const folder = join(comparisonsFolder(root), comparison.id);
  mkdirSync(folder, { recursive: true });
  await writeComparison(folder, comparison);
  const lock = { pid: process.pid, started: null, host: hostname(), token: 't' };
  if (alive) writeFileSync(comparisonFiles(folder).lock, JSON.stringify(lock));
}

describe('comparisons of the workspace', () => {
  it('are read from their records; one whose process died was stopped', async () => {
    const root = temporaryFolder();
    await write(root, record('20261123-1-two-a', 'running'), true);
    await write(root, record('20261123-2-two-b', 'running'));
    await write(root, record('20261123-3-two-c', 'finished'));
    const store = new ComparisonStore(() => [root]);
    let fired = 0;
    store.onDidChange(() => fired++);
    await store.refresh();
    await store.refresh();
    expect(fired).toBe(1);
    expect(store.all.map(({ status }) => status)).toEqual(['running', 'stopped', 'finished']);
    expect(store.get('20261123-1-two-a')?.pid).toBe(process.pid);
    expect(comparisonTitle(store.all[0]!.comparison)).toBe('two: 2 strategies × 1 seed');
  });

  it('have their runs inside of them in the view, those at work first', async () => {
    const root = temporaryFolder();
    await write(root, record('20261123-2-two-b', 'finished', 'cell'));
    const comparisons = new ComparisonStore(() => [root]);
    await comparisons.refresh();
    const all = [runItem('20261123-1'), runItem('cell'), runItem('20261123-3', { status: 'running' })];
    const items = all.map((item) => ({ ...item, root }));
    const runs = { all: items, later: [], onDidChange: () => ({ dispose: () => undefined }) } as unknown as RunStore;
    const view = new RunsView(runs, comparisons);
    const top = view.getChildren();
    expect(top.map((node) => view.getTreeItem(node).contextValue)).toEqual([
      'run.running.state',
      'comparison.finished',
      'run.finished.state',
    ]);
    expect(view.getChildren(top[1]).map((node) => view.getTreeItem(node).id)).toEqual([items[1]!.run.folder]);
    expect(view.getChildren()[1]).toBe(top[1]);
  });

  it('say once how they ended, in the place of their runs', async () => {
    const root = temporaryFolder();
    const id = '20261123-1-two-a';
    await write(root, { ...record(id, 'running', 'cell'), cells: [cell('cell'), cell('other')] }, true);
    const comparisons = new ComparisonStore(() => [root]);
    await comparisons.refresh();
    const ended = new EventEmitter<RunItem>();
    const notifier = notifyOfEnds({ onDidEnd: ended.event } as unknown as RunStore, comparisons);
    const inRoot = (run: string): RunItem => ({ ...runItem(run), root });
    ended.fire(inRoot('cell'));
    ended.fire(inRoot('other'));
    // A run of its own, the last of the three, speaks for itself: whatever the others had to say was said before.
    ended.fire(inRoot('alone'));
    await expect.poll(() => fake.messages).toEqual([expect.stringContaining('best on dev')]);
    fake.answers.push('Export the Best');
    rmSync(comparisonFiles(join(comparisonsFolder(root), id)).lock);
    await write(root, { ...record(id, 'finished'), cells: [{ ...cell('cell'), dev: score(80) }] });
    await comparisons.refresh();
    await expect.poll(() => fake.messages.slice(1)).toEqual(['two: 2 strategies × 1 seed: best is p, 80.0 % on dev.']);
    const folder = join(root, '.bettertogether', 'runs', 'cell');
    await expect.poll(() => fake.executed).toContainEqual([commandIds.exportProgram, folder]);
    await comparisons.refresh();
    fake.settings.set('notifications.runEnd', 'failures');
    await write(root, record(id, 'running'), true);
    await comparisons.refresh();
    rmSync(comparisonFiles(join(comparisonsFolder(root), id)).lock);
    await write(root, { ...record(id, 'finished'), cells: [{ ...cell('cell'), dev: score(80) }] });
    await comparisons.refresh();
    await write(root, record(id, 'running'), true);
    await comparisons.refresh();
    rmSync(comparisonFiles(join(comparisonsFolder(root), id)).lock);
    await comparisons.refresh();
    await expect.poll(() => fake.messages.slice(2)).toEqual([expect.stringContaining('ended without a word')]);
    notifier.dispose();
  });

  it('name the strategy with the best mean on dev, and what it is better than', () => {
    const seeds = [0, 1];
    const of = (strategy: string, ...scores: number[]) =>
      scores.map((value, seed) => ({ ...cell(`${strategy || 'vanilla'} ${seed}`, strategy, seed), dev: score(value) }));
    const cells = [...of('', 50, 52), ...of('p', 80, 70), ...of('w', 72, 73)];
    const finished = { ...record('a', 'finished'), strategies: ['', 'p', 'w'], seeds, cells };
    expect(howComparisonEnded(finished, true)).toEqual({
      kind: 'done',
      text: 'two: 3 strategies × 2 seeds: best is p, 75.0 ± 7.1 % on dev (mean of 2 seeds, chosen on these rows); baseline 51.0 ± 1.4 % on dev.',
    });
    const tests: Readonly<Record<string, number>> = { '': 50, p: 62, w: 70 };
    const tested = cells.map((one) => ({ ...one, test: score(tests[one.strategy]!) }));
    expect(howComparisonEnded({ ...finished, cells: tested }, true).text).toBe(
      'two: 3 strategies × 2 seeds: best is p, 62.0 ± 0.0 % on test (mean of 2 seeds); baseline 50.0 ± 0.0 % on test.',
    );
    expect(bestCell(bestRow(finished)!)?.run).toBe('p 0');
    const failed = { ...finished, cells: [...of('p', 80), { ...cell(null, 'w'), status: 'failed' as const }] };
    expect(howComparisonEnded(failed, true).text).toContain('1 cell of 2 failed');
    expect(howComparisonEnded({ ...finished, cells: [] }, true).kind).toBe('failed');
    const stopped = { reason: 'cancelled', message: '`bettertogether compare`', rest: null } as const;
    expect(howComparisonEnded({ ...finished, stopped }, false)).toEqual({
      kind: 'stopped',
      text: 'two: 3 strategies × 2 seeds stopped: it was cancelled.',
    });
  });

  it('are worked on by a detached process that is asked as the command line is', async () => {
    const compared = { strategies: ['', 'p -> w'], seeds: [0, 2] };
    expect(comparisonArguments('two', compared)).toEqual([
      'compare',
      'two',
      '--strategies',
      'vanilla,p -> w',
      '--seeds',
      '0,2',
    ]);
    const root = temporaryFolder();
    const cli = join(root, 'cli.mjs');
    writeFileSync(cli, `console.log(process.argv.slice(2).join(' ') + ' ' + process.env.LAB_KEY);`);
    const env = { ...process.env, LAB_KEY: 'k' };
    const { process: worker, output } = await spawnComparison(cli, root, 'a/b', compared, env);
    expect(await worker.exited).toBe(0);
    expect(await lastOutput(output)).toBe('compare a/b --strategies vanilla,p -> w --seeds 0,2 --yes --json k');
    expect(readFileSync(join(root, '.bettertogether', '.gitignore'), 'utf8')).toBe('*\n');
  });
});
