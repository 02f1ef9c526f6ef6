import type { Node } from 'web-tree-sitter';
import { lowerExpression, lowerParameters } from './lowerPythonExpression.ts';
import { lineOf, named } from './nodes.ts';
import type { Block, BodyText, Expression, FunctionSyntax, Statement } from './syntax.ts';

/** The statements of a Python file, one top-level statement at a time so that the caller can rest in between. */
export function* lowerPython(root: Node): Generator<readonly Statement[]> {
  for (const child of root.namedChildren) if (child !== null) yield lowerStatement(child);
}

export function lowerBody(body: Node | null): Statement[] {
  return body === null ? [] : named(body).flatMap(lowerStatement);
}

/** Python that reads as `body` where it stood. */
export function standingAlone({ text, line, column }: BodyText): string {
  // A body on the line of its `def` has no line before it to use.
  return line < 2 ? text : `${'\n'.repeat(line - 2)}if 1:\n${' '.repeat(column)}${text}`;
}

function lowerStatement(node: Node): Statement[] {
  switch (node.type) {
    case 'import_statement':
      return lowerImport(node);
    case 'import_from_statement':
      return lowerFromImport(node);
    case 'class_definition':
      return [lowerClass(node)];
    case 'function_definition':
      return [{ kind: 'function', syntax: lowerFunction(node, []) }];
    case 'decorated_definition':
      return lowerDecorated(node);
    case 'expression_statement':
      return named(node).flatMap(lowerSimple);
    case 'return_statement':
      return [{ kind: 'return', value: lowerExpression(named(node)[0] ?? null) }];
    case 'ERROR':
      // Whole statements inside are still good.
      return lowerBody(node);
    default:
      return lowerCompound(node);
  }
}

function lowerCompound(node: Node): Statement[] {
  switch (node.type) {
    case 'if_statement':
      return lowerIf(node);
    case 'for_statement': {
      const target = lowerExpression(node.childForFieldName('left'));
      const over = lowerExpression(node.childForFieldName('right'));
      return [block(lowerBody(node.childForFieldName('body')), 'loop', target, over)];
    }
    case 'while_statement':
      return [block(lowerBody(node.childForFieldName('body')), 'loop')];
    case 'try_statement':
      return lowerTry(node);
    case 'with_statement':
      return [block(lowerBody(node.childForFieldName('body')), 'plain')];
    case 'match_statement': {
      const cases = named(node.childForFieldName('body')).filter((each) => each.type === 'case_clause');
      return cases.map((each) => block(lowerBody(each.childForFieldName('consequence')), 'conditional'));
    }
    default:
      return [];
  }
}

function block(
  body: readonly Statement[],
  role: Block['role'],
  target: Expression | null = null,
  over: Expression | null = null,
): Block {
  return { kind: 'block', body, role, target, over };
}

function lowerIf(node: Node): Statement[] {
  const condition = node.childForFieldName('condition')?.text ?? '';
  const role = /^\(?\s*__name__\s*==/.test(condition) ? 'main' : 'conditional';
  const others = node.childrenForFieldName('alternative').flatMap((clause) => {
    if (clause === null) return [];
    const body = clause.childForFieldName(clause.type === 'elif_clause' ? 'consequence' : 'body');
    return [block(lowerBody(body), 'conditional')];
  });
  return [block(lowerBody(node.childForFieldName('consequence')), role), ...others];
}

/** The body is what happens as a rule; a handler's names count as well (`except ImportError: Module = …`). */
function lowerTry(node: Node): Statement[] {
  const handlers = named(node).filter((each) => each.type.endsWith('_clause'));
  return [
    block(lowerBody(node.childForFieldName('body')), 'plain'),
    ...handlers.map((each) => {
      const body = each.childForFieldName('body') ?? named(each).find((child) => child.type === 'block') ?? null;
      return block(lowerBody(body), each.type === 'finally_clause' ? 'plain' : 'conditional');
    }),
  ];
}

function lowerClass(node: Node): Statement {
  const bases = named(node.childForFieldName('superclasses')).filter((each) => each.type !== 'keyword_argument');
  return {
    kind: 'class',
    syntax: {
      name: node.childForFieldName('name')?.text ?? '',
      line: lineOf(node),
      bases: bases.map(lowerExpression),
      body: lowerBody(node.childForFieldName('body')),
      isAbstract: false,
    },
  };
}

function lowerFunction(node: Node, decorators: readonly string[]): FunctionSyntax {
  const body = node.childForFieldName('body');
  const text = body?.text ?? '';
  return {
    name: node.childForFieldName('name')?.text ?? '',
    line: lineOf(node),
    parameters: lowerParameters(node.childForFieldName('parameters')),
    body: body === null ? [] : { text, line: lineOf(body), column: body.startPosition.column },
    decorators,
    isStatic: decorators.includes('staticmethod'),
    isGenerator: /\byield\b/.test(text),
    hasClasses: /^\s*class\s/m.test(text),
  };
}

function lowerDecorated(node: Node): Statement[] {
  const definition = node.childForFieldName('definition');
  if (definition === null) return [];
  if (definition.type !== 'function_definition') return lowerStatement(definition);
  const decorators = named(node)
    .filter((each) => each.type === 'decorator')
    .map((each) => /(\w+)\s*(?:\(|$)/.exec(each.text)?.[1] ?? '');
  return [{ kind: 'function', syntax: lowerFunction(definition, decorators) }];
}

/** Assignments, also chained (`a = b = …`), and expressions for what they do. */
function lowerSimple(node: Node): Statement[] {
  const line = lineOf(node);
  if (node.type === 'augmented_assignment') {
    if (node.childForFieldName('operator')?.text !== '+=') return [];
    const target = lowerExpression(node.childForFieldName('left'));
    return [{ kind: 'extend', target, value: lowerExpression(node.childForFieldName('right')), line }];
  }
  if (node.type !== 'assignment') return [{ kind: 'expression', value: lowerExpression(node), line }];
  const targets: Expression[] = [];
  let last: Node = node;
  let right: Node | null = node;
  while (right?.type === 'assignment') {
    targets.push(lowerExpression(right.childForFieldName('left')));
    last = right;
    right = right.childForFieldName('right');
  }
  if (right === null) return [];
  const type = /(\w+)(?:\[.*)?$/.exec(last.childForFieldName('type')?.text ?? '')?.[1] ?? null;
  return [{ kind: 'assign', targets, value: lowerExpression(right), line, type }];
}

function lowerImport(node: Node): Statement[] {
  return node.childrenForFieldName('name').flatMap((each): Statement[] => {
    if (each === null) return [];
    const alias = each.childForFieldName('alias')?.text;
    const module = each.childForFieldName('name')?.text ?? each.text;
    if (alias !== undefined) return [{ kind: 'import', module, imported: null, local: alias }];
    // `import a.b` binds `a`; that `a.b` is there too, a member's name finds out.
    const first = module.split('.')[0]!;
    return [{ kind: 'import', module: first, imported: null, local: first }];
  });
}

function lowerFromImport(node: Node): Statement[] {
  const module = (node.childForFieldName('module_name')?.text ?? '').replaceAll(/\s/g, '');
  if (named(node).some((each) => each.type === 'wildcard_import')) {
    return [{ kind: 'import', module, imported: null, local: '*' }];
  }
  return node.childrenForFieldName('name').flatMap((each): Statement[] => {
    if (each === null) return [];
    const imported = each.childForFieldName('name')?.text ?? each.text;
    return [{ kind: 'import', module, imported, local: each.childForFieldName('alias')?.text ?? imported }];
  });
}
