/** The calls of one program run by the modules around them, in the order they began. Pure. */
import type { TraceCallRow } from '../src/viewProtocol.ts';

export interface CallNode {
  readonly kind: 'call';
  /** Place in the trace. */
  readonly place: number;
  readonly call: TraceCallRow;
}

export interface ModuleNode {
  readonly kind: 'module';
  readonly name: string;
  readonly children: readonly TreeNode[];
}

export type TreeNode = CallNode | ModuleNode;

interface Growing {
  readonly name: string;
  readonly children: (CallNode | Growing)[];
}

/** Neighbours within the same module share its node; a module that is entered again later gets another one. */
export function callTree(calls: readonly TraceCallRow[], most: number): readonly TreeNode[] {
  const root: Growing = { name: '', children: [] };
  const order = calls
    .map((call, place) => ({ call, place }))
    .sort((a, b) => a.call.start - b.call.start || a.place - b.place);
  for (const { call, place } of order.slice(0, most)) {
    let at = root;
    for (const name of call.path) at = moduleIn(at, name);
    at.children.push({ kind: 'call', place, call });
  }
  return root.children.map(grown);
}

function moduleIn(parent: Growing, name: string): Growing {
  const last = parent.children.at(-1);
  if (last !== undefined && !('kind' in last) && last.name === name) return last;
  const fresh: Growing = { name, children: [] };
  parent.children.push(fresh);
  return fresh;
}

function grown(node: CallNode | Growing): TreeNode {
  if ('kind' in node) return node;
  return { kind: 'module', name: node.name, children: node.children.map(grown) };
}
