/** The calls and look-ups of one program run by the modules around them, in the order they began. Pure. */
import type { RetrievalRow } from '../src/viewProtocol/fromData.ts';
import type { TraceCallRow } from '../src/viewProtocol/traces.ts';

export interface CallNode {
  readonly kind: 'call';
  /** Place in the trace. */
  readonly place: number;
  readonly call: TraceCallRow;
}

export interface RetrieveNode {
  readonly kind: 'retrieve';
  readonly retrieval: RetrievalRow;
}

export interface ModuleNode {
  readonly kind: 'module';
  readonly name: string;
  readonly children: readonly TreeNode[];
}

type Leaf = CallNode | RetrieveNode;
export type TreeNode = Leaf | ModuleNode;

interface Growing {
  readonly name: string;
  readonly children: (Leaf | Growing)[];
}

/** Neighbours within the same module share its node; a module that is entered again later gets another one. */
export function callTree(
  calls: readonly TraceCallRow[],
  most: number,
  retrievals: readonly RetrievalRow[] = [],
): readonly TreeNode[] {
  const root: Growing = { name: '', children: [] };
  // A stable sort: of two that began together the call comes first, and calls stay in the trace's order.
  const leaves: Leaf[] = [
    ...calls.map((call, place): Leaf => ({ kind: 'call', place, call })),
    ...retrievals.map((retrieval): Leaf => ({ kind: 'retrieve', retrieval })),
  ].sort((a, b) => eventOf(a).start - eventOf(b).start);
  for (const leaf of leaves.slice(0, most)) {
    let at = root;
    for (const name of eventOf(leaf).path) at = moduleIn(at, name);
    at.children.push(leaf);
  }
  return root.children.map(grown);
}

function eventOf(leaf: Leaf): TraceCallRow | RetrievalRow {
  return leaf.kind === 'call' ? leaf.call : leaf.retrieval;
}

function moduleIn(parent: Growing, name: string): Growing {
  const last = parent.children.at(-1);
  if (last !== undefined && !('kind' in last) && last.name === name) return last;
  const fresh: Growing = { name, children: [] };
  parent.children.push(fresh);
  return fresh;
}

function grown(node: Leaf | Growing): TreeNode {
  if ('kind' in node) return node;
  return { kind: 'module', name: node.name, children: node.children.map(grown) };
}
