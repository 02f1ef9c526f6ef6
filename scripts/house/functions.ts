/** How long functions are, and how many parameters they take. */
import ts from 'typescript';

export interface FunctionSize {
  readonly name: string;
  /** From the first line to the last, both counted. */
  readonly lines: number;
  readonly parameters: number;
}

type Body = ts.FunctionLikeDeclaration;

const isFunction = (node: ts.Node): node is Body =>
  ts.isFunctionLike(node) && 'body' in node && node.body !== undefined;

/** Every function of a file, methods and arrows included. */
export function functionsOf(source: ts.SourceFile): readonly FunctionSize[] {
  const found: FunctionSize[] = [];
  const lineAt = (position: number): number => source.getLineAndCharacterOfPosition(position).line;
  const visit = (node: ts.Node): void => {
    if (isFunction(node)) {
      const lines = lineAt(node.getEnd()) - lineAt(node.getStart(source)) + 1;
      found.push({ name: nameOf(node, source), lines, parameters: node.parameters.length });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Strings of a file that are one of `texts` and nothing else. */
export function literalsOf(source: ts.SourceFile, texts: ReadonlySet<string>): readonly string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) && texts.has(node.text)) found.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function nameOf(node: Body, source: ts.SourceFile): string {
  if (node.name !== undefined) return node.name.getText(source);
  return ts.isVariableDeclaration(node.parent) ? node.parent.name.getText(source) : 'a function without a name';
}
