/** Answers that no honest model gives: each is a value or a ParseError, and nothing hangs on it or overflows. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { mendedCharactersAtMost, nestingAtMost } from '../../../src/base/limits.ts';
import { chatFormat } from '../../../src/program/formats/chat.ts';
import type { Format } from '../../../src/program/formats/format.ts';
import { jsonFormat } from '../../../src/program/formats/json.ts';
import { plainFormat } from '../../../src/program/formats/plain.ts';
import { textFormat } from '../../../src/program/formats/text.ts';
import { isParseError } from '../../../src/program/values/parseError.ts';
import { signature } from '../../../src/program/signature.ts';

const formats: readonly Format[] = [chatFormat, jsonFormat, plainFormat, textFormat];
const fields = ['any', 'string', 'string[]', 'dict[str, any]', 'int', 'float', 'bool', '"a" | "b"', 'int | null'];
const signatures = [
  ...fields.map((type) => signature(`q -> a: ${type}`)),
  signature({ inputs: { q: z.string() }, outputs: { a: z.object({ b: z.array(z.number()) }) } }),
];

/** What an answer with this value looks like in each format, and the value alone. */
const answersWith = (value: string): readonly string[] => [
  value,
  `[[ ## a ## ]]\n${value}\n\n[[ ## completed ## ]]`,
  `{"a": ${value}}`,
  `A: ${value}`,
];

function outcome(format: Format, of: (typeof signatures)[number], answer: string): 'read' | 'refused' {
  try {
    // Whoever keeps it must be able to write it down.
    JSON.stringify(format.parse(of, answer));
    return 'read';
  } catch (error) {
    if (isParseError(error)) return 'refused';
    throw error;
  }
}

function expectSound(answers: readonly string[], asked = signatures): void {
  for (const answer of answers) {
    for (const format of formats) {
      for (const of of asked) expect(['read', 'refused']).toContain(outcome(format, of, answer));
    }
  }
}

describe('hostile answers', () => {
  it('brackets, objects and quotes, a hundred thousand deep, open or closed', () => {
    const n = 100_000;
    const deep = ['['.repeat(n), '['.repeat(n) + ']'.repeat(n), '{"a":'.repeat(n), `"${'['.repeat(n)}`, '(['.repeat(n)];
    for (const value of deep) expectSound(answersWith(value));
  });

  it('are parse errors that say how deep is too deep', () => {
    const lists = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    const any = signature('q -> a: any');
    expect(chatFormat.parse(any, `[[ ## a ## ]]\n${lists(nestingAtMost)}`)).toHaveProperty('a');
    const deeper = `[[ ## a ## ]]\n${lists(nestingAtMost + 1)}`;
    expect(() => chatFormat.parse(any, deeper)).toThrow(`The field 'a' nests deeper than ${nestingAtMost} levels`);
    expect(() => jsonFormat.parse(any, `{"a": ${lists(nestingAtMost)}}`)).toThrow('The answer nests deeper');
  });

  it('megabytes of what regular expressions and repairs stumble over', () => {
    const n = 1_000_000;
    const units = [
      '[',
      '{"',
      '"a\n',
      '"a,',
      "'",
      '\\',
      ' ',
      '\n',
      '1',
      '-',
      '[[ ## a ## ]]\n',
      'A: ',
      '```',
      '{}\n',
      '"a" ',
    ];
    for (const unit of units) expectSound([unit.repeat(Math.ceil(n / unit.length))], [signatures[0]!, signatures[4]!]);
  });

  it('are mended up to a length, and read as they are above it', () => {
    const list = signature('q -> a: string[]');
    const words = (length: number) => `[[ ## a ## ]]\n["${'x'.repeat(length)}"`;
    expect(chatFormat.parse(list, words(mendedCharactersAtMost - 10)).a).toHaveLength(1);
    expect(() => chatFormat.parse(list, words(mendedCharactersAtMost))).toThrow("The field 'a' is not a list[str]");
    const whole = JSON.stringify(['x'.repeat(2 * mendedCharactersAtMost)]);
    expect(chatFormat.parse(list, `[[ ## a ## ]]\n${whole}`).a).toHaveLength(1);
  });

  it('numbers beyond what a number holds are none', () => {
    for (const type of ['float', 'int']) {
      const of = signature(`q -> a: ${type}`);
      expect(() => chatFormat.parse(of, `[[ ## a ## ]]\n${'9'.repeat(400)}`)).toThrow("The field 'a' is not");
      expect(() => jsonFormat.parse(of, '{"a": 1e999}')).toThrow("The field 'a' is not");
    }
  });
});
