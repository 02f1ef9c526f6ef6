import type { Node } from 'web-tree-sitter';
import type { Parsers } from './grammars.ts';
import { languageOf } from './base/languages.ts';
import type { Grammar } from './base/languages.ts';
import { lowerPython, standingAlone } from './lowering/python.ts';
import { lowerTypeScript } from './lowering/typeScript.ts';
import { mend } from './mend.ts';
import type { CellPlaces } from './base/scope.ts';
import type { Slices } from './slices.ts';
import type { BodyText, Statement } from './lowering/syntax.ts';

/** The statements of a file, also of one that is being typed: what does not parse is fixed first. Works in slices. */
export async function parseSource(
  text: string,
  grammar: Grammar,
  parsers: Parsers,
  slices: Slices,
): Promise<readonly Statement[]> {
  const plain = await parseText(text.replace(/^\uFEFF/, ''), grammar, parsers, slices);
  if (plain.errors === 0) return plain.statements;
  const mended = await parseText(mend(text, languageOf(grammar)), grammar, parsers, slices);
  return mended.errors < plain.errors ? mended.statements : plain.statements;
}

/** Lines that come before cells, all of them together, when each is parsed by itself. */
const mostLinesBefore = 1_000_000;

/**
 * The statements of a notebook. Where its code does not parse as a whole, each cell is parsed by itself: a bracket or a
 * text that one leaves open does not swallow the others.
 */
export async function parseCells(
  text: string,
  places: CellPlaces,
  parsers: Parsers,
  slices: Slices,
): Promise<readonly Statement[]> {
  const cells = cellsIn(text, places);
  const before = cells.reduce((sum, { first }) => sum + first, 0);
  const whole = await parseText(text, 'python', parsers, slices);
  if (whole.errors === 0) return whole.statements;
  if (before > mostLinesBefore) return parseSource(text, 'python', parsers, slices);
  const statements: Statement[] = [];
  for (const { first, lines } of cells) {
    const cell = `${'\n'.repeat(first)}${lines.join('\n')}`;
    statements.push(...(await parseSource(cell, 'python', parsers, slices)));
  }
  return statements;
}

function cellsIn(text: string, places: CellPlaces) {
  const cells: { readonly cell: number; readonly first: number; readonly lines: string[] }[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    const cell = places[i]?.cell;
    if (cell === undefined) continue;
    if (cells.at(-1)?.cell === cell) cells.at(-1)!.lines.push(line);
    else cells.push({ cell, first: i, lines: [line] });
  }
  return cells;
}

async function parseText(text: string, grammar: Grammar, parsers: Parsers, slices: Slices) {
  const tree = await parsers.parse(text, grammar, slices);
  try {
    const statements: Statement[] = [];
    for (const some of grammar === 'python' ? lowerPython(tree.rootNode) : lowerTypeScript(tree.rootNode)) {
      statements.push(...some);
      await slices.rest();
    }
    return { statements, errors: countErrors(tree.rootNode) };
  } finally {
    tree.delete();
  }
}

/** The statements of a function's body, at once. */
export function parseBody(body: BodyText, grammar: Grammar, parsers: Parsers): readonly Statement[] {
  const python = grammar === 'python';
  const text = python ? standingAlone(body) : '\n'.repeat(body.line - 1) + body.text;
  const tree = parsers.parsePart(text, grammar);
  if (tree === null) return [];
  try {
    return [...(python ? lowerPython(tree.rootNode) : lowerTypeScript(tree.rootNode))].flatMap(asExecuted);
  } finally {
    tree.delete();
  }
}

/** Without the block that `standingAlone` and the braces put around it. */
function asExecuted(statements: readonly Statement[]): readonly Statement[] {
  return statements.flatMap((each) => (each.kind === 'block' ? each.body : [each]));
}

function countErrors(root: Node): number {
  let errors = 0;
  for (const open = [root]; open.length > 0;) {
    const node = open.pop()!;
    if (!node.hasError) continue;
    if (node.isError || node.isMissing) errors += 1;
    for (const child of node.children) if (child !== null) open.push(child);
  }
  return errors;
}
