import { EventEmitter } from 'vscode';
import { expect, it } from 'vitest';
import { TreeChanges } from '../../../src/vscode/views/treeChanges.ts';

interface Node {
  readonly id: string;
  readonly label: string;
}

it('tells the items that changed, the whole tree only when items come, go or move, and nothing when nothing changed', () => {
  const changed = new EventEmitter<Node | undefined>();
  const fired: (string | undefined)[] = [];
  changed.event((node) => fired.push(node?.id));
  const changes = new TreeChanges<Node>(changed as never);
  const show = (...labels: (readonly [string, string])[]): Node[] => {
    const nodes = labels.map(([id, label]) => changes.node(id, { id, label }));
    changes.update(
      labels.map(([id]) => id),
      new Map(labels),
    );
    return nodes;
  };
  const [first] = show(['a', 'running 1'], ['b', 'done']);
  expect(fired.splice(0)).toEqual([undefined]);
  show(['a', 'running 1'], ['b', 'done']);
  expect(fired.splice(0)).toEqual([]);
  const [again] = show(['a', 'running 2'], ['b', 'done']);
  expect(fired.splice(0)).toEqual(['a']);
  // VS Code knows a node by identity.
  expect(again).toBe(first);
  expect(again!.label).toBe('running 2');
  show(['b', 'done'], ['a', 'running 2']);
  expect(fired.splice(0)).toEqual([undefined]);
  show(['b', 'done']);
  expect(fired.splice(0)).toEqual([undefined]);
});
