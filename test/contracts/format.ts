/** What predictors, training rows and exports rely on from every prompt format. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { Fields, JsonValue } from '../../src/base/json.ts';
import type { LmPrompt } from '../../src/data/lm.ts';
import type { Demo, SignatureDescription } from '../../src/data/program.ts';
import type { Format } from '../../src/program/formats/format.ts';
import { isParseError } from '../../src/program/values/parseError.ts';
import { signature } from '../../src/program/signature.ts';
import { frozen } from './optimizers/engine.ts';

interface Case {
  readonly name: string;
  readonly signature: SignatureDescription;
  readonly inputs: Fields;
  readonly outputs: readonly Fields[];
}

const texts = [
  'banking',
  'Überweisung 日本 🎈 “quoted” ‘so’',
  'two\nlines, and a last one',
  'null',
  'true',
  '12',
  '1.0',
  '[1, 2]',
  '{"answer": "x"}',
  '"in quotes"',
  "it's \\n no line end",
  'a: b',
  '100 %, <tag>, $1 & `code`',
];

const typed = (type: string, values: readonly JsonValue[]): Case => ({
  name: type,
  signature: signature(`question -> answer: ${type}`),
  inputs: { question: 'Which domain?' },
  outputs: values.map((answer) => ({ answer })),
});

/** Every type of field, with values that look like those of another. */
const cases: readonly Case[] = [
  typed('string', texts),
  typed('int', [0, -7, 123_456_789]),
  typed('float', [0.5, -1e-7, 3]),
  typed('bool', [true, false]),
  typed('"yes" | "no"', ['yes', 'no']),
  typed('string[]', [[], ['a'], ['a, b', "it's", 'null', 'ü']]),
  typed('dict[str, int]', [{}, { a: 1, 'b c': 2 }]),
  typed('int | null', [null, 4]),
  {
    name: 'several outputs',
    signature: signature('context: string[], question -> reasoning, count: int, answer'),
    inputs: { context: ['first passage', 'second'], question: 'How many?' },
    outputs: [
      { reasoning: 'There are two.\n\nSo two.', count: 2, answer: 'two' },
      { reasoning: '1. one\n2. two', count: 0, answer: 'none: it is empty' },
    ],
  },
  {
    name: 'nested objects',
    signature: signature({
      inputs: { question: z.string() },
      outputs: { answer: z.object({ name: z.string(), parts: z.array(z.object({ n: z.number() })) }) },
    }),
    inputs: { question: 'Which?' },
    outputs: [{ answer: { name: 'ü "q"', parts: [{ n: 1 }, { n: 0.5 }] } }],
  },
];

const textOf = (prompt: LmPrompt): string =>
  prompt.kind === 'text'
    ? prompt.prompt
    : [...prompt.messages.map(({ content }) => content), prompt.opened ?? ''].join('\n');

/** What comes of an answer; anything but an answer or a ParseError is thrown on. */
function read(format: Format, of: SignatureDescription, answer: string): Fields | null {
  try {
    return format.parse(of, answer);
  } catch (error) {
    if (!isParseError(error)) throw error;
    expect(error.message).toMatch(/\w{3}/);
    return null;
  }
}

/** What weak models, cut-offs and chatty ones make of an answer. */
function disturbed(answer: string): readonly string[] {
  const cuts = Array.from({ length: Math.min(answer.length, 60) }, (_, index) =>
    answer.slice(0, Math.floor((index * answer.length) / 60)),
  );
  return [
    ...cuts,
    '',
    ' \n\t',
    `Sure! Here is the answer:\n\n${answer}`,
    `\`\`\`json\n${answer}\n\`\`\``,
    `${answer}\n${answer}`,
    answer.toUpperCase(),
    answer.replaceAll('"', '\u201d'),
    answer.replaceAll('\n', '\r\n'),
    answer.split('').toReversed().join(''),
    `\u0000${answer}\uffff\ud800`,
  ];
}

/** JSON knows one zero. */
const withOneZero = (value: unknown): unknown => (Object.is(value, -0) ? 0 : value);

/** Runs of white space as one space each. */
const joined = (fields: Fields): Fields =>
  JSON.parse(JSON.stringify(fields), (_, value: unknown) =>
    typeof value === 'string' ? value.split(/\s+/).join(' ') : value,
  ) as Fields;

/** @param lines whether a text of several lines keeps them, or is written in one. */
export function formatContract(name: string, format: Format, lines: 'kept' | 'joined'): void {
  describe(`${name}, as a prompt format`, () => {
    const each = cases.map((one) => [one.name, one] as const);
    const stateOf = ({ signature: of }: Case, demos: readonly Demo[] = []) =>
      frozen({ instructions: `Answer: ${of.instructions}`, demos });

    it.each(each)('reads back what is trained on: %s', (_, { signature: of, outputs }) => {
      for (const values of outputs) {
        const { completion, end } = format.target(of, frozen(values));
        expect(format.parse(of, completion)).toEqual(lines === 'kept' ? values : joined(values));
        expect(Object.keys(format.parse(of, completion))).toEqual(of.outputs.map(({ name }) => name));
        // A server stops where the row ends, and does not give what it stopped at.
        if (end !== null) expect(completion.includes(end), end).toBe(false);
      }
    });

    it.each(each)('renders the same prompt each time, with instructions, inputs and demos in it: %s', (_, one) => {
      const { signature: of, inputs, outputs } = one;
      const fields = { ...inputs, ...outputs[0]! };
      const demos = frozen([{ augmented: true, fields: { ...fields, question: 'The question of a demo?' } }]);
      const bare = format.render(of, stateOf(one), frozen(inputs));
      const shown = format.render(of, stateOf(one, demos), frozen(inputs));
      expect(format.render(of, stateOf(one, demos), inputs)).toEqual(shown);
      expect(textOf(bare.prompt)).toContain(String(inputs['question']));
      expect(textOf(shown.prompt)).toContain(String(inputs['question']));
      expect(textOf(shown.prompt)).toContain('The question of a demo?');
      expect(textOf(bare.prompt)).not.toContain('The question of a demo?');
      expect(textOf(shown.prompt)).toContain(of.instructions.split('\n')[0]!);
      expect(shown.stop.every((text) => text.length > 0)).toBe(true);
      expect(JSON.parse(JSON.stringify(shown))).toEqual(shown);
    });

    it.each(each)('makes of a disturbed answer the fields or one clear error, and nothing else: %s', (_, one) => {
      const { signature: of, outputs } = one;
      const names = of.outputs.map(({ name }) => name);
      for (const values of outputs) {
        for (const answer of disturbed(format.target(of, values).completion)) {
          const fields = read(format, of, answer);
          if (fields === null) continue;
          expect(Object.keys(fields), answer).toEqual(names);
          const kept = Object.entries(fields).map(([name, value]) => [name, withOneZero(value)]);
          expect(JSON.parse(JSON.stringify(fields)), answer).toEqual(Object.fromEntries(kept));
        }
      }
    });

    it('asks once more in another format at most', () => {
      const seen: Format[] = [];
      for (let next: Format | undefined = format; next !== undefined; next = next.fallback) {
        expect(seen).not.toContain(next);
        seen.push(next);
      }
      expect(seen.length).toBeLessThanOrEqual(2);
    });
  });
}
