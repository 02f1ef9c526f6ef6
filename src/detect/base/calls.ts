import type { Framework, SignatureFields } from './found.ts';
import { readyMetrics, shapeOf } from './frameworks.ts';
import type { Shape } from './frameworks.ts';
import { longestList } from './limits.ts';
import { add, keyOf, listOf, signatureText, unknown } from './values.ts';
import type { Dictionary, Instance, Item, List, Value } from './values.ts';

/** A call with its arguments known as far as they are. */
export interface CallContext {
  readonly positional: readonly Value[];
  readonly named: ReadonlyMap<string, Value>;
  readonly line: number;
  readonly file: string;
  /** Calls something that was given as an argument. */
  invoke(callee: Value, positional: readonly Value[]): Value;
  /** Of what is given as a signature; `null` where the source does not say. */
  fieldsOf(signature: Value): SignatureFields | null;
}

/** A call without arguments, as loading `file#name` makes it. */
export function noArguments(file: string): CallContext {
  return { positional: [], named: new Map(), line: 0, file, invoke: () => unknown, fieldsOf: () => null };
}

/** A call of something in the framework, by its way from the package. */
export function frameworkCall(framework: Framework, path: readonly string[], call: CallContext): Value {
  const name = path.at(-1) ?? '';
  const shape = shapeOf(framework, name);
  if (shape !== null) return made(shape, call);
  if (readyMetrics[framework].has(name)) return { kind: 'metric' };
  if (framework === 'bettertogether') {
    return name === 'signature' ? signature(call) : unknown;
  }
  if (name === 'Example') return { kind: 'example' };
  if (signatureMakers.has(name)) return signature(call);
  const role = fieldRoles.get(name);
  if (role !== undefined) return { kind: 'field', role };
  const isLoader = path.includes('datasets') || name === 'DataLoader' || name === 'HotPotQA';
  return isLoader ? { kind: 'loader' } : unknown;
}

const signatureMakers: ReadonlySet<string> = new Set(['Signature', 'make_signature', 'ensure_signature']);
const fieldRoles: ReadonlyMap<string, 'input' | 'output'> = new Map([
  ['InputField', 'input'],
  ['OldInputField', 'input'],
  ['OutputField', 'output'],
  ['OldOutputField', 'output'],
]);

function signature(call: CallContext): Value {
  const source = call.named.get('signature') ?? call.positional[0] ?? unknown;
  return { kind: 'signature', text: signatureText(source), fields: call.fieldsOf(source) };
}

/** What a predictor's class makes. */
function made(shape: Shape, call: CallContext): Value {
  if (shape === 'argument') return call.named.get('module') ?? call.positional[0] ?? unknown;
  const instance: Instance = { definition: null, attributes: new Map(), isModule: true, predictor: null };
  if (shape === 'predictor') {
    const given = call.named.get('signature') ?? call.positional[0] ?? unknown;
    const { line, file } = call;
    instance.predictor = { signature: signatureText(given), fields: call.fieldsOf(given), line, file };
  } else {
    for (const [name, part] of Object.entries(shape)) instance.attributes.set(name, made(part, call));
  }
  return { kind: 'instance', instance };
}

/** What iterating over a value gives; something unknown any number of times where that is not known. */
export function items(value: Value): readonly Item[] {
  switch (value.kind) {
    case 'list':
      return value.items;
    case 'dictionary':
      return [...value.entries.keys()].map((key) => ({ value: textOf(key), many: key === '*' }));
    case 'text':
      return [...value.text.slice(0, longestList)].map((char) => ({ value: textOf(char), many: false }));
    case 'either':
      return value.options
        .flatMap(items)
        .slice(0, longestList)
        .map((item) => ({ ...item, many: true }));
    default:
      return [{ value: unknown, many: true }];
  }
}

function textOf(key: string): Value {
  return key === '*' ? unknown : { kind: 'text', text: key };
}

/** A method of a list or dictionary, in both languages. `many`: in a loop of unknown length. */
export function listMethod(of: List | Dictionary, name: string, call: CallContext, many: boolean): Value {
  return of.kind === 'list' ? methodOfList(of, name, call, many) : methodOfDictionary(of, name, call, many);
}

function methodOfList(of: List, name: string, call: CallContext, many: boolean): Value {
  const [first = unknown, second] = call.positional;
  switch (name) {
    case 'append':
      add(of, [{ value: first, many }]);
      return unknown;
    case 'push':
      add(
        of,
        call.positional.map((value) => ({ value, many })),
      );
      return unknown;
    case 'insert':
      if (of.items.length < longestList)
        of.items.splice(first.kind === 'number' ? first.number : of.items.length, 0, {
          value: second ?? unknown,
          many,
        });
      return unknown;
    case 'extend':
      add(of, items(first));
      return unknown;
    case 'map':
      return mapped(of, first, call);
    case 'flatMap':
      return flat(mapped(of, first, call));
    case 'fill':
      return { kind: 'list', items: of.items.map((item) => ({ ...item, value: first })) };
    case 'keys':
      return {
        kind: 'list',
        items: of.items.map(({ many: any }, i) => ({ value: any ? unknown : number(i), many: any })),
      };
    case 'filter':
      return { kind: 'list', items: of.items.map((item) => ({ ...item, many: true })) };
    case 'concat':
      return { kind: 'list', items: [...of.items, ...call.positional.flatMap(concatenated)].slice(0, longestList) };
    case 'slice':
    case 'values':
    case 'copy':
    case 'toSorted':
      return of;
    case 'toReversed':
      return { kind: 'list', items: of.items.toReversed() };
    case 'forEach':
      mapped(of, first, call);
      return unknown;
    default:
      return unknown;
  }
}

export function mapped(over: Value, callee: Value, call: CallContext): List {
  return {
    kind: 'list',
    items: items(over).map(({ value, many }, i) => ({ value: call.invoke(callee, [value, number(i)]), many })),
  };
}

/** What `concat` adds: the items of a list, anything else as it is. */
function concatenated(value: Value): readonly Item[] {
  return value.kind === 'dictionary' || value.kind === 'text' ? [{ value, many: false }] : items(value);
}

/** Lists among the items become items. */
function flat({ items: all }: List): List {
  return {
    kind: 'list',
    items: all
      .flatMap((item) =>
        item.value.kind === 'list'
          ? item.value.items.map((each) => ({ ...each, many: each.many || item.many }))
          : [item],
      )
      .slice(0, longestList),
  };
}

export function number(value: number): Value {
  return { kind: 'number', number: value };
}

export function methodOfDictionary(of: Dictionary, name: string, call: CallContext, many: boolean): Value {
  const [first = unknown, second] = call.positional;
  switch (name) {
    case 'items':
      return entriesOf(of);
    case 'keys':
      return { kind: 'list', items: [...items(of)] };
    case 'values':
      return { kind: 'list', items: [...of.entries].map(([key, value]) => ({ value, many: key === '*' })) };
    case 'get':
      return of.entries.get(keyOf(first)) ?? second ?? unknown;
    case 'setdefault':
      if (!of.entries.has(keyOf(first))) of.entries.set(many ? '*' : keyOf(first), second ?? unknown);
      return of.entries.get(keyOf(first)) ?? unknown;
    case 'update':
      if (first.kind === 'dictionary') for (const [key, value] of first.entries) of.entries.set(key, value);
      for (const [key, value] of call.named) of.entries.set(key, value);
      return unknown;
    default:
      return unknown;
  }
}

export function entriesOf(of: Dictionary): List {
  return {
    kind: 'list',
    items: [...of.entries].map(([key, value]) => ({ value: listOf([textOf(key), value]), many: key === '*' })),
  };
}
