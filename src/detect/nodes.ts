import type { Node } from 'web-tree-sitter';

/** The line of a node, from 1. */
export function lineOf(node: Node): number {
  return node.startPosition.row + 1;
}

/** Named children without comments. */
export function named(node: Node | null): Node[] {
  return node === null
    ? []
    : node.namedChildren.filter((each): each is Node => each !== null && each.type !== 'comment');
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\n': '' };

/** The usual escapes of both languages; rare ones stay as they are written. */
export function unescape(text: string): string {
  return text.replaceAll(/\\([\\'"`ntr\n])/g, (_, char: string) => escapes[char] ?? char);
}
