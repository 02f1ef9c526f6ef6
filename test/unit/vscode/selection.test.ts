import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { cancelRun, deleteRun } from '../../../src/vscode/commands/endRuns.ts';
import { exportProgram } from '../../../src/vscode/commands/exportProgram.ts';
import { Dismissed } from '../../../src/vscode/base/errors.ts';
import type { RunItem } from '../../../src/editor/items/runItem.ts';
import type { Session } from '../../../src/vscode/session/session.ts';
import { fake, resetFake } from '../../fakes/fakeVscode.ts';
import { temporaryFolder } from '../run/folder.ts';
import { runItem } from '../editor/samples.ts';
import type { RunWishes } from '../editor/samples.ts';

beforeEach(resetFake);

function sessionOf(root: string, wishes: Readonly<Record<string, RunWishes & { readonly foreign?: boolean }>>) {
  const items = Object.entries(wishes).map(([id, { foreign = false, ...wish }]): RunItem => {
    const folder = join(root, '.bettertogether', 'runs', id);
    mkdirSync(folder, { recursive: true });
    return { ...runItem(id, wish), root, run: { id, folder }, madeHere: !foreign };
  });
  const cancelled: string[] = [];
  const session = {
    cli: join(root, 'cli.mjs'),
    log: { info: () => undefined },
    environment: () => Promise.resolve(process.env),
    runs: {
      all: items,
      refresh: () => Promise.resolve(),
      get: (folder: string) => items.find(({ run }) => run.folder === folder),
    },
    starter: { cancel: ({ run }: RunItem) => Promise.resolve(void cancelled.push(run.id)) },
  } as unknown as Session;
  const nodes = items.map((run) => ({ kind: 'run', run, cell: false }));
  return { session, items, nodes, cancelled };
}

describe('what is done with several runs that are selected', () => {
  it('deletes all that have ended, with one question that names how many and which', async () => {
    const root = temporaryFolder();
    const { session, items, nodes } = sessionOf(root, { a: {}, b: { seed: 7 }, c: { status: 'running' }, d: {} });
    const selection = nodes.slice(0, 3);
    await expect(deleteRun(session, selection[0], selection)).rejects.toThrow(Dismissed);
    expect(items.every(({ run }) => existsSync(run.folder))).toBe(true);
    fake.answers.push('Delete 2 Runs');
    await deleteRun(session, selection[0], selection);
    expect(items.map(({ run }) => existsSync(run.folder))).toEqual([false, false, true, true]);
    expect(fake.messages).toEqual(['Delete 2 runs?', 'Delete 2 runs?']);
    expect(fake.details[1]).toContain('p -> w, base, seed 0');
    expect(fake.details[1]).toContain('p -> w, base, seed 7');
  });

  it('deletes the one that it was called on, where no other is selected', async () => {
    const { session, items, nodes } = sessionOf(temporaryFolder(), { a: {}, b: {} });
    fake.answers.push('Delete');
    await deleteRun(session, nodes[1], [nodes[1]]);
    expect(items.map(({ run }) => existsSync(run.folder))).toEqual([true, false]);
    expect(fake.messages[0]).toMatch(/^Delete intents, .*\?$/);
  });

  it('touches none where some came with the folder, and says which', async () => {
    const wishes = { a: {}, b: { foreign: true, label: { name: 'theirs' } } };
    const { session, items, nodes } = sessionOf(temporaryFolder(), wishes);
    await expect(deleteRun(session, nodes[0], nodes)).rejects.toThrow(/theirs.*Take Over Runs/);
    expect(items.every(({ run }) => existsSync(run.folder))).toBe(true);
    expect(fake.messages).toEqual([]);
  });

  it('says of a long list how many more there are', async () => {
    const wishes = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`r${i}`, {}]));
    const { session, nodes } = sessionOf(temporaryFolder(), wishes);
    await expect(deleteRun(session, nodes[0], nodes)).rejects.toThrow(Dismissed);
    expect(fake.details[0]).toMatch(/and 10 more$/);
  });

  it('cancels all that are at work', async () => {
    const running = { status: 'running' } as const;
    const { session, nodes, cancelled } = sessionOf(temporaryFolder(), { a: running, b: {}, c: running });
    await expect(cancelRun(session, nodes[0], nodes)).rejects.toThrow(Dismissed);
    expect(cancelled).toEqual([]);
    fake.answers.push('Cancel 2 Runs');
    await cancelRun(session, nodes[0], nodes);
    expect(cancelled).toEqual(['a', 'c']);
    await cancelRun(session, nodes[2], [nodes[2]]);
    expect(cancelled).toEqual(['a', 'c', 'c']);
    expect(fake.messages).toEqual(['Cancel 2 runs?', 'Cancel 2 runs?']);
  });

  it('exports a state of each to one folder', async () => {
    const root = temporaryFolder();
    const { session, nodes } = sessionOf(root, { a: {}, b: { states: null }, c: {} });
    const log = join(root, 'asked');
    writeFileSync(
      session.cli,
      `import { appendFileSync } from 'node:fs'; appendFileSync(${JSON.stringify(log)}, process.argv.slice(2).join(' ') + '\\n');`,
    );
    fake.picks.push('Best on dev of each');
    fake.chosenFolder = '/out';
    await exportProgram(session, nodes[0], nodes);
    expect(readFileSync(log, 'utf8').trim().split('\n')).toEqual([
      'export a --format json --out /out/intents.a.best.json --best',
      'export c --format json --out /out/intents.c.best.json --best',
    ]);
    expect(fake.messages).toEqual(['Exported a state of each of 2 runs to /out.']);
  });

  it('exports the others where one cannot be, and says which was not, and why', async () => {
    const root = temporaryFolder();
    const { session, nodes } = sessionOf(root, { a: { label: { name: 'first' } }, b: {}, c: {} });
    const log = join(root, 'asked');
    const [fails, notes] = [
      `if (process.argv[3] === 'a') { process.send({ failed: 'Its state is gone.', mends: [] }); process.exit(1); }`,
      `appendFileSync(${JSON.stringify(log)}, process.argv[3]);`,
    ];
    writeFileSync(session.cli, `import { appendFileSync } from 'node:fs'; ${fails} ${notes}`);
    fake.picks.push('Best on dev of each');
    fake.chosenFolder = '/out';
    await expect(exportProgram(session, nodes[0], nodes)).rejects.toThrow(
      'Exported a state of 2 of 3 runs to /out. Not exported: first: Its state is gone.',
    );
    expect(readFileSync(log, 'utf8')).toBe('bc');
  });

  it('cancels the runs of a selection in which a comparison is between two cells, and says so of that', async () => {
    const { session, nodes, cancelled } = sessionOf(temporaryFolder(), { a: { status: 'running' } });
    const comparison = { program: 'two', strategies: ['p'], seeds: [0], cells: [] };
    const between = { kind: 'comparison', comparison: { location: {}, madeHere: true, comparison } };
    const why = /The comparison two: 1 strategy × 1 seed is between two runs: try again/;
    await expect(cancelRun(session, nodes[0], [nodes[0], between])).rejects.toThrow(why);
    expect(cancelled).toEqual(['a']);
    await expect(cancelRun(session, between, [between])).rejects.toThrow(why);
  });
});
