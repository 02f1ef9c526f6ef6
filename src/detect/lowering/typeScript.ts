import type { Node } from 'web-tree-sitter';
import { lowerClass, lowerExpression, lowerFunction } from './typeScriptExpression.ts';
import {
  commonJsExports,
  exportsOf,
  lowerImport,
  lowerRequire,
  passedOn,
  requiredModule,
  specifiers,
} from './typeScriptImports.ts';
import { deeper, field, hasToken, lineOf, named } from './nodes.ts';
import { block, opaque } from './syntax.ts';
import type { Expression, Statement } from './syntax.ts';

/** Characters of a type that are looked at. */
const longestName = 500;

/** The statements of a TypeScript or JavaScript file, one top-level statement at a time. */
export function* lowerTypeScript(root: Node): Generator<readonly Statement[]> {
  for (const child of root.namedChildren) if (child !== null) yield lowerStatement(child);
}

function lowerBody(body: Node | null): Statement[] {
  return body === null ? [] : named(body).flatMap(lowerStatement);
}

function lowerStatement(node: Node): Statement[] {
  return deeper(() => loweredStatement(node), []);
}

function loweredStatement(node: Node): Statement[] {
  const { type } = node;
  switch (type) {
    case 'import_statement':
      return lowerImport(node);
    case 'export_statement':
      return lowerExport(node);
    case 'class_declaration':
    case 'abstract_class_declaration':
      return [{ kind: 'class', syntax: lowerClass(node) }];
    case 'function_declaration':
    case 'generator_function_declaration':
      return [{ kind: 'function', syntax: lowerFunction(node) }];
    case 'lexical_declaration':
    case 'variable_declaration':
      return named(node).flatMap(lowerDeclarator);
    case 'expression_statement':
      return lowerSimple(named(node)[0] ?? null);
    case 'return_statement':
      return [{ kind: 'return', value: lowerExpression(named(node)[0] ?? null) }];
    default:
      return lowerCompound(node, type);
  }
}

function lowerCompound(node: Node, type: string): Statement[] {
  const body = (name: string): Statement[] => lowerNested(field(node, name));
  switch (type) {
    case 'if_statement':
      return [block(body('consequence'), 'conditional'), block(body('alternative'), 'conditional')];
    case 'for_in_statement': {
      const target = lowerExpression(field(node, 'left'));
      return [block(body('body'), 'loop', target, lowerExpression(field(node, 'right')))];
    }
    case 'for_statement':
    case 'while_statement':
    case 'do_statement':
      return [block(body('body'), 'loop')];
    case 'try_statement':
      return [
        block(body('body'), 'plain'),
        ...named(node)
          .filter((each) => each.type.endsWith('_clause'))
          .map((each) => block(lowerBody(field(each, 'body')), 'conditional')),
      ];
    case 'switch_statement':
      return named(field(node, 'body')).map((each) => block(lowerBody(each), 'conditional'));
    case 'statement_block':
      return [block(lowerBody(node), 'plain')];
    case 'ERROR':
      return lowerBody(node);
    default:
      return [];
  }
}

/** A branch: braces, a single statement, or an `else` around either. */
function lowerNested(node: Node | null): Statement[] {
  if (node === null) return [];
  return node.type === 'statement_block' || node.type === 'else_clause' ? lowerBody(node) : lowerStatement(node);
}

function lowerDeclarator(node: Node): Statement[] {
  const name = field(node, 'name');
  const value = field(node, 'value');
  if (node.type !== 'variable_declarator' || name === null || value === null) return [];
  const required = requiredModule(value);
  if (required !== null) return lowerRequire(name, required);
  const type = field(node, 'type')?.text ?? (value.type === 'satisfies_expression' ? value.text : '');
  const target = lowerExpression(name);
  return [
    {
      kind: 'assign',
      targets: [target],
      value: lowerExpression(value),
      line: lineOf(node),
      type: /(\w+)\s*$/.exec(type.slice(-longestName))?.[1] ?? null,
    },
  ];
}

function lowerSimple(node: Node | null): Statement[] {
  if (node === null) return [];
  const line = lineOf(node);
  if (node.type !== 'assignment_expression') return [{ kind: 'expression', value: lowerExpression(node), line }];
  const target = lowerExpression(field(node, 'left'));
  const value = lowerExpression(field(node, 'right'));
  return [{ kind: 'assign', targets: [target], value, line, type: null }, ...commonJsExports(target, value)];
}

function lowerExport(node: Node): Statement[] {
  const declaration = field(node, 'declaration');
  const isDefault = hasToken(node, /\bdefault\b/, ['default']);
  if (declaration !== null) {
    const statements = lowerStatement(declaration);
    return [...statements, ...statements.flatMap((each) => exportsOf(each, isDefault))];
  }
  const value = field(node, 'value');
  if (value !== null) return lowerDefault(value);
  const source = field(node, 'source')?.text.slice(1, -1);
  const clause = named(node).find((each) => each.type === 'export_clause');
  if (source === undefined) {
    return clause === undefined ? [] : specifiers(clause).map(([local, name]) => ({ kind: 'export', local, name }));
  }
  const space = named(node).find((each) => each.type === 'namespace_export');
  if (space !== undefined) return passedOn(source, [[null, named(space)[0]?.text ?? '']]);
  if (clause === undefined) return [{ kind: 'import', module: source, imported: null, local: '*' }];
  return passedOn(source, specifiers(clause));
}

function lowerDefault(value: Node): Statement[] {
  if (value.type === 'identifier') return [{ kind: 'export', local: value.text, name: 'default' }];
  const target: Expression = { kind: 'name', name: 'default' };
  const expression = lowerExpression(value);
  if (expression === opaque) return [];
  return [
    { kind: 'assign', targets: [target], value: expression, line: lineOf(value), type: null },
    { kind: 'export', local: 'default', name: 'default' },
  ];
}
