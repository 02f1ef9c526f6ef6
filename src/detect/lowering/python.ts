import type { Node } from 'web-tree-sitter';
import { lowerExpression, lowerParameters } from './pythonExpression.ts';
import { deeper, field, lineOf, named } from './nodes.ts';
import { block } from './syntax.ts';
import type { BodyText, Expression, FunctionSyntax, Statement } from './syntax.ts';

/** Characters of a decorator or a type that are looked at. */
const longestName = 500;

/** Calls in a type that are looked at. */
const mostCalled = 8;

/** The statements of a Python file, one top-level statement at a time so that the caller can rest in between. */
export function* lowerPython(root: Node): Generator<readonly Statement[]> {
  for (const child of root.namedChildren) if (child !== null) yield lowerStatement(child);
}

export function lowerBody(body: Node | null): Statement[] {
  return body === null ? [] : named(body).flatMap(lowerStatement);
}

/** Python that reads as `body` at its place. */
export function standingAlone({ text, line, column }: BodyText): string {
  // A body on the line of its `def` has no line before it to use.
  return line < 2 ? text : `${'\n'.repeat(line - 2)}if 1:\n${' '.repeat(column)}${text}`;
}

function lowerStatement(node: Node): Statement[] {
  return deeper(() => loweredStatement(node), []);
}

function loweredStatement(node: Node): Statement[] {
  const { type } = node;
  switch (type) {
    case 'import_statement':
      return lowerImport(node);
    case 'import_from_statement':
      return lowerFromImport(node);
    case 'class_definition':
      return [lowerClass(node, [])];
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
      return lowerCompound(node, type);
  }
}

function lowerCompound(node: Node, type: string): Statement[] {
  switch (type) {
    case 'if_statement':
      return lowerIf(node);
    case 'for_statement': {
      const target = lowerExpression(field(node, 'left'));
      const over = lowerExpression(field(node, 'right'));
      return [block(lowerBody(field(node, 'body')), 'loop', target, over)];
    }
    case 'while_statement':
      return [block(lowerBody(field(node, 'body')), 'loop')];
    case 'try_statement':
      return lowerTry(node);
    case 'with_statement':
      return [block(lowerBody(field(node, 'body')), 'plain')];
    case 'match_statement': {
      const cases = named(field(node, 'body')).filter((each) => each.type === 'case_clause');
      return cases.map((each) => block(lowerBody(field(each, 'consequence')), 'conditional'));
    }
    default:
      return [];
  }
}

function lowerIf(node: Node): Statement[] {
  const condition = field(node, 'condition')?.text ?? '';
  const role = /^\(?\s*__name__\s*==/.test(condition) ? 'main' : 'conditional';
  const others = node.childrenForFieldName('alternative').flatMap((clause) => {
    if (clause === null) return [];
    const body = field(clause, clause.type === 'elif_clause' ? 'consequence' : 'body');
    return [block(lowerBody(body), 'conditional')];
  });
  return [block(lowerBody(field(node, 'consequence')), role), ...others];
}

/** The body is what happens as a rule. A handler's names count as well (`except ImportError: Module = …`). */
function lowerTry(node: Node): Statement[] {
  const handlers = named(node).filter((each) => each.type.endsWith('_clause'));
  return [
    block(lowerBody(field(node, 'body')), 'plain'),
    ...handlers.map((each) => {
      const body = field(each, 'body') ?? named(each).find((child) => child.type === 'block') ?? null;
      return block(lowerBody(body), each.type === 'finally_clause' ? 'plain' : 'conditional');
    }),
  ];
}

function lowerClass(node: Node, decorators: readonly string[]): Statement {
  const bases = named(field(node, 'superclasses')).filter((each) => each.type !== 'keyword_argument');
  return {
    kind: 'class',
    syntax: {
      name: field(node, 'name')?.text ?? '',
      line: lineOf(node),
      bases: bases.map(lowerExpression),
      body: lowerBody(field(node, 'body')),
      decorators,
      isAbstract: false,
    },
  };
}

function lowerFunction(node: Node, decorators: readonly string[]): FunctionSyntax {
  const body = field(node, 'body');
  const text = body?.text ?? '';
  return {
    name: field(node, 'name')?.text ?? '',
    line: lineOf(node),
    parameters: lowerParameters(field(node, 'parameters')),
    body: body === null ? [] : { text, line: lineOf(body), column: body.startPosition.column },
    decorators,
    isStatic: decorators.includes('staticmethod'),
    isGenerator: /\byield\b/.test(text),
    isAsync: node.child(0)?.type === 'async',
    hasClasses: /^[ \t]*class\s/m.test(text),
  };
}

function lowerDecorated(node: Node): Statement[] {
  const definition = field(node, 'definition');
  if (definition === null) return [];
  const decorators = named(node)
    .filter((each) => each.type === 'decorator')
    .map((each) => /(\w+)\s*(?:\(|$)/.exec(each.text.slice(0, longestName))?.[1] ?? '');
  if (definition.type === 'class_definition') return [lowerClass(definition, decorators)];
  return [{ kind: 'function', syntax: lowerFunction(definition, decorators) }];
}

/** Assignments, also chained (`a = b = …`), and expressions for what they do. */
function lowerSimple(node: Node): Statement[] {
  const line = lineOf(node);
  if (node.type === 'augmented_assignment') {
    if (field(node, 'operator')?.text !== '+=') return [];
    const target = lowerExpression(field(node, 'left'));
    return [{ kind: 'extend', target, value: lowerExpression(field(node, 'right')), line }];
  }
  if (node.type !== 'assignment') return [{ kind: 'expression', value: lowerExpression(node), line }];
  const targets: Expression[] = [];
  let last: Node = node;
  let right: Node | null = node;
  while (right?.type === 'assignment') {
    targets.push(lowerExpression(field(right, 'left')));
    last = right;
    right = field(right, 'right');
  }
  if (right === null) return lowerDeclaration(node);
  return [{ kind: 'assign', targets, value: lowerExpression(right), line, type: typeOf(last) }];
}

/** The last part of the type that an assignment writes, which may be a text. */
function typeOf(assignment: Node): string | null {
  const text = field(assignment, 'type')?.text ?? '';
  return /(\w+)(?:\[.*)?["']?$/.exec(text.slice(-longestName))?.[1] ?? null;
}

function lowerDeclaration(node: Node): Statement[] {
  const target = field(node, 'left');
  const type = field(node, 'type');
  if (target?.type !== 'identifier' || type === null) return [];
  const calls = type.text.includes('(') ? type.descendantsOfType('call') : [];
  const called = calls.flatMap((each) => (each === null ? [] : [lowerExpression(each)]));
  return [{ kind: 'declare', name: target.text, called: called.slice(0, mostCalled), type: typeOf(node) }];
}

function lowerImport(node: Node): Statement[] {
  return node.childrenForFieldName('name').flatMap((each): Statement[] => {
    if (each === null) return [];
    const alias = field(each, 'alias')?.text;
    const module = field(each, 'name')?.text ?? each.text;
    if (alias !== undefined) return [{ kind: 'import', module, imported: null, local: alias }];
    // `import a.b` binds `a`; that `a.b` is there too, a member's name finds out.
    const first = module.split('.')[0]!;
    return [{ kind: 'import', module: first, imported: null, local: first }];
  });
}

function lowerFromImport(node: Node): Statement[] {
  const module = (field(node, 'module_name')?.text ?? '').replaceAll(/\s/g, '');
  if (named(node).some((each) => each.type === 'wildcard_import')) {
    return [{ kind: 'import', module, imported: null, local: '*' }];
  }
  return node.childrenForFieldName('name').flatMap((each): Statement[] => {
    if (each === null) return [];
    const imported = field(each, 'name')?.text ?? each.text;
    return [{ kind: 'import', module, imported, local: field(each, 'alias')?.text ?? imported }];
  });
}
