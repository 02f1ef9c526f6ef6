/** The grammar of signature strings: DSPy's (signatures/signature.py), with TypeScript's names for types as well. */
import { UsageError } from '../base/errors.ts';
import type { FieldType } from '../data/program.ts';

export interface ParsedField {
  readonly name: string;
  readonly type: FieldType;
}

export interface ParsedSignature {
  readonly inputs: readonly ParsedField[];
  readonly outputs: readonly ParsedField[];
}

/**
 * Reads `context: string[], question -> answer: 'yes' | 'no'`.
 *
 * @throws UsageError naming the piece that is wrong.
 */
export function parseSignatureString(text: string): ParsedSignature {
  const sides = splitTop(text, '->');
  if (sides.length !== 2) {
    throw new UsageError(`Invalid signature format: '${text}', must contain exactly one '->'.`);
  }
  const [inputs, outputs] = sides.map((side) => parseSide(side, text)) as [ParsedField[], ParsedField[]];
  checkNames(inputs, outputs, text);
  return { inputs, outputs };
}

/** @throws UsageError when a name is given twice. */
export function checkNames(
  inputs: readonly { readonly name: string }[],
  outputs: readonly { readonly name: string }[],
  text: string,
): void {
  const names = inputs.map((field) => field.name);
  const both = outputs.map((field) => field.name).filter((name) => names.includes(name));
  if (both.length > 0) {
    throw new UsageError(
      `Input and output fields must have distinct names, but found duplicates: '${[...new Set(both)].sort().join(', ')}'.`,
    );
  }
  for (const side of [inputs, outputs]) {
    const twice = side.find((field, i) => side.findIndex((other) => other.name === field.name) < i);
    if (twice !== undefined) throw new UsageError(`Invalid signature '${text}': '${twice.name}' is given twice.`);
  }
}

function parseSide(side: string, signature: string): ParsedField[] {
  const pieces = splitTop(side, ',').map((piece) => piece.trim());
  if (pieces.at(-1) === '') pieces.pop(); // an empty side, or a last comma
  return pieces.map((piece) => parseField(piece, signature));
}

function parseField(piece: string, signature: string): ParsedField {
  const [name = '', ...rest] = splitTop(piece, ':').map((part) => part.trim());
  if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) || rest.length > 1 || rest[0] === '') {
    const shown = piece === '' ? 'nothing between two commas' : `'${piece}'`;
    throw new UsageError(
      `Invalid syntax in signature '${signature}': ${shown}. A field is \`name\` or \`name: type\`, fields are separated by commas.`,
    );
  }
  return { name, type: rest[0] === undefined ? { kind: 'string' } : parseType(rest[0], signature) };
}

const typeNames: Readonly<Record<string, FieldType>> = {
  string: { kind: 'string' },
  str: { kind: 'string' },
  number: { kind: 'float' },
  float: { kind: 'float' },
  int: { kind: 'int' },
  bigint: { kind: 'bigint' },
  boolean: { kind: 'boolean' },
  bool: { kind: 'boolean' },
  any: { kind: 'any' },
  Any: { kind: 'any' },
  list: { kind: 'list', items: { kind: 'any' } },
  List: { kind: 'list', items: { kind: 'any' } },
  dict: { kind: 'dict', values: { kind: 'any' } },
  Dict: { kind: 'dict', values: { kind: 'any' } },
};

function parseType(text: string, signature: string): FieldType {
  const members = splitTop(text, '|').map((member) => member.trim());
  return members.length === 1 ? parseOne(members[0]!, signature) : union(members, text, signature);
}

/** Literals, or one type, each with or without null. */
function union(members: readonly string[], text: string, signature: string): FieldType {
  const rest = members.filter((member) => !isNull(member));
  const types = rest.map((member) => parseOne(member, signature));
  const one = types.length === 1 ? types[0]! : literals(types);
  if (one === undefined) {
    throw new UsageError(
      `Unknown type '${text}' in signature '${signature}': a union is of literals ('a' | 'b'), or of one type and null. ` +
        'Use a zod schema for the field where you need more.',
    );
  }
  return rest.length === members.length || one.kind === 'optional' ? one : { kind: 'optional', of: one };
}

function literals(types: readonly FieldType[]): FieldType | undefined {
  const values = types.flatMap((type) => (type.kind === 'literal' ? type.values : []));
  return types.length > 0 && types.every((type) => type.kind === 'literal')
    ? { kind: 'literal', values: [...new Set(values)] }
    : undefined;
}

function isNull(member: string): boolean {
  return member === 'null' || member === 'None' || member === 'NoneType';
}

function parseOne(text: string, signature: string): FieldType {
  if (Object.hasOwn(typeNames, text)) return typeNames[text]!;
  const literal = literalValue(text);
  if (literal !== undefined) return { kind: 'literal', values: [literal] };
  if (text.endsWith('[]')) return { kind: 'list', items: parseOne(text.slice(0, -2).trim(), signature) };
  if (text.startsWith('(') && text.endsWith(')')) return parseType(text.slice(1, -1).trim(), signature);
  const generic = /^(?:typing\.)?(\w+)\s*(?:\[(.*)\]|<(.*)>)$/s.exec(text);
  const type =
    generic === null
      ? undefined
      : parseGeneric(
          generic[1]!,
          splitTop(generic[2] ?? generic[3] ?? '', ',').map((arg) => arg.trim()),
          signature,
        );
  if (type !== undefined) return type;
  throw new UsageError(
    `Unknown type '${text}' in signature '${signature}'. Use string, number, int, bigint, boolean, string[], 'a' | 'b', ` +
      'dict[str, T], Optional[T] (or their Python names), or a zod schema for the field.',
  );
}

function parseGeneric(name: string, args: readonly string[], signature: string): FieldType | undefined {
  const type = (arg: string): FieldType => parseType(arg, signature);
  const [first = '', second] = args;
  switch (name) {
    case 'list':
    case 'List':
    case 'Array':
      return args.length === 1 ? { kind: 'list', items: type(first) } : undefined;
    case 'dict':
    case 'Dict':
    case 'Record':
      if (second === undefined || args.length > 2 || type(first).kind !== 'string') return undefined;
      return { kind: 'dict', values: type(second) };
    case 'Optional':
      return args.length === 1 ? union([first, 'None'], first, signature) : undefined;
    case 'Union':
      return union(args, `Union[${args.join(', ')}]`, signature);
    case 'Literal':
      return union(args, `Literal[${args.join(', ')}]`, signature);
    default:
      return undefined;
  }
}

function literalValue(text: string): string | number | boolean | undefined {
  const quoted = /^(["'])((?:\\.|(?!\1)[^\\])*)\1$/s.exec(text);
  if (quoted !== null) return quoted[2]!.replace(/\\(.)/gs, '$1');
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (/^true$/i.test(text)) return true;
  return /^false$/i.test(text) ? false : undefined;
}

/** Splits at `separator` outside quotes and brackets. */
function splitTop(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let depth = 0;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (quote !== '') {
      if (char === '\\') i += 1;
      else if (char === quote) quote = '';
    } else if (depth === 0 && text.startsWith(separator, i)) {
      parts.push(text.slice(start, i));
      start = i + separator.length;
      i = start - 1;
    } else if (char === '"' || char === "'") quote = char;
    else if ('[(<'.includes(char)) depth += 1;
    else if (')]'.includes(char) || (char === '>' && text[i - 1] !== '-')) depth -= 1;
  }
  parts.push(text.slice(start));
  return parts;
}
