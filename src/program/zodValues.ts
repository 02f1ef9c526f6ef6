/** Values of an LM's answer, which is JSON, as zod schemas want them: bigints, dates, sets, maps, and what is left out. */
import type * as z from 'zod';
import { digitsAtMost } from '../base/exactJson.ts';
import { definitionOf, lazyInner, takesNull } from './zodDefinition.ts';
import type { Definition } from './zodDefinition.ts';
import { isOfKind, isOpaque } from './zodFits.ts';

/** The value for the schema to check, however deep; where the schema says nothing of it, as it is. */
export function answerValue(schema: z.core.$ZodType, value: unknown): unknown {
  return new Reader().read(schema, value).value;
}

/** What a schema makes of a value, and whether that is of its shape: what its users check is left to the schema. */
interface Reading {
  readonly value: unknown;
  readonly fits: boolean;
}

/** Each part is read once by each schema, so that unions that hold themselves take no longer the deeper they are. */
class Reader {
  readonly #seen = new Map<z.core.$ZodType, Map<object, Reading>>();

  read(schema: z.core.$ZodType, value: unknown): Reading {
    if (typeof value !== 'object' || value === null) return this.#made(schema, value);
    const seen = this.#seen.get(schema) ?? new Map<object, Reading>();
    this.#seen.set(schema, seen);
    const reading = seen.get(value) ?? this.#made(schema, value);
    seen.set(value, reading);
    return reading;
  }

  #made(schema: z.core.$ZodType, value: unknown): Reading {
    const def = definitionOf(schema);
    switch (def.type) {
      case 'optional':
      case 'default':
      case 'prefault':
        return isLeftOut(def.innerType, value) ? { value: undefined, fits: true } : this.read(def.innerType, value);
      case 'nullable':
        return value === null ? { value, fits: true } : this.read(def.innerType, value);
      case 'nonoptional':
      case 'readonly':
        return this.read(def.innerType, value);
      case 'catch':
        return { value: this.read(def.innerType, value).value, fits: true };
      case 'lazy':
        return this.read(lazyInner(schema), value);
      case 'pipe':
        return this.read(def.in, value);
      case 'union':
        return this.#ofMember(def.options, value);
      case 'intersection':
        return both(value, this.read(def.left, value), this.read(def.right, value));
      default: {
        const made = this.#container(def, value) ?? { value: scalar(def, value), fits: !isContainer(def) };
        return { value: made.value, fits: made.fits && isOfKind(schema, made.value) };
      }
    }
  }

  /**
   * For the first member that it fits, or that is named by its literals: what is wrong then is said of that one alone. A function
   * takes anything, and so comes last, with the value as it is.
   */
  #ofMember(options: readonly z.core.$ZodType[], value: unknown): Reading {
    for (const option of options.filter((each) => !isOpaque(each))) {
      const reading = this.read(option, value);
      if (reading.fits) return reading;
    }
    const named = options.find((option) => isNamedIn(option, value));
    return { value: named === undefined ? value : this.read(named, value).value, fits: options.some(isOpaque) };
  }

  #container(def: Definition, value: unknown): Reading | undefined {
    if (Array.isArray(value)) return this.#list(def, value);
    return typeof value === 'object' && value !== null && isRecord(value) ? this.#record(def, value) : undefined;
  }

  #list(def: Definition, list: readonly unknown[]): Reading | undefined {
    switch (def.type) {
      case 'array':
        return together(list.map((item) => this.read(def.element, item)));
      case 'set': {
        const items = together(list.map((item) => this.read(def.valueType, item)));
        return { value: new Set(items.value), fits: items.fits };
      }
      case 'tuple': {
        const schemaAt = (i: number): z.core.$ZodType | undefined => def.items[i] ?? def.rest ?? undefined;
        const { value, fits } = together(list.map((item, i) => this.#within(schemaAt(i), item)));
        const missing = def.items.slice(list.length).every((item) => this.read(item, undefined).fits);
        return { value, fits: fits && missing && (list.length <= def.items.length || def.rest !== null) };
      }
      default:
        return undefined;
    }
  }

  #record(def: Definition, value: object): Reading | undefined {
    switch (def.type) {
      case 'map': {
        const keys = Object.keys(value).map((key) => this.#key(def.keyType, key));
        const items = together(Object.values(value).map((item) => this.read(def.valueType, item)));
        const entries = items.value.map((item, i) => [keys[i]?.value, item] as const);
        return { value: new Map(entries), fits: items.fits && keys.every(({ fits }) => fits) };
      }
      case 'record': {
        const { value: made, fits } = this.#properties(value, () => def.valueType);
        return { value: made, fits: fits && Object.keys(value).every((key) => this.#key(def.keyType, key).fits) };
      }
      case 'object': {
        const { shape, catchall } = def;
        const made = this.#properties(value, (key) => (Object.hasOwn(shape, key) ? shape[key] : catchall));
        const missing = Object.keys(shape).filter((key) => !Object.hasOwn(value, key));
        return { ...made, fits: made.fits && missing.every((key) => this.read(shape[key]!, undefined).fits) };
      }
      default:
        return undefined;
    }
  }

  /** What an optional property has in the place of a value is left out with it. */
  #properties(value: object, schemaOf: (key: string) => z.core.$ZodType | undefined): Reading {
    const entries = Object.entries(value).map(([key, item]) => [key, this.#within(schemaOf(key), item)] as const);
    const kept = entries.flatMap(([key, made]) => (made.value === undefined ? [] : [[key, made.value] as const]));
    return { value: Object.fromEntries(kept), fits: entries.every(([, made]) => made.fits) };
  }

  #within(schema: z.core.$ZodType | undefined, value: unknown): Reading {
    return schema === undefined ? { value, fits: true } : this.read(schema, value);
  }

  /** JSON's keys are texts, also those that are numbers. */
  #key(keyType: z.core.$ZodType, key: string): Reading {
    const readings = [key, ...numbersIn(key)].map((each) => this.read(keyType, each));
    return readings.find(({ fits }) => fits) ?? { value: key, fits: false };
  }
}

function numbersIn(text: string): readonly (number | bigint)[] {
  const number = Number(text);
  if (text.trim() === '' || Number.isNaN(number)) return [];
  const isLong = /^[+-]?\d+$/.test(text) && !Number.isSafeInteger(number) && text.length <= digitsAtMost;
  return isLong ? [BigInt(text.replace('+', '')), number] : [number];
}

/** Whether an object has one of the values that the schema lists for each of its properties that have such a list. */
function isNamedIn(schema: z.core.$ZodType, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const listed = Object.entries(schema._zod.propValues ?? {});
  return listed.length > 0 && listed.every(([key, values]) => values.has((value as Record<string, string>)[key]));
}

function isLeftOut(inner: z.core.$ZodType, value: unknown): boolean {
  // Prompts and JSON know only null; these want undefined.
  return value === undefined || (value === null && !takesNull(inner));
}

function scalar(def: Definition, value: unknown): unknown {
  switch (def.type) {
    case 'bigint':
      return Number.isInteger(value) ? BigInt(value as number) : value;
    case 'literal':
      return def.values.find((each) => typeof each === 'bigint' && Number(each) === value) ?? value;
    case 'date':
      return dateIn(value);
    default:
      return value;
  }
}

/** Text that begins with a date; `new Date('5')` would be one too. */
function dateIn(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*\d{4}-\d\d-\d\d/.test(value)) return value;
  const date = new Date(value.trim());
  return Number.isNaN(date.getTime()) ? value : date;
}

function isContainer({ type }: Definition): boolean {
  return ['array', 'set', 'tuple', 'map', 'record', 'object'].includes(type);
}

function isRecord(value: object): boolean {
  return !Array.isArray(value) && !(value instanceof Map) && !(value instanceof Date) && !(value instanceof Set);
}

function together(readings: readonly Reading[]): { readonly value: readonly unknown[]; readonly fits: boolean } {
  return { value: readings.map(({ value }) => value), fits: readings.every(({ fits }) => fits) };
}

/** What either side of an intersection makes of an object's properties; of other values, the one that makes something of it. */
function both(value: unknown, left: Reading, right: Reading): Reading {
  const fits = left.fits && right.fits;
  const sides = [value, left.value, right.value].map((each) => each as Readonly<Record<string, unknown>>);
  if (!sides.every((each) => typeof each === 'object' && each !== null && isRecord(each))) {
    return { value: right.value === value ? left.value : right.value, fits };
  }
  const [given, first, second] = sides as [(typeof sides)[0], (typeof sides)[0], (typeof sides)[0]];
  const entries = Object.keys(given).map(
    (key) => [key, second[key] === given[key] ? first[key] : second[key]] as const,
  );
  return { value: Object.fromEntries(entries.filter(([, item]) => item !== undefined)), fits };
}
