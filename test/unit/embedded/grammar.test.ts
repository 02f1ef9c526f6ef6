import { describe, expect, it } from 'vitest';
import {
  choiceGrammar,
  isDecided,
  jsonObjectGrammar,
  jsonSchemaGrammar,
  SchemaError,
} from '../../../src/embedded/llama/grammar.ts';

describe('choiceGrammar', () => {
  it('escapes what GBNF reads as its own', () => {
    expect(choiceGrammar(['a "b"\\', 'c\nd', 'é', '日', '🎉', 'a "b"\\'])).toBe(
      'root ::= "a \\"b\\"\\\\" | "c\\nd" | "\\xe9" | "\\u65e5" | "\\U0001f389"\n',
    );
  });
});

describe('isDecided', () => {
  it('is sure only when no other choice goes on', () => {
    const choices = ['credit', 'credit cards', 'home'];
    expect(isDecided('credit', choices)).toBe(false);
    expect(isDecided('credit cards', choices)).toBe(true);
    expect(isDecided('hom', choices)).toBe(false);
    expect(isDecided('home', choices)).toBe(true);
  });
});

/** The rule that `root` leads to. */
const rule = (grammar: string, name: string): string =>
  grammar
    .split('\n')
    .find((line) => line.startsWith(`${name} ::=`))!
    .slice(name.length + ' ::= '.length);

describe('jsonSchemaGrammar', () => {
  it('writes properties in order, each with its type', () => {
    const grammar = jsonSchemaGrammar({
      type: 'object',
      properties: { a: { type: 'string', maxLength: 5 }, b: { enum: ['x', 1, null] } },
    });
    expect(rule(grammar, 'root')).toBe('r1');
    expect(rule(grammar, 'r1')).toBe('"{" ws "\\"a\\"" ":" ws r2 "," ws "\\"b\\"" ":" ws r3 ws "}"');
    expect(rule(grammar, 'r2')).toBe('"\\"" char{0,5} "\\""');
    expect(rule(grammar, 'r3')).toBe('"\\"x\\"" | "1" | "null"');
  });

  it('bounds everything that could go on for ever', () => {
    const grammar = jsonSchemaGrammar({ type: 'array', items: { type: 'string' } }) + jsonObjectGrammar();
    const operators = grammar.replace(/"(\\.|[^"\\])*"/g, '').replace(/\[(\\.|[^\]\\])*\]/g, '');
    expect(operators).not.toMatch(/[*+]|\{\d+,\}/);
    expect(grammar).toContain('char{0,512}');
    expect(grammar).toContain('{0,15}');
  });

  it('follows references, also to itself', () => {
    const grammar = jsonSchemaGrammar({
      $ref: '#/$defs/node',
      $defs: {
        node: {
          type: 'object',
          properties: { next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } },
        },
      },
    });
    expect(rule(grammar, 'd0')).toContain('"\\"next\\""');
    expect(grammar).toContain(' ::= d0');
  });

  it('allows at least and at most the items asked for', () => {
    const body = rule(jsonSchemaGrammar({ type: 'array', items: { type: 'null' }, minItems: 2, maxItems: 3 }), 'r1');
    expect(body).toBe('"[" ws r2 ("," ws r2){1,2} ws "]"');
    expect(rule(jsonSchemaGrammar({ type: 'array', maxItems: 0 }), 'r1')).toBe('"[" ws "]"');
  });

  it.each([
    [{ type: 'date' }, /#: type "date" is not supported/],
    [{ type: 'object', properties: { a: { $ref: '#/no' } } }, /#\/properties\/a: \$ref "#\/no" leads nowhere/],
    [{ type: 'string', maxLength: -1 }, /maxLength/],
  ])('says what it does not understand: %j', (schema, message) => {
    expect(() => jsonSchemaGrammar(schema)).toThrow(SchemaError);
    expect(() => jsonSchemaGrammar(schema)).toThrow(message);
  });
});
