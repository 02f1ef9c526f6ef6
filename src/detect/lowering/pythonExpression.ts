import type { Node } from 'web-tree-sitter';
import { deeper, field, lineOf, named, unescape } from './nodes.ts';
import { opaque } from './syntax.ts';
import type { Comprehension, Entry, Expression, FunctionSyntax, Parameter } from './syntax.ts';

export function lowerExpression(node: Node | null): Expression {
  return node === null ? opaque : deeper(() => lowered(node), opaque);
}

function lowered(node: Node): Expression {
  // Asked once: it is a call into the parser.
  const { type } = node;
  switch (type) {
    case 'identifier':
      return { kind: 'name', name: node.text };
    case 'attribute':
      return {
        kind: 'member',
        of: lowerExpression(field(node, 'object')),
        name: field(node, 'attribute')?.text ?? '',
      };
    case 'subscript':
      return {
        kind: 'item',
        of: lowerExpression(field(node, 'value')),
        index: lowerExpression(field(node, 'subscript')),
      };
    case 'call':
      return lowerCall(node);
    case 'parenthesized_expression':
    case 'await':
      return lowerExpression(named(node)[0] ?? null);
    case 'named_expression':
      return lowerExpression(field(node, 'value'));
    case 'lambda':
      return { kind: 'function', syntax: lowerLambda(node) };
    default:
      return lowerLiteral(node, type);
  }
}

function lowerLiteral(node: Node, type: string): Expression {
  switch (type) {
    case 'string':
    case 'concatenated_string':
      return lowerString(node);
    case 'integer':
      return { kind: 'number', value: Number(node.text.replaceAll('_', '')) };
    case 'list':
    case 'tuple':
    case 'set':
    case 'expression_list':
    case 'pattern_list':
    case 'list_pattern':
      return { kind: 'list', items: named(node).map(lowerExpression) };
    case 'tuple_pattern': {
      // `(self.x) = …` is one, too.
      const items = named(node).map(lowerExpression);
      return items.length === 1 && !node.text.includes(',') ? items[0]! : { kind: 'list', items };
    }
    case 'list_splat':
      return { kind: 'spread', of: lowerExpression(named(node)[0] ?? null) };
    case 'dictionary':
      return { kind: 'record', entries: named(node).map(lowerEntry) };
    case 'list_comprehension':
    case 'set_comprehension':
    case 'generator_expression':
    case 'dictionary_comprehension':
      return lowerComprehension(node);
    case 'conditional_expression': {
      const [yes = null, , no = null] = named(node);
      return { kind: 'either', options: [lowerExpression(yes), lowerExpression(no)] };
    }
    case 'boolean_operator':
      return { kind: 'either', options: [lowerExpression(field(node, 'left')), lowerExpression(field(node, 'right'))] };
    case 'binary_operator':
      return lowerBinary(node);
    case 'slice':
      return { kind: 'slice' };
    default:
      return opaque;
  }
}

function lowerCall(node: Node): Expression {
  const callee = lowerExpression(field(node, 'function'));
  const list = field(node, 'arguments');
  const line = lineOf(node);
  if (callee.kind === 'name' && callee.name === 'super') return { kind: 'super' };
  if (list?.type === 'generator_expression') {
    return { kind: 'call', callee, positional: [lowerExpression(list)], named: [], line };
  }
  const all = named(list);
  return {
    kind: 'call',
    callee,
    positional: all
      .filter((each) => each.type !== 'keyword_argument' && each.type !== 'dictionary_splat')
      .map(lowerExpression),
    named: all
      .filter((each) => each.type === 'keyword_argument')
      .map((each) => [field(each, 'name')?.text ?? '', lowerExpression(field(each, 'value'))] as const),
    line,
  };
}

function lowerEntry(node: Node): Entry {
  if (node.type === 'pair') {
    return { key: lowerExpression(field(node, 'key')), value: lowerExpression(field(node, 'value')) };
  }
  return { key: null, value: lowerExpression(named(node)[0] ?? null) };
}

function lowerComprehension(node: Node): Comprehension {
  const body = field(node, 'body');
  const pair = body?.type === 'pair';
  const clauses = named(node).filter((each) => each.type === 'for_in_clause');
  return {
    kind: 'comprehension',
    key: pair ? lowerExpression(field(body, 'key')) : null,
    element: lowerExpression(pair ? field(body, 'value') : body),
    clauses: clauses.map((each) => ({
      target: lowerExpression(field(each, 'left')),
      over: lowerExpression(field(each, 'right')),
    })),
    filtered: named(node).some((each) => each.type === 'if_clause'),
  };
}

function lowerBinary(node: Node): Expression {
  const operator = field(node, 'operator')?.text;
  const left = lowerExpression(field(node, 'left'));
  const right = lowerExpression(field(node, 'right'));
  return operator === '+' || operator === '*' ? { kind: 'binary', operator, left, right } : opaque;
}

function lowerString(node: Node): Expression {
  const pieces = node.type === 'concatenated_string' ? named(node) : [node];
  const parts: (string | Expression)[] = [];
  for (const piece of pieces) {
    const raw = /^[a-z]*r/i.test(piece.text.slice(0, 2));
    for (const part of named(piece)) {
      if (part.type === 'interpolation') parts.push(lowerExpression(field(part, 'expression')));
      else if (part.type === 'string_content') parts.push(raw ? part.text : unescape(part.text));
    }
  }
  if (parts.every((part) => typeof part === 'string')) return { kind: 'text', value: parts.join('') };
  return { kind: 'template', parts };
}

function lowerLambda(node: Node): FunctionSyntax {
  const value = lowerExpression(field(node, 'body'));
  return {
    name: '<lambda>',
    line: lineOf(node),
    parameters: lowerParameters(field(node, 'parameters')),
    body: [{ kind: 'return', value }],
    decorators: [],
    isStatic: false,
    isGenerator: false,
    isAsync: false,
    hasClasses: false,
  };
}

/** A name, perhaps with a type: most parameters are no more than that. */
const plainParameter = /^([A-Za-z_]\w*)(?:\s*:[^=]*)?$/;

export function lowerParameters(list: Node | null): Parameter[] {
  let keywordOnly = false;
  return named(list).flatMap((each): Parameter[] => {
    const [, plain] = plainParameter.exec(each.text) ?? [];
    if (plain !== undefined) {
      return [{ name: plain, fallback: null, optional: false, rest: false, keywordOnly, field: false }];
    }
    const splat = each.type === 'typed_parameter' ? (named(each)[0] ?? each) : each;
    if (each.type === 'keyword_separator') keywordOnly = true;
    if (each.type.endsWith('_separator')) return [];
    const rest = splat.type === 'list_splat_pattern' || splat.type === 'dictionary_splat_pattern';
    const value = field(each, 'value');
    const parameter: Parameter = {
      name: (field(each, 'name') ?? splat).text.replace(/^\*+/, ''),
      fallback: value === null ? null : lowerExpression(value),
      optional: value !== null,
      rest,
      keywordOnly,
      field: false,
    };
    if (splat.type === 'list_splat_pattern') keywordOnly = true;
    return [parameter];
  });
}
