import type { Node } from 'web-tree-sitter';
import type { Parsers } from './grammars.ts';
import { languageOf } from './base/languages.ts';
import type { Grammar } from './base/languages.ts';
import { lowerPython, standingAlone } from './lowering/python.ts';
import { lowerTypeScript } from './lowering/typeScript.ts';
import { mend } from './mend.ts';
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
