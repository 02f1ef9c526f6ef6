import type { Node } from 'web-tree-sitter';
import { lineOf, named, unescape } from './nodes.ts';
import {
  commonJsExports,
  exportsOf,
  lowerImport,
  lowerRequire,
  passedOn,
  requiredModule,
  specifiers,
} from './lowerTypeScriptImports.ts';
import { opaque } from './syntax.ts';
import type { Block, ClassSyntax, Entry, Expression, FunctionSyntax, Parameter, Statement } from './syntax.ts';

/** The statements of a TypeScript or JavaScript file, one top-level statement at a time. */
export function* lowerTypeScript(root: Node): Generator<readonly Statement[]> {
  for (const child of root.namedChildren) if (child !== null) yield lowerStatement(child);
}

function lowerBody(body: Node | null): Statement[] {
  return body === null ? [] : named(body).flatMap(lowerStatement);
}

function lowerStatement(node: Node): Statement[] {
  switch (node.type) {
    case 'import_statement':
      return lowerImport(node);
    case 'export_statement':
      return lowerExport(node);
    case 'class_declaration':
    case 'abstract_class_declaration':
      return [{ kind: 'class', syntax: lowerClassSyntax(node) }];
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
      return lowerCompound(node);
  }
}

function lowerCompound(node: Node): Statement[] {
  const body = (name: string): Statement[] => lowerNested(node.childForFieldName(name));
  switch (node.type) {
    case 'if_statement':
      return [block(body('consequence'), 'conditional'), block(body('alternative'), 'conditional')];
    case 'for_in_statement': {
      const target = lowerExpression(node.childForFieldName('left'));
      return [block(body('body'), 'loop', target, lowerExpression(node.childForFieldName('right')))];
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
          .map((each) => block(lowerBody(each.childForFieldName('body')), 'conditional')),
      ];
    case 'switch_statement':
      return named(node.childForFieldName('body')).map((each) => block(lowerBody(each), 'conditional'));
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

function block(
  body: readonly Statement[],
  role: Block['role'],
  target: Expression | null = null,
  over: Expression | null = null,
): Block {
  return { kind: 'block', body, role, target, over };
}

function lowerDeclarator(node: Node): Statement[] {
  const name = node.childForFieldName('name');
  const value = node.childForFieldName('value');
  if (node.type !== 'variable_declarator' || name === null || value === null) return [];
  const required = requiredModule(value);
  if (required !== null) return lowerRequire(name, required);
  const type = node.childForFieldName('type')?.text ?? (value.type === 'satisfies_expression' ? value.text : '');
  const target = lowerExpression(name);
  return [
    {
      kind: 'assign',
      targets: [target],
      value: lowerExpression(value),
      line: lineOf(node),
      type: /(\w+)\s*$/.exec(type)?.[1] ?? null,
    },
  ];
}

function lowerSimple(node: Node | null): Statement[] {
  if (node === null) return [];
  const line = lineOf(node);
  if (node.type !== 'assignment_expression') return [{ kind: 'expression', value: lowerExpression(node), line }];
  const target = lowerExpression(node.childForFieldName('left'));
  const value = lowerExpression(node.childForFieldName('right'));
  return [{ kind: 'assign', targets: [target], value, line, type: null }, ...commonJsExports(target, value)];
}

function lowerExport(node: Node): Statement[] {
  const declaration = node.childForFieldName('declaration');
  const value = node.childForFieldName('value');
  const isDefault = node.children.some((each) => each?.type === 'default');
  if (declaration !== null) {
    const statements = lowerStatement(declaration);
    return [...statements, ...statements.flatMap((each) => exportsOf(each, isDefault))];
  }
  if (value !== null) return lowerDefault(value);
  const source = node.childForFieldName('source')?.text.slice(1, -1);
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

const wrappers = new Set([
  'parenthesized_expression',
  'as_expression',
  'satisfies_expression',
  'non_null_expression',
  'await_expression',
]);

function lowerExpression(node: Node | null): Expression {
  if (node === null) return opaque;
  if (wrappers.has(node.type)) return lowerExpression(named(node)[0] ?? null);
  switch (node.type) {
    case 'type_assertion':
      return lowerExpression(named(node).at(-1) ?? null);
    case 'identifier':
    case 'undefined':
      return { kind: 'name', name: node.text };
    case 'this':
      return { kind: 'this' };
    case 'super':
      return { kind: 'super' };
    case 'member_expression':
      return { kind: 'member', of: lowerExpression(field(node, 'object')), name: field(node, 'property')?.text ?? '' };
    case 'subscript_expression':
      return {
        kind: 'item',
        of: lowerExpression(field(node, 'object')),
        index: lowerExpression(field(node, 'index')),
      };
    case 'new_expression':
    case 'call_expression':
      return lowerCall(node);
    case 'arrow_function':
    case 'function_expression':
    case 'generator_function':
      return { kind: 'function', syntax: lowerFunction(node) };
    case 'class':
      return { kind: 'class', syntax: lowerClassSyntax(node) };
    default:
      return lowerLiteral(node);
  }
}

function lowerLiteral(node: Node): Expression {
  switch (node.type) {
    case 'string':
      return { kind: 'text', value: unescape(node.text.slice(1, -1)) };
    case 'template_string':
      return lowerTemplate(node);
    case 'number':
      return { kind: 'number', value: Number(node.text.replaceAll('_', '')) };
    case 'array':
    case 'array_pattern':
      return { kind: 'list', items: named(node).map(lowerExpression) };
    case 'spread_element':
      return { kind: 'spread', of: lowerExpression(named(node)[0] ?? null) };
    case 'object':
      return { kind: 'record', entries: named(node).flatMap(lowerEntry) };
    case 'ternary_expression':
      return {
        kind: 'either',
        options: [lowerExpression(field(node, 'consequence')), lowerExpression(field(node, 'alternative'))],
      };
    case 'binary_expression':
      return lowerBinary(node);
    default:
      return opaque;
  }
}

function field(node: Node, name: string): Node | null {
  return node.childForFieldName(name);
}

function lowerCall(node: Node): Expression {
  const callee = field(node, node.type === 'new_expression' ? 'constructor' : 'function');
  return {
    kind: 'call',
    callee: lowerExpression(callee),
    positional: named(field(node, 'arguments')).map(lowerExpression),
    named: [],
    line: lineOf(node),
  };
}

function lowerTemplate(node: Node): Expression {
  const parts = named(node).flatMap((part): (string | Expression)[] => {
    if (part.type === 'template_substitution') return [lowerExpression(named(part)[0] ?? null)];
    return [unescape(part.text)];
  });
  if (parts.every((part) => typeof part === 'string')) return { kind: 'text', value: parts.join('') };
  return { kind: 'template', parts };
}

function lowerEntry(node: Node): Entry[] {
  switch (node.type) {
    case 'pair': {
      const key = field(node, 'key');
      return [{ key: lowerKey(key), value: lowerExpression(field(node, 'value')) }];
    }
    case 'shorthand_property_identifier':
      return [{ key: { kind: 'text', value: node.text }, value: { kind: 'name', name: node.text } }];
    case 'spread_element':
      return [{ key: null, value: lowerExpression(named(node)[0] ?? null) }];
    default:
      return [];
  }
}

function lowerKey(key: Node | null): Expression {
  if (key?.type === 'property_identifier' || key?.type === 'number') return { kind: 'text', value: key.text };
  if (key?.type === 'computed_property_name') return lowerExpression(named(key)[0] ?? null);
  return lowerExpression(key);
}

function lowerBinary(node: Node): Expression {
  const operator = field(node, 'operator')?.text ?? '';
  const left = lowerExpression(field(node, 'left'));
  const right = lowerExpression(field(node, 'right'));
  if (operator === '+' || operator === '*') return { kind: 'binary', operator, left, right };
  return ['??', '||', '&&'].includes(operator) ? { kind: 'either', options: [left, right] } : opaque;
}

function lowerFunction(node: Node): FunctionSyntax {
  const body = field(node, 'body');
  const single = field(node, 'parameter');
  return {
    name: field(node, 'name')?.text ?? '',
    line: lineOf(node),
    parameters: single === null ? named(field(node, 'parameters')).map(lowerParameter) : [lowerParameter(single)],
    body: functionBody(body),
    decorators: [],
    isStatic: node.children.some((each) => each?.type === 'static'),
    isGenerator: node.type.startsWith('generator'),
    hasClasses: /\bclass\b/.test(body?.text ?? ''),
  };
}

function functionBody(body: Node | null): FunctionSyntax['body'] {
  if (body === null) return [];
  if (body.type !== 'statement_block') return [{ kind: 'return', value: lowerExpression(body) }];
  return { text: body.text, line: lineOf(body), column: 0 };
}

function lowerParameter(node: Node): Parameter {
  const pattern = field(node, 'pattern') ?? node;
  const value = field(node, 'value');
  const rest = pattern.type === 'rest_pattern';
  return {
    name: pattern.type === 'identifier' ? pattern.text : rest ? (named(pattern)[0]?.text ?? '') : '',
    fallback: value === null ? null : lowerExpression(value),
    optional: value !== null || node.type === 'optional_parameter',
    rest,
    keywordOnly: false,
    field: node.children.some((each) => each?.type === 'accessibility_modifier' || each?.type === 'readonly'),
  };
}

function lowerClassSyntax(node: Node): ClassSyntax {
  const heritage = named(node).find((each) => each.type === 'class_heritage');
  const clause = named(heritage ?? null).find((each) => each.type === 'extends_clause') ?? heritage ?? null;
  const base = clause === null ? null : (field(clause, 'value') ?? named(clause)[0] ?? null);
  return {
    name: field(node, 'name')?.text ?? '',
    line: lineOf(node),
    bases: base === null ? [] : [lowerExpression(base)],
    body: named(field(node, 'body')).flatMap(lowerMember),
    isAbstract: node.type === 'abstract_class_declaration',
  };
}

function lowerMember(node: Node): Statement[] {
  switch (node.type) {
    case 'method_definition':
      return [{ kind: 'function', syntax: lowerFunction(node) }];
    case 'public_field_definition': {
      const name = field(node, 'name');
      const value = field(node, 'value');
      // Private #fields cannot be walked, so nothing in them is a predictor of the program.
      if (name === null || name.type === 'private_property_identifier') return [];
      // Without a value it still has its place in the order; with `declare` it is only a type.
      if (node.children.some((each) => each?.type === 'declare')) return [];
      const key = name.type === 'string' ? name.text.slice(1, -1) : name.text;
      if (node.children.some((each) => each?.type === 'static')) {
        const target: Expression = { kind: 'name', name: key };
        return [{ kind: 'assign', targets: [target], value: lowerExpression(value), line: lineOf(node), type: null }];
      }
      return [{ kind: 'field', name: key, value: lowerExpression(value) }];
    }
    case 'ERROR':
      return named(node).flatMap(lowerMember);
    default:
      return [];
  }
}
