import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import * as z3 from 'zod/v3';
import { UsageError } from '../../../src/base/errors.ts';
import { typeName } from '../../../src/program/values/fieldTypes.ts';
import { pythonNumber } from '../../../src/base/pythonNumber.ts';
import { cleandoc, pythonJson } from '../../../src/program/values/pythonText.ts';
import { signature, withReasoning } from '../../../src/program/signature.ts';
import type { Signature } from '../../../src/program/signature.ts';
import { goldens } from './goldens.ts';

/** How Python prints the types in the goldens. */
function pythonType(name: string): string {
  const optional = /^Union\[(.*), NoneType\]$/.exec(name);
  if (optional !== null) return `typing.Optional[${optional[1]}]`;
  if (name.startsWith('Literal')) return `typing.${name}`;
  return name.includes('[') ? name : `<class '${name}'>`;
}

describe('signature strings are read as DSPy reads them', () => {
  for (const golden of goldens.signatures) {
    it(golden.s, () => {
      if (golden.error !== undefined) {
        const piece = golden.error.startsWith('SyntaxError')
          ? /Invalid syntax.*'a b'/
          : golden.error.replace('ValueError: ', '');
        expect(() => signature(golden.s)).toThrow(piece);
        expect(() => signature(golden.s)).toThrow(UsageError);
        return;
      }
      const made: Signature = signature(golden.s);
      const fields = [...made.inputs, ...made.outputs];
      expect(made.instructions).toBe(golden.instructions);
      expect(made.inputs.map((field) => field.name)).toEqual(golden.inputs);
      expect(made.outputs.map((field) => field.name)).toEqual(golden.outputs);
      expect(fields.map((field) => field.prefix)).toEqual(golden.prefixes);
      expect(fields.map((field) => pythonType(typeName(field.type)))).toEqual(golden.types);
    });
  }
});

describe('types', () => {
  const typeOf = (text: string): unknown => signature(`q -> x: ${text}`).outputs[0]!.type;
  const same: readonly (readonly [string, string, unknown])[] = [
    ['string', 'str', { kind: 'string' }],
    ['number', 'float', { kind: 'float' }],
    ['boolean', 'bool', { kind: 'boolean' }],
    ['string[]', 'list[str]', { kind: 'list', items: { kind: 'string' } }],
    ["'a' | 'b'", 'Literal["a", "b"]', { kind: 'literal', values: ['a', 'b'] }],
    ['"a, b" | "c->d"', "Literal['a, b', 'c->d']", { kind: 'literal', values: ['a, b', 'c->d'] }],
    ['1 | 2', 'Literal[1, 2]', { kind: 'literal', values: [1, 2] }],
    ['int | null', 'Optional[int]', { kind: 'optional', of: { kind: 'int' } }],
    ['int | None', 'Union[int, None]', { kind: 'optional', of: { kind: 'int' } }],
    [
      "'a' | 'b' | null",
      "Optional[Literal['a', 'b']]",
      { kind: 'optional', of: { kind: 'literal', values: ['a', 'b'] } },
    ],
    ['Record<string, int>', 'dict[str, int]', { kind: 'dict', values: { kind: 'int' } }],
    ['int[][]', 'list[list[int]]', { kind: 'list', items: { kind: 'list', items: { kind: 'int' } } }],
    ["('a' | 'b')[]", "list[Literal['a', 'b']]", { kind: 'list', items: { kind: 'literal', values: ['a', 'b'] } }],
  ];
  for (const [typescript, python, type] of same) {
    it(`${typescript} is ${python}`, () => {
      expect(typeOf(typescript)).toEqual(type);
      expect(typeOf(python)).toEqual(type);
    });
  }

  it.each([
    ['q -> x: foo', "Unknown type 'foo'"],
    ['q -> x: int | str', "Unknown type 'int | str'"],
    ['q -> x: dict[int, str]', "Unknown type 'dict[int, str]'"],
    ['q -> x:', "'x:'"],
    ['q, , r -> x', 'nothing between two commas'],
    ['1q -> x', "'1q'"],
    ['q, q -> x', "'q' is given twice"],
  ])('%s is refused', (text, message) => {
    expect(() => signature(text)).toThrow(UsageError);
    expect(() => signature(text)).toThrow(message);
  });
});

describe('zod fields', () => {
  it('are of zod 4, and say so where they are not', () => {
    const old = { q: z3.string() as unknown as z.ZodType };
    expect(() => signature({ inputs: old, outputs: {} })).toThrow(UsageError);
    expect(() => signature({ inputs: {}, outputs: old })).toThrow(/field 'q' is a schema of zod 3.*zod@4.*'zod\/v4'/);
    const none = { q: 'string' as unknown as z.ZodType };
    expect(() => signature({ inputs: none, outputs: {} })).toThrow(/field 'q' is no zod schema.*zod 4/);
  });

  it('are given one by one', () => {
    const whole = z.object({ a: z.string() }) as unknown as Readonly<Record<string, z.ZodType>>;
    expect(() => signature({ inputs: {}, outputs: whole })).toThrow(/outputs are zod schemas by field.*Schema\.shape/);
    const nothing = { question: z.string() } as unknown as { inputs: object; outputs: object };
    expect(() => signature(nothing as Parameters<typeof signature>[0])).toThrow(/inputs are zod schemas by field/);
  });

  it('become the types they say', () => {
    const made = signature({
      inputs: { question: z.string(), email: z.email() },
      outputs: {
        stars: z.int().min(1).max(5).describe('from 1 to 5'),
        score: z.number(),
        label: z.enum(['a', 'b']),
        either: z.union([z.literal('x'), z.literal('y')]),
        tags: z.array(z.string()),
        note: z.string().nullable(),
        counts: z.record(z.string(), z.int()),
        place: z.object({ city: z.string() }).meta({ title: 'Place' }),
      },
    });
    const types = Object.fromEntries(
      [...made.inputs, ...made.outputs].map((field) => [field.name, typeName(field.type)]),
    );
    expect(types).toEqual({
      question: 'str',
      email: 'str',
      stars: 'int',
      score: 'float',
      label: "Literal['a', 'b']",
      either: "Literal['x', 'y']",
      tags: 'list[str]',
      note: 'Union[str, NoneType]',
      counts: 'dict[str, int]',
      place: 'Place',
    });
    expect(made.outputs[0]!.description).toBe('from 1 to 5');
    expect(made.outputs[7]!.type).toMatchObject({ kind: 'json', schema: { type: 'object', required: ['city'] } });
  });
});

describe('options', () => {
  it('instructions are cleaned as Python cleans a docstring', () => {
    const made = signature('q -> a', {
      instructions: `
        First line.

          Indented.
        Last.
      `,
      descriptions: { a: 'short' },
      prefixes: { q: 'Q:' },
    });
    expect(made.instructions).toBe('First line.\n\n  Indented.\nLast.');
    expect(made.outputs[0]).toMatchObject({ description: 'short', prefix: 'A:' });
    expect(made.inputs[0]).toMatchObject({ description: '${q}', prefix: 'Q:' });
    expect(cleandoc('one\n  two\n    three\n')).toBe('one\ntwo\n  three');
  });

  it('must name fields there are', () => {
    expect(() => signature('q -> a', { descriptions: { b: 'x' } })).toThrow(/descriptions name fields.*: b/);
  });

  it('a signature cannot be changed', () => {
    expect(Object.isFrozen(signature('q -> a'))).toBe(true);
  });
});

it('a chain of thought reasons first and keeps the instructions', () => {
  const made = withReasoning(signature('q -> a, b'));
  expect(made.outputs.map((field) => field.name)).toEqual(['reasoning', 'a', 'b']);
  expect(made.outputs[0]).toMatchObject({ prefix: 'Reasoning:', description: '${reasoning}' });
  expect(made.instructions).toBe('Given the fields `q`, produce the fields `a`, `b`.');
  expect(withReasoning(made)).toBe(made);
});

describe('numbers and JSON as Python prints them', () => {
  it.each([
    [3, true, '3.0'],
    [3, false, '3'],
    [-0, true, '-0.0'],
    [0.1, true, '0.1'],
    [1e-7, true, '1e-07'],
    [0.0001, true, '0.0001'],
    [0.00001234, true, '1.234e-05'],
    [1e16, true, '1e+16'],
    [1e22, false, '10000000000000000000000'],
    [123456789012345.6, true, '123456789012345.6'],
    [1.5e300, true, '1.5e+300'],
  ])('%d, float %s: %s', (x, asFloat, text) => {
    expect(pythonNumber(x, asFloat)).toBe(text);
  });
  it('json.dumps', () => {
    expect(pythonJson({ a: [1, true, null, 'é"\n'], b: {} })).toBe('{"a": [1, true, null, "é\\"\\n"], "b": {}}');
    expect(pythonJson([1, 2.5], { kind: 'list', items: { kind: 'float' } })).toBe('[1.0, 2.5]');
    expect(pythonJson({ a: [1], b: [] }, undefined, 2)).toBe('{\n  "a": [\n    1\n  ],\n  "b": []\n}');
  });
});
