import { beforeEach, describe, expect, it } from 'vitest';
import { briefTime } from '../../../src/editor/items/runItem.ts';
import type { RunItem } from '../../../src/editor/items/runItem.ts';
import { TabTitles } from '../../../src/editor/items/tabTitles.ts';
import type { ComparisonStore } from '../../../src/vscode/runs/comparisonStore.ts';
import type { RunStore } from '../../../src/vscode/runs/runStore.ts';
import { programTarget, runTarget } from '../../../src/vscode/session/targets.ts';
import type { Session } from '../../../src/vscode/session/session.ts';
import { ProgramsView } from '../../../src/vscode/views/programsView.ts';
import { RunsView } from '../../../src/vscode/views/runsView.ts';
import { runTreeItem } from '../../../src/vscode/views/runTreeItem.ts';
import { fake, resetFake } from '../../fakes/fakeVscode.ts';
import { program, runItem } from '../editor/samples.ts';

beforeEach(resetFake);

const never = () => ({ dispose: () => undefined });
const storeOf = (all: readonly RunItem[]) => ({ all, later: [], onDidChange: never, refresh: () => Promise.resolve() });

describe('titles of tabs', () => {
  it('say no more than tells one tab from the others', () => {
    const titles = new TabTitles();
    const parts = (seed: number, id: string) => ['two: p', 'base', `seed ${seed}`, '2026-11-23 12:15', id] as const;
    expect(titles.give('a', parts(0, 'a'))).toBe('two: p');
    expect(titles.give('b', parts(1, 'b'))).toBe('two: p, base');
    expect(titles.give('c', parts(1, 'c'))).toBe('two: p, base, seed 1');
    expect(titles.give('d', parts(1, 'd'))).toBe('two: p, base, seed 1, 2026-11-23 12:15');
    expect(titles.give('e', parts(1, 'e'))).toBe('two: p, base, seed 1, 2026-11-23 12:15, e');
    // Its own title is no one else's.
    expect(titles.give('a', parts(0, 'a'))).toBe('two: p');
    titles.forget('a');
    expect(titles.give('f', parts(2, 'f'))).toBe('two: p');
  });
});

describe('a run in a list', () => {
  it('is told from others by strategy, model, seed and time', async () => {
    const runs = [runItem('a'), runItem('b', { seed: 3 })];
    const session = { runs: storeOf(runs) } as unknown as Session;
    await expect(runTarget(session, undefined, 'Open Run')).rejects.toThrow();
    const [picker] = fake.pickers;
    expect(picker?.items.map(({ description }) => description)).toEqual([
      expect.stringMatching(/^p -> w, base, seed 3 · finished/),
      expect.stringMatching(/^p -> w, base, seed 0 · finished/),
    ]);
    for (const { label } of picker!.items) expect(label).toMatch(/^intents, 2026-11-23 \d\d:\d\d$/);
    expect(runTreeItem(runs[1]!, 'underProgram').description).toMatch(/base, seed 3$/);
  });

  it('has its folder where the window has several', async () => {
    fake.folders.push('/w', '/other');
    const session = { runs: storeOf([runItem('a'), runItem('b')]) } as unknown as Session;
    await expect(runTarget(session, undefined, 'Open Run')).rejects.toThrow();
    expect(fake.pickers[0]?.items[0]?.description).toMatch(/ · w$/);
    expect(runTreeItem(runItem('a'), 'inRuns').description).toContain(' · ');
    expect(runTreeItem(runItem('a'), 'inRuns').description).toMatch(/^w · /);
  });

  it('says the time as short as can be', () => {
    const now = new Date('2026-11-23T15:00:00');
    expect(briefTime(new Date('2026-11-23T09:05:00').toISOString(), now)).toBe('09:05');
    expect(briefTime(new Date('2026-10-01T09:05:00').toISOString(), now)).toBe('10-01 09:05');
    expect(briefTime(new Date('2025-10-01T09:05:00').toISOString(), now)).toBe('2025-10-01 09:05');
  });

  it('is with those of its day where there are many; what is at work is not', () => {
    const many = Array.from({ length: 200 }, (_, i) => runItem(`r${String(i).padStart(3, '0')}`));
    const created = (item: RunItem, day: string): RunItem => ({
      ...item,
      manifest: { ...item.manifest, created: `2026-11-${day}T12:00:00.000Z` },
    });
    const all = [
      ...many.slice(0, 150).map((item) => created(item, '20')),
      ...many.slice(150).map((item) => created(item, '21')),
      runItem('s', { status: 'running' }),
    ];
    const comparisons = { all: [], has: () => false, onDidChange: never } as unknown as ComparisonStore;
    const view = new RunsView(storeOf(all) as unknown as RunStore, comparisons);
    const top = view.getChildren();
    expect(top.map((node) => view.getTreeItem(node).label)).toEqual(['intents: p -> w', '2026-11-21', '2026-11-20']);
    expect(view.getChildren(top[1])).toHaveLength(50);
    expect(view.getTreeItem(top[2]!).description).toBe('150');
    const few = new RunsView(storeOf(all.slice(-30)) as unknown as RunStore, comparisons);
    expect(few.getChildren().map(({ kind }) => kind)).toEqual(Array.from({ length: 30 }, () => 'run'));
  });
});

describe('a program in a window of several folders', () => {
  const other = { ...program, root: '/other', file: '/other/program.ts' };
  const known = { of: () => ({ score: null, stale: false, running: null }), onDidChange: never };

  it('carries its folder in the tree', () => {
    const index = { all: [program, other] };
    const descriptions = () => {
      const view = new ProgramsView(index as never, known as never, storeOf([]) as never);
      return view.getChildren().map((node) => view.getTreeItem(node).description);
    };
    expect(descriptions()).toEqual(['not scored', 'not scored']);
    fake.folders.push('/w', '/other');
    expect(descriptions()).toEqual(['not scored · w', 'not scored · other']);
  });

  it('says what to do where there is none', async () => {
    const none = { programs: { all: [], refresh: () => Promise.resolve() } } as unknown as Session;
    const asked = programTarget(none, undefined, 'Optimize Program');
    await expect(asked).rejects.toMatchObject({
      message: expect.stringContaining('No LM program was found') as string,
      remedy: { title: 'Create Sample Project' },
    });
  });
});
