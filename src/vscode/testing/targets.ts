/** What a request of VS Code's asks for, program by program. */
import type * as vscode from 'vscode';
import type { ProgramTest, TestSplit } from '../../editor/tests/programTests.ts';
import type { TestTree } from './testTree.ts';

/** Rows of one program that are to be evaluated. */
export interface Target {
  readonly test: ProgramTest;
  readonly split: TestSplit;
  /** Numbers of rows from 0; `null`: all of the split. */
  readonly rows: readonly number[] | null;
  /** Rows that are left out of them. */
  readonly without: ReadonlySet<number>;
}

/**
 * Rows of one split alone: with the profile of the others, an item of the held-out rows is nothing to run, and the other
 * way round.
 */
export function targetsOf(
  { include, exclude = [] }: Pick<vscode.TestRunRequest, 'include' | 'exclude'>,
  split: TestSplit,
  tree: TestTree,
): readonly Target[] {
  const whole = new Map<string, ProgramTest>();
  const some = new Map<string, { readonly test: ProgramTest; readonly rows: number[] }>();
  for (const item of include ?? tree.programs) {
    const node = tree.nodeOf(item);
    if (node === undefined) continue;
    const { test } = node;
    if (node.kind === 'row') {
      if (node.split !== split) continue;
      const rows = some.get(test.id)?.rows ?? [];
      rows.push(node.row.id);
      some.set(test.id, { test, rows });
    } else if (node.kind === 'program' ? split === 'dev' || test.hasTest : split === 'test') {
      whole.set(test.id, test);
    }
  }
  const { programs, rows: without } = excluded(exclude, split, tree);
  const targets = [
    ...[...whole.values()].map((test) => ({ test, split, rows: null })),
    ...[...some.values()].filter(({ test }) => !whole.has(test.id)).map((each) => ({ ...each, split })),
  ];
  return targets
    .filter(({ test }) => !programs.has(test.id))
    .map((target) => ({ ...target, without: without.get(target.test.id) ?? new Set<number>() }));
}

function excluded(exclude: readonly vscode.TestItem[], split: TestSplit, tree: TestTree) {
  const programs = new Set<string>();
  const rows = new Map<string, Set<number>>();
  for (const item of exclude) {
    const node = tree.nodeOf(item);
    if (node === undefined) continue;
    const { id } = node.test;
    if (node.kind === 'program' || (node.kind === 'heldOut' && split === 'test')) programs.add(id);
    if (node.kind === 'row' && node.split === split) rows.set(id, (rows.get(id) ?? new Set()).add(node.row.id));
  }
  return { programs, rows };
}

/** The rows by number; `null`: all of `all`. */
export function rowsOf({ rows, without }: Target, all: readonly { readonly id: number }[]): readonly number[] | null {
  if (rows === null && without.size === 0) return null;
  const asked = rows ?? all.map(({ id }) => id);
  return asked.filter((row) => !without.has(row));
}
