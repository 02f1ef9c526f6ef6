import type { Framework } from './found.ts';
import { readyMetrics, shapeOf } from './frameworks.ts';
import type { Shape } from './frameworks.ts';
import { keyOf, listOf, optionsOf, signatureText, unknown } from './values.ts';
import type { Dictionary, Instance, Item, List, Value } from './values.ts';

/** A call with its arguments known as far as they are. */
export interface CallContext {
  readonly positional: readonly Value[];
  readonly named: ReadonlyMap<string, Value>;
  readonly line: number;
  readonly file: string;
  /** Calls something that was given as an argument. */
  invoke(callee: Value, positional: readonly Value[]): Value;
}

/** Methods of a signature that give one with the same name. */
export const signatureMethods: ReadonlySet<string> = new Set([
  'with_instructions',
  'with_updated_fields',
  'append',
  'prepend',
  'insert',
  'delete',
]);

/** A call of something in the framework, by its way from the package. */
export function frameworkCall(framework: Framework, path: readonly string[], call: CallContext): Value {
  const name = path.at(-1) ?? '';
  const shape = shapeOf(framework, name);
  if (shape !== null) return made(shape, call);
  if (readyMetrics[framework].has(name)) return { kind: 'metric' };
  if (framework === 'bettertogether') {
    return name === 'signature' ? { kind: 'signature', text: signatureText(call.positional[0] ?? unknown) } : unknown;
  }
  if (name === 'Example') return { kind: 'example' };
  if (name === 'Signature') return { kind: 'signature', text: signatureText(call.positional[0] ?? unknown) };
  const isLoader = path.includes('datasets') || name === 'DataLoader' || name === 'HotPotQA';
  return isLoader ? { kind: 'loader' } : unknown;
}

/** What a predictor's class makes. */
function made(shape: Shape, call: CallContext): Value {
  if (shape === 'argument') return call.named.get('module') ?? call.positional[0] ?? unknown;
  const instance: Instance = { definition: null, attributes: new Map(), isModule: true, predictor: null };
  if (shape === 'predictor') {
    const signature = signatureText(call.named.get('signature') ?? call.positional[0] ?? unknown);
    instance.predictor = { signature, line: call.line, file: call.file };
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
      return [...value.text].map((char) => ({ value: textOf(char), many: false }));
    case 'either':
      return value.options.flatMap(items).map((item) => ({ ...item, many: true }));
    default:
      return [{ value: unknown, many: true }];
  }
}

function textOf(key: string): Value {
  return key === '*' ? unknown : { kind: 'text', text: key };
}

/** A method of a list or dictionary; both languages' names. `many`: in a loop of unknown length. */
export function listMethod(of: List | Dictionary, name: string, call: CallContext, many: boolean): Value {
  return of.kind === 'list' ? methodOfList(of, name, call, many) : methodOfDictionary(of, name, call, many);
}

function methodOfList(of: List, name: string, call: CallContext, many: boolean): Value {
  const [first = unknown, second] = call.positional;
  switch (name) {
    case 'append':
      of.items.push({ value: first, many });
      return unknown;
    case 'push':
      of.items.push(...call.positional.map((value) => ({ value, many })));
      return unknown;
    case 'insert':
      of.items.splice(first.kind === 'number' ? first.number : of.items.length, 0, { value: second ?? unknown, many });
      return unknown;
    case 'extend':
      of.items.push(...items(first));
      return unknown;
    case 'map':
    case 'flatMap':
      return mapped(of, first, call);
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
      return { kind: 'list', items: [...of.items, ...call.positional.flatMap(items)] };
    case 'slice':
    case 'values':
    case 'copy':
      return of;
    case 'forEach':
      mapped(of, first, call);
      return unknown;
    default:
      return unknown;
  }
}

function mapped(over: Value, callee: Value, call: CallContext): List {
  return {
    kind: 'list',
    items: items(over).map(({ value, many }, i) => ({ value: call.invoke(callee, [value, number(i)]), many })),
  };
}

function number(value: number): Value {
  return { kind: 'number', number: value };
}

function methodOfDictionary(of: Dictionary, name: string, call: CallContext, many: boolean): Value {
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

function entriesOf(of: Dictionary): List {
  return {
    kind: 'list',
    items: [...of.entries].map(([key, value]) => ({ value: listOf([textOf(key), value]), many: key === '*' })),
  };
}

type FreeCall = (call: CallContext, first: Value, second: Value) => Value;

const same: FreeCall = (_, first) => first;
const asList: FreeCall = (_, first) => ({ kind: 'list', items: [...items(first)] });
const copied: FreeCall = (_, first) => copy(first, new Map());
const mapOf: FreeCall = (call, first, second) => mapped(second, first, call);

/** What of the languages' own libraries is met in constructors. */
const freeCalls: Readonly<Record<string, FreeCall>> = {
  range: ({ positional }) => range(positional),
  list: asList,
  tuple: asList,
  sorted: asList,
  reversed: (_, first) => ({ kind: 'list', items: items(first).toReversed() }),
  map: mapOf,
  dict: ({ named }, first) => dictionary(first, named),
  enumerate: (_, first) => ({
    kind: 'list',
    items: items(first).map(({ value, many }, i) => ({ value: listOf([many ? unknown : number(i), value]), many })),
  }),
  zip: ({ positional }) => zip(positional),
  str: (_, first) => ({ kind: 'text', text: keyOf(first) }),
  len: (_, first) => {
    const all = items(first);
    return all.some((item) => item.many) ? unknown : number(all.length);
  },
  'copy.deepcopy': copied,
  'copy.copy': copied,
  'random.sample': same,
  Array: (_, first) => range([first]),
  'Array.from': (call, first, second) => {
    const length = first.kind === 'dictionary' ? first.entries.get('length') : undefined;
    const over = length === undefined ? first : range([length]);
    return second.kind === 'unknown' ? asList(call, over, unknown) : mapped(over, second, call);
  },
  'Array.of': ({ positional }) => listOf(positional),
  'Object.fromEntries': (_, first) => dictionary(first, new Map()),
  'Object.keys': (_, first) => ({ kind: 'list', items: [...items(first)] }),
  'Object.values': (call, first) =>
    first.kind === 'dictionary' ? methodOfDictionary(first, 'values', call, false) : unknown,
  'Object.entries': (_, first) => (first.kind === 'dictionary' ? entriesOf(first) : unknown),
  'Object.freeze': same,
};

/** A call of something outside the workspace and the framework. */
export function freeCall(name: string, call: CallContext): Value {
  const known = Object.hasOwn(freeCalls, name) ? freeCalls[name] : undefined;
  return known?.(call, call.positional[0] ?? unknown, call.positional[1] ?? unknown) ?? unknown;
}

/** Up to this many; more is as good as unknown. */
const longestRange = 64;

function range(bounds: readonly Value[]): Value {
  const numbers = bounds.map((bound) => {
    const known = optionsOf(bound).find((option) => option.kind === 'number');
    return known?.kind === 'number' ? known.number : null;
  });
  const [from, to] = numbers.length === 1 ? [0, numbers[0]] : numbers;
  const step = numbers[2] ?? 1;
  if (from == null || to == null || numbers.includes(null) || step === 0) return listOf([unknown], true);
  const count = Math.max(0, Math.ceil((to - from) / step));
  if (count > longestRange) return listOf([unknown], true);
  return listOf(Array.from({ length: count }, (_, i) => number(from + i * step)));
}

function zip(lists: readonly Value[]): Value {
  const all = lists.map(items);
  const length = Math.min(...all.map((each) => each.length));
  return {
    kind: 'list',
    items: Array.from({ length: Number.isFinite(length) ? length : 0 }, (_, i) => ({
      value: listOf(all.map((each) => each[i]!.value)),
      many: all.some((each) => each[i]!.many),
    })),
  };
}

function dictionary(pairs: Value, named: ReadonlyMap<string, Value>): Value {
  const entries = new Map<string, Value>();
  if (pairs.kind === 'dictionary') for (const [key, value] of pairs.entries) entries.set(key, value);
  else if (pairs.kind === 'list') {
    for (const { value: pair, many } of pairs.items) {
      if (pair.kind !== 'list') continue;
      entries.set(many ? '*' : keyOf(pair.items[0]?.value ?? unknown), pair.items[1]?.value ?? unknown);
    }
  }
  for (const [key, value] of named) entries.set(key, value);
  return { kind: 'dictionary', entries };
}

/** Another object of the same making; within one copy, what was one stays one. */
function copy(value: Value, copies: Map<Instance, Instance>): Value {
  if (value.kind === 'list') {
    return { kind: 'list', items: value.items.map((item) => ({ ...item, value: copy(item.value, copies) })) };
  }
  if (value.kind === 'dictionary') {
    return { kind: 'dictionary', entries: new Map([...value.entries].map(([key, each]) => [key, copy(each, copies)])) };
  }
  if (value.kind !== 'instance') return value;
  const done = copies.get(value.instance);
  if (done !== undefined) return { kind: 'instance', instance: done };
  const fresh: Instance = { ...value.instance, attributes: new Map() };
  copies.set(value.instance, fresh);
  for (const [name, each] of value.instance.attributes) fresh.attributes.set(name, copy(each, copies));
  return { kind: 'instance', instance: fresh };
}
