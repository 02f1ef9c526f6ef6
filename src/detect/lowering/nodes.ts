import type { Language, Node } from 'web-tree-sitter';

/** Expressions and statements within each other that are looked into. */
export const deepestSyntax = 200;

/** How deep the lowering is in its syntax tree. It is done at once, so that one count does for all. */
let depth = 0;

/** Goes one level further down the tree, or answers `beyond` where that is too deep. */
export function deeper<T>(lower: () => T, beyond: T): T {
  if (depth >= deepestSyntax) return beyond;
  depth += 1;
  try {
    return lower();
  } finally {
    depth -= 1;
  }
}

/** The line of a node, from 1. */
export function lineOf(node: Node): number {
  return node.startPosition.row + 1;
}

/** Ids of fields by name; the parser's own look-up goes through the list of all of them every time. */
const fieldIds = new WeakMap<Language, Map<string, number | null>>();

export function field(node: Node, name: string): Node | null {
  const { language } = node.tree;
  const ids = fieldIds.get(language) ?? new Map<string, number | null>();
  if (ids.size === 0) fieldIds.set(language, ids);
  if (!ids.has(name)) ids.set(name, language.fieldIdForName(name));
  const id = ids.get(name);
  return id == null ? null : node.childForFieldId(id);
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

/** Whether a node has one of these tokens of its own. Its children are only made where its text has the word. */
export function hasToken(node: Node, words: RegExp, types: readonly string[]): boolean {
  return words.test(node.text) && node.children.some((each) => each !== null && types.includes(each.type));
}
