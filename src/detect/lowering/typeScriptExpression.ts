import type { Node } from 'web-tree-sitter';
import { deeper, field, hasToken, lineOf, named, unescape } from './nodes.ts';
import { opaque } from './syntax.ts';
import type { ClassSyntax, Entry, Expression, FunctionSyntax, Parameter, Statement } from './syntax.ts';

const wrappers = new Set([
  'parenthesized_expression',
  'as_expression',
  'satisfies_expression',
  'non_null_expression',
  'await_expression',
]);

export function lowerExpression(node: Node | null): Expression {
  return node === null ? opaque : deeper(() => lowered(node), opaque);
}

function lowered(node: Node): Expression {
  // Asked once: it is a call into the parser.
  const { type } = node;
  if (wrappers.has(type)) return lowerExpression(named(node)[0] ?? null);
  switch (type) {
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
      return { kind: 'class', syntax: lowerClass(node) };
    default:
      return lowerLiteral(node, type);
  }
}

function lowerLiteral(node: Node, type: string): Expression {
  switch (type) {
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
    case 'object_pattern':
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
    case 'pair':
    case 'pair_pattern':
      return [{ key: lowerKey(field(node, 'key')), value: lowerExpression(field(node, 'value')) }];
    case 'method_definition':
      return [{ key: lowerKey(field(node, 'name')), value: { kind: 'function', syntax: lowerFunction(node) } }];
    case 'shorthand_property_identifier':
    case 'shorthand_property_identifier_pattern':
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

export function lowerFunction(node: Node): FunctionSyntax {
  const { type } = node;
  const body = functionBody(field(node, 'body'));
  const single = type === 'arrow_function' ? field(node, 'parameter') : null;
  return {
    name: field(node, 'name')?.text ?? '',
    line: lineOf(node),
    parameters: single === null ? named(field(node, 'parameters')).map(lowerParameter) : [lowerParameter(single)],
    body,
    decorators: [],
    isStatic: type === 'method_definition' && hasToken(node, /\bstatic\b/, ['static']),
    isGenerator: type.startsWith('generator'),
    isAsync: hasToken(node, /\basync\b/, ['async']),
    hasClasses: 'text' in body && /\bclass\b/.test(body.text),
  };
}

function functionBody(body: Node | null): FunctionSyntax['body'] {
  if (body === null) return [];
  if (body.type !== 'statement_block') return [{ kind: 'return', value: lowerExpression(body) }];
  return { text: body.text, line: lineOf(body), column: 0 };
}

/** A name, perhaps with a type: most parameters are no more than that. */
const plainParameter = /^(?!this\b)([A-Za-z_$][\w$]*)(\??)(?:\s*:[^=]*)?$/;

function lowerParameter(node: Node): Parameter {
  const [, name, mark] = plainParameter.exec(node.text) ?? [];
  if (name !== undefined) {
    return { name, fallback: null, optional: mark === '?', rest: false, keywordOnly: false, field: false };
  }
  const pattern = field(node, 'pattern') ?? node;
  const value = field(node, 'value');
  const rest = pattern.type === 'rest_pattern';
  return {
    name: pattern.type === 'identifier' ? pattern.text : rest ? (named(pattern)[0]?.text ?? '') : '',
    fallback: value === null ? null : lowerExpression(value),
    optional: value !== null || node.type === 'optional_parameter',
    rest,
    keywordOnly: false,
    field: hasToken(node, /\b(?:public|private|protected|readonly)\b/, ['accessibility_modifier', 'readonly']),
  };
}

export function lowerClass(node: Node): ClassSyntax {
  const heritage = named(node).find((each) => each.type === 'class_heritage');
  const clause = named(heritage ?? null).find((each) => each.type === 'extends_clause') ?? heritage ?? null;
  const base = clause === null ? null : (field(clause, 'value') ?? named(clause)[0] ?? null);
  return {
    name: field(node, 'name')?.text ?? '',
    line: lineOf(node),
    bases: base === null ? [] : [lowerExpression(base)],
    body: named(field(node, 'body')).flatMap(lowerMember),
    decorators: [],
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
      if (hasToken(node, /\bdeclare\b/, ['declare'])) return [];
      const key = name.type === 'string' ? name.text.slice(1, -1) : name.text;
      if (hasToken(node, /\bstatic\b/, ['static'])) {
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
