import { entriesOf, items, mapped, methodOfDictionary, number } from './calls.ts';
import type { CallContext } from './calls.ts';
import { keyOf, listOf, optionsOf, unknown } from './values.ts';
import type { Instance, Value } from './values.ts';

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
  'dataclasses.field': ({ named, invoke }) => {
    const factory = named.get('default_factory');
    return factory === undefined ? (named.get('default') ?? unknown) : invoke(factory, []);
  },
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
  'Promise.resolve': same,
  'Promise.all': same,
  structuredClone: copied,
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
function copy(value: Value, copies: Map<object, Value>): Value {
  const known = copies.get(value.kind === 'instance' ? value.instance : value);
  return known ?? copyNow(value, copies);
}

function copyNow(value: Value, copies: Map<object, Value>): Value {
  if (value.kind === 'list') {
    const list = listOf([]);
    copies.set(value, list);
    for (const item of value.items) list.items.push({ ...item, value: copy(item.value, copies) });
    return list;
  }
  if (value.kind === 'dictionary') {
    const dictionary = { kind: 'dictionary', entries: new Map<string, Value>() } as const;
    copies.set(value, dictionary);
    for (const [key, each] of value.entries) dictionary.entries.set(key, copy(each, copies));
    return dictionary;
  }
  if (value.kind !== 'instance') return value;
  const fresh: Instance = { ...value.instance, attributes: new Map() };
  const copied: Value = { kind: 'instance', instance: fresh };
  copies.set(value.instance, copied);
  for (const [name, each] of value.instance.attributes) fresh.attributes.set(name, copy(each, copies));
  return copied;
}
