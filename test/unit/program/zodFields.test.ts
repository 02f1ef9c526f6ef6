import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import * as mini from 'zod/mini';
import { Predict, signature } from 'bettertogether';
import type { FieldDescription } from '../../../src/data/program.ts';
import { strictObjectSchema, typeName } from '../../../src/program/values/fieldTypes.ts';
import { answerValue } from '../../../src/program/zodValues.ts';
import { chat, run } from './run.ts';

/** What TypeScript makes of `enum Level { Low, High }`. */
const Level = { Low: 0, High: 1, 0: 'Low', 1: 'High' };

const mini4 = (schema: unknown) => schema as z.ZodType;

function field(schema: z.ZodType): FieldDescription {
  return signature({ inputs: {}, outputs: { a: schema } }).outputs[0]!;
}

async function read(schema: z.ZodType, text: string): Promise<unknown> {
  const predict = new Predict(signature({ inputs: {}, outputs: { a: schema } }));
  const { result } = await run(
    predict,
    () => chat({ a: text }),
    () => predict({}),
  );
  return result.a;
}

describe('an answer is described as what goes into its schema', () => {
  it.each([
    ['a transform', z.string().transform((text) => text.length), 'str'],
    ['a pipe', z.string().transform(Number).pipe(z.int()), 'str'],
    ['what is read only', z.string().readonly(), 'str'],
    ['a codec', z.stringbool(), 'str'],
    ['a default', z.int().prefault(3), 'Union[int, NoneType]'],
    ["an enum of TypeScript's", z.enum(Level), 'Literal[0, 1]'],
    ['what may not be missing after all', z.enum(['x', 'y']).optional().nonoptional(), "Literal['x', 'y']"],
    ['what may be null all the same', z.int().nullish().nonoptional(), 'Union[int, NoneType]'],
    ['one of zod/mini', mini4(mini.optional(mini.enum(['x', 'y']))), "Union[Literal['x', 'y'], NoneType]"],
  ])('%s', (_, schema, name) => {
    expect(typeName(field(schema).type)).toBe(name);
  });

  it('with the keys that a record has', () => {
    const { type } = field(z.record(z.enum(['x', 'y']), z.number()));
    expect(type).toMatchObject({ kind: 'json', schema: { required: ['x', 'y'] } });
  });

  it('by what is written where JSON has no such value', () => {
    const properties = { when: z.date(), tags: z.set(z.string()), sums: z.map(z.string(), z.bigint()) };
    expect(field(z.object(properties)).type).toMatchObject({
      schema: {
        properties: {
          when: { type: 'string', format: 'date-time' },
          tags: { type: 'array', items: { type: 'string' } },
          sums: { type: 'object', additionalProperties: { type: 'integer' } },
        },
        additionalProperties: false,
      },
    });
  });

  it('with the keys that a map has', () => {
    const { type } = field(z.map(z.enum(['x', 'y']), z.int().min(1)));
    expect(type).toMatchObject({
      schema: { propertyNames: { enum: ['x', 'y'] }, additionalProperties: { minimum: 1 } },
    });
  });

  it('once where it holds itself in a set or a map, without references to other places', () => {
    const inSet: z.ZodType = z.object({ name: z.string(), parts: z.lazy(() => z.set(inSet)) });
    const inMap: z.ZodType = z.object({
      parts: z.map(
        z.string(),
        z.lazy(() => inMap),
      ),
    });
    const list: z.ZodType = z.object({ next: z.lazy(() => list).nullable() });
    const part = { properties: { name: { type: 'string' }, parts: { type: 'array', items: {} } } };
    expect(field(inSet).type).toMatchObject({ schema: { properties: { parts: { type: 'array', items: part } } } });
    expect(field(inMap).type).toMatchObject({
      schema: {
        properties: { parts: { additionalProperties: { properties: { parts: { additionalProperties: {} } } } } },
      },
    });
    expect(JSON.stringify(field(z.set(list)).type)).not.toContain('$ref');
  });

  it('where no property may be missing, null says that it is', () => {
    const schema = z.object({ a: z.string(), b: z.string().optional(), c: z.int().nullish() });
    expect(strictObjectSchema([field(schema)])).toMatchObject({
      properties: {
        a: {
          required: ['a', 'b', 'c'],
          properties: {
            a: { type: 'string' },
            b: { anyOf: [{ type: 'string' }, { type: 'null' }] },
            c: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
          },
        },
      },
    });
  });
});

describe('constraints', () => {
  it.each([
    [z.int().min(1).max(5), 'greater than or equal to: 1, less than or equal to: 5'],
    [z.number().positive().optional(), 'greater than: 0'],
    [z.string().min(2).max(9).nullable(), 'minimum length: 2, maximum length: 9'],
    [z.email(), 'format: email'],
    [z.string().regex(/^[A-Z]{3}$/), 'pattern: ^[A-Z]{3}$'],
    [z.array(z.number().max(1)).min(1), 'minimum length: 1, less than or equal to: 1 (each)'],
    [mini4(mini.int().check(mini.gte(1))), 'greater than or equal to: 1'],
    [z.bigint().min(5n).lt(9n), 'greater than or equal to: 5, less than: 9'],
    [z.int(), undefined],
    [z.object({ a: z.string().min(1) }), undefined],
  ])('%#: %s', (schema, said) => {
    expect(field(schema).constraints).toBe(said);
  });

  it('of what is described by a JSON schema are in it, dates in words', () => {
    const first = new Date('2024-01-01T00:00:00.000Z');
    expect(field(z.set(z.string()).min(1).max(3)).type).toMatchObject({ schema: { minItems: 1, maxItems: 3 } });
    expect(field(z.date().min(first).describe('the day')).type).toMatchObject({
      schema: { description: 'the day; greater than or equal to: 2024-01-01T00:00:00.000Z' },
    });
  });

  it.each(['chat', 'plain'] as const)('that are allowed values are told in %s', async (format) => {
    const predict = new Predict(signature({ inputs: {}, outputs: { a: z.enum(['good', 'bad']).catch('good') } }));
    const { calls } = await run(
      predict,
      () => (format === 'chat' ? chat({ a: 'bad' }) : 'bad'),
      () => predict({}),
      { format },
    );
    expect(JSON.stringify(calls[0]!.prompt)).toMatch(/good'?, '?bad/);
  });

  it.each(['chat', 'json', 'text', 'plain'] as const)('are in a prompt of the format %s', async (format) => {
    const stars = signature({ inputs: { q: z.string() }, outputs: { stars: z.int().min(1).max(5) } });
    const predict = new Predict(stars);
    const reply = format === 'json' ? '{"stars": 3}' : format === 'chat' ? chat({ stars: '3' }) : '3';
    const { calls } = await run(
      predict,
      () => reply,
      () => predict({ q: 'x' }),
      { format },
    );
    expect(JSON.stringify(calls[0]!.prompt)).toContain('greater than or equal to: 1, less than or equal to: 5');
  });
});

describe('an answer is read as its schema wants it', () => {
  const either = z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('a'), id: z.bigint() }),
    z.object({ kind: z.literal('b'), note: z.string().optional() }),
  ]);
  it.each([
    ['text that looks like a number', z.string().catch('?'), '123', '123'],
    ['text that looks like a list', z.string().transform((text) => text.split(', ')), 'a, b', ['a', 'b']],
    ['text in quotes', z.lazy(() => z.string()), '"x"', 'x'],
    ['a date', z.date(), '2024-01-02', new Date('2024-01-02')],
    ['dates within', z.array(z.object({ on: z.date() })), '[{"on": "2024-01-02"}]', [{ on: new Date('2024-01-02') }]],
    ['a set', z.set(z.string()), '["x"]', new Set(['x'])],
    ['a map', z.map(z.string(), z.bigint()), '{"x": 1}', new Map([['x', 1n]])],
    ['keys of a map', z.map(z.number(), z.string()), '{"1": "x"}', new Map([[1, 'x']])],
    ['dates as keys', z.map(z.date(), z.int()), '{"2024-01-02": 3}', new Map([[new Date('2024-01-02'), 3]])],
    ['bigints as keys', z.map(z.bigint(), z.int()), '{"9007199254740993": 3}', new Map([[9007199254740993n, 3]])],
    ['one of an enum in quotes', z.enum(['a', 'b']).catch('a'), "'b'", 'b'],
    ['one of an enum with a blank', z.enum(['a', 'b']).catch('a'), ' b\n', 'b'],
    ['none of an enum that catches it', z.enum(['a', 'b']).catch('a'), 'c', 'a'],
    ['no number where one is caught', z.int().catch(7), 'many', 7],
    ['a bigint of one member', either, '{"kind": "a", "id": 5}', { kind: 'a', id: 5n }],
    ['bigints in a tuple', z.tuple([z.bigint(), z.string()]), '[5, "x"]', [5n, 'x']],
    ['a bigint that is the only one', z.literal(5n), '5', 5n],
    ['what is left out', either, '{"kind": "b", "note": null}', { kind: 'b' }],
    ['what coercion would make something of', z.coerce.number().optional(), 'null', undefined],
    ['null that is meant', z.object({ x: z.string().nullish() }), '{"x": null}', { x: null }],
    ['what is checked later', z.string().refine(async (text) => Promise.resolve(text === 'x')), 'x', 'x'],
    ['by zod/mini', mini4(mini.object({ on: mini.date() })), '{"on": "2024-01-02"}', { on: new Date('2024-01-02') }],
  ])('%s', async (_, schema, text, value) => {
    expect(await read(schema, text)).toEqual(value);
  });

  it('by the member of a union whose shape it has, in which unions may be as deep as they like', async () => {
    const kinds = ['a', 'b', 'c', 'd', 'e', 'f'];
    let looks = 0;
    const looked = (value: unknown) => (looks++, value);
    type Node = z.ZodType;
    const node: Node = z.lazy(() => z.union(kinds.map((kind) => member(kind))));
    const member = (kind: string): Node =>
      z.object({ kind: z.literal(kind), id: z.bigint().refine(looked), of: z.array(node) });
    const deep = (depth: number): object => ({ kind: 'f', id: 5, of: depth === 0 ? [] : [deep(depth - 1)] });
    const made = answerValue(node, deep(60));
    expect(looks).toBe(0);
    expect(JSON.stringify(made, (_, value: unknown) => (typeof value === 'bigint' ? 'big' : value))).toContain('"big"');
    expect(JSON.stringify(deep(60)).match(/"id":5/g)).toHaveLength(61);
  });

  it.each([
    ['a limit of zod', z.union([z.string().max(3), z.date()]), '2024-01-02', new Date('2024-01-02')],
    ['a format', z.union([z.email(), z.bigint()]), '5', 5n],
    ['keys', z.union([z.strictObject({ a: z.bigint() }), z.object({ a: z.date() })]), '{"a": 1, "b": 2}', undefined],
    ['items', z.union([z.array(z.date()), z.array(z.bigint())]), '[1, 2]', [1n, 2n]],
    ['enums', z.union([z.enum(['x']), z.bigint()]), '5', 5n],
    ['what may be missing', z.union([z.object({ a: z.date() }), z.object({ b: z.bigint() })]), '{"b": 1}', { b: 1n }],
    [
      'two halves',
      z.object({ a: z.bigint() }).and(z.object({ b: z.date().optional() })),
      '{"a": 1, "b": null}',
      { a: 1n },
    ],
    [
      'a text that is trimmed',
      z.union([z.object({ s: z.string().trim().max(1), n: z.bigint() }), z.null()]),
      '{"s": "x ", "n": 1}',
      { s: 'x ', n: 1n },
    ],
    ['literals', either.or(z.object({})), '{"kind": "a", "id": 5}', { kind: 'a', id: 5n }],
    [
      'literals alone',
      z.union([z.object({ k: z.literal('a'), n: z.bigint(), s: z.string() }), z.null()]),
      '{"k": "a", "n": 1}',
      { k: 'a', n: 1n },
    ],
    ['a function last', z.union([z.custom<never>(() => false), z.bigint()]), '5', 5n],
  ])('by %s', (_, schema, text, value) => {
    const given: unknown = text.startsWith('2024') ? text : JSON.parse(text);
    expect(answerValue(schema, given)).toEqual(value ?? given);
  });

  it('without running what users check, which may be asynchronous and fail', async () => {
    let runs = 0;
    const fails = async (): Promise<boolean> => {
      runs += 1;
      return Promise.reject(new Error('no such row'));
    };
    const schema = z.union([z.object({ id: z.bigint() }).refine(fails), z.string().transform(fails)]);
    expect(answerValue(schema, { id: 1 })).toEqual({ id: 1n });
    expect(answerValue(z.preprocess(fails, z.string()).optional(), null)).toBeUndefined();
    expect(runs).toBe(0);
  });

  it.each([
    [z.date(), '5', 'expected date'],
    [z.string().max(2), 'long', 'expected string to have <=2 characters'],
  ])('%#: what does not fit is refused', async (schema, text, why) => {
    await expect(read(schema as z.ZodType, text)).rejects.toThrow(why);
  });
});
