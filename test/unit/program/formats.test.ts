import { describe, expect, it } from 'vitest';
import type { Fields } from '../../../src/base/json.ts';
import type { LmPrompt } from '../../../src/data/lm.ts';
import type { Demo } from '../../../src/data/program.ts';
import { chatFormat } from '../../../src/program/formats/chat.ts';
import { jsonFormat } from '../../../src/program/formats/json.ts';
import type { Format } from '../../../src/program/formats/format.ts';
import { textFormat } from '../../../src/program/formats/text.ts';
import { isParseError, ParseError } from '../../../src/program/values/parseError.ts';
import { renderRow } from '../../../src/program/rows.ts';
import { signature, withReasoning } from '../../../src/program/signature.ts';
import { demosOf, goldens, signatureOf, textGoldens } from './goldens.ts';
import type { ParseGolden } from './goldens.ts';

const adapters: Readonly<Record<string, Format>> = { ChatAdapter: chatFormat, JSONAdapter: jsonFormat };

/** JavaScript does not tell 3.0 from 3; in an untyped field the golden's 3.0 is given as the text it prints. */
function asRecorded(name: string, inputs: Fields): Fields {
  return name === 'non-string-values' ? { ...inputs, n: '3.0' } : inputs;
}

function textOf(prompt: LmPrompt): string {
  return prompt.kind === 'text' ? prompt.prompt : JSON.stringify(prompt.messages);
}

describe('messages equal DSPy’s byte for byte', () => {
  for (const golden of goldens.prompts) {
    it(`${golden.adapter}, ${golden.name}`, () => {
      const of = signatureOf(golden);
      const state = { instructions: of.instructions, demos: demosOf(golden.demos) };
      const { prompt } = adapters[golden.adapter]!.render(of, state, asRecorded(golden.name, golden.inputs));
      expect(prompt).toEqual({ kind: 'chat', messages: golden.messages });
    });
  }

  it('prints an untyped integral number as an integer and a float field as a float', () => {
    const of = signature('n, f: float, i: int -> answer');
    const { prompt } = chatFormat.render(of, { instructions: '', demos: [] }, { n: 3, f: 3, i: 3 });
    expect(textOf(prompt)).toContain(
      JSON.stringify('[[ ## n ## ]]\n3\n\n[[ ## f ## ]]\n3.0\n\n[[ ## i ## ]]\n3').slice(1, -1),
    );
  });
});

describe('fine-tune rows equal DSPy’s', () => {
  const of = withReasoning(signature('context, question -> answer'));
  const inputs = { context: 'c', question: 'q' };
  const outputs = { reasoning: 'r', answer: 'a' };
  const demo: Demo = {
    fields: { context: 'c1', question: 'q1', reasoning: 'r1', answer: 'a1' },
    augmented: true,
  };
  for (const [name, demos] of [
    ['zero', []],
    ['with_demo', [demo]],
  ] as const) {
    it(name, () => {
      const row = renderRow(of, { instructions: of.instructions, demos }, 'chat', inputs, outputs);
      const messages = row.prompt.kind === 'chat' ? row.prompt.messages : [];
      expect([...messages, { role: 'assistant', content: row.completion }]).toEqual(goldens.finetune[name].messages);
      expect(row.end).toBeNull();
    });
  }
});

describe('answers are parsed as DSPy parses them', () => {
  const check = (format: Format, golden: ParseGolden): void => {
    const of = signature(golden.signature);
    if (golden.ok !== undefined) expect(format.parse(of, golden.completion)).toEqual(golden.ok);
    else expect(() => format.parse(of, golden.completion)).toThrow(ParseError);
  };
  for (const golden of goldens.chat_parse) {
    it(`chat: ${golden.signature} ← ${JSON.stringify(golden.completion)}`, () => check(chatFormat, golden));
  }
  for (const golden of goldens.json_parse) {
    it(`json: ${golden.signature} ← ${JSON.stringify(golden.completion)}`, () => check(jsonFormat, golden));
  }
});

describe('the text format equals DSPy 2.4', () => {
  const { prompts, query, extracted } = textGoldens();
  const cot = withReasoning(signature('context, question -> answer'));
  const raw = (fields: Fields): Demo => ({ fields, augmented: false });
  const render = (of: typeof cot, demos: readonly Demo[], inputs: Fields): string =>
    textOf(textFormat.render(of, { instructions: of.instructions, demos }, inputs).prompt);
  const rq = raw({ question: 'RQ?', answer: 'RA' });
  const rq2 = raw({ question: 'RQ2?', answer: 'RA2' });
  const two = { context: ['P one', 'P two'], question: 'Who?' };
  const augmented: Demo = {
    fields: { context: ['d1'], question: 'DQ?', reasoning: 'find X. We know Y.', answer: 'DA' },
    augmented: true,
  };
  const short = signature('question -> answer');
  const shortCot = withReasoning(short);
  const shortAugmented: Demo = {
    fields: { question: 'AQ?', reasoning: 'do. We', answer: 'AA' },
    augmented: true,
  };

  it('a chain of thought without demos', () => expect(render(cot, [], two)).toBe(prompts[0]));
  it('an augmented and a labelled demo', () => expect(render(cot, [augmented, rq], two)).toBe(prompts[1]));
  it('labelled demos only', () => expect(render(cot, [rq, rq2], { ...two, context: ['P one'] })).toBe(prompts[2]));
  it('short: labelled demos with every field', () =>
    expect(render(short, [rq, rq2], { question: 'Q?' })).toBe(prompts[3]));
  it('short: one demo', () => expect(render(short, [rq], { question: 'Q?' })).toBe(prompts[4]));
  it('short chain of thought, both kinds', () =>
    expect(render(shortCot, [shortAugmented, rq], { question: 'Q?' })).toBe(prompts[5]));
  it('all six prompts of the file were compared', () => expect(prompts).toHaveLength(6));

  it('goes on from an answer that broke off, with what it had', () => {
    const state = { instructions: cot.instructions, demos: [] };
    const inputs = { context: ['c'], question: 'q' };
    const next = textFormat.resume!(cot, state, inputs, ' r. We  z ')!;
    // The golden's query has single line breaks: DSPy's query-only mode; the whole prompt has blank lines.
    expect(textOf(next.prompt).split('\n\n---\n\n').at(-1)!.replaceAll('\n\n', '\n')).toBe(query.trimEnd());
    expect(next.before).toBe(' r. We  z\nAnswer:');
    expect(textFormat.parse(cot, `${next.before} Paris`)).toEqual({ reasoning: 'r. We  z', answer: 'Paris' });
    expect(textFormat.resume!(cot, state, inputs, 'r\nAnswer: Paris')).toBeUndefined();
    expect(textOf(textFormat.resume!(cot, state, inputs, '')!.prompt)).toBe(render(cot, [], inputs));
  });

  it('extracts fields up to the next prefix, the last one to the end', () => {
    const answer = 'Paris\n\n---\n\nContext: more';
    const fields = textFormat.parse(cot, ` find the answer. We know.\n\nAnswer: ${answer}`);
    expect(fields).toEqual({ reasoning: 'find the answer. We know.', answer });
    expect(extracted).toContain(JSON.stringify(answer).slice(1, -1));
    expect(textFormat.parse(short, ' Paris\n\n---')).toEqual({ answer: 'Paris' });
    expect(() => textFormat.parse(cot, 'only thoughts')).toThrow(/no field 'answer'/);
  });

  it('trains on what it parses, after a prompt that ends with the prefix', () => {
    const outputs = { reasoning: 'find\nX.', answer: 'DA' };
    const row = renderRow(cot, { instructions: cot.instructions, demos: [] }, 'text', two, outputs);
    expect(row.completion).toBe(' find X.\n\nAnswer: DA');
    expect(row.end).toBe('\n\n---');
    expect(textOf(row.prompt).endsWith('step by step in order to')).toBe(true);
    expect(textFormat.parse(cot, row.completion + row.end)).toEqual({ reasoning: 'find X.', answer: 'DA' });
    const asDemo = render(cot, [{ fields: { ...two, ...outputs }, augmented: true }], two);
    expect(asDemo).toContain(`step by step in order to${row.completion}\n\n---`);
  });

  it('puts labelled demos before the format once an augmented one or many fields are there', () => {
    const noContext = signature('hint, question -> answer');
    const text = render(noContext, [rq], { hint: 'h', question: 'Q?' });
    expect(text.endsWith('---\n\nQuestion: RQ?\nAnswer: RA\n\nHint: h\nQuestion: Q?\nAnswer:')).toBe(true);
    const lines = render(noContext, [rq], { hint: ['a', 'b'], question: 'Q?' });
    expect(lines.indexOf('RQ?')).toBeLessThan(lines.indexOf('Follow the following format.'));
    expect(lines).toContain('Hint:\n[1] «a»\n[2] «b»\nQuestion: Q?');
  });

  it('asks for a choice where the one output is a Literal', () => {
    const of = signature("review -> sentiment: 'positive' | 'negative'");
    const { stop, guide } = textFormat.render(of, { instructions: 'x', demos: [] }, { review: 'r' });
    expect(stop).toEqual(['\n\n---']);
    expect(guide).toEqual({ kind: 'choice', choices: [' positive', ' negative'] });
    expect(
      textFormat.render(withReasoning(of), { instructions: 'x', demos: [] }, { review: 'r' }).guide,
    ).toBeUndefined();
    expect(textFormat.parse(of, ' positive')).toEqual({ sentiment: 'positive' });
    expect(() => textFormat.parse(of, ' positive or negative')).toThrow(ParseError);
  });
});

describe('every format reads back what it trains on', () => {
  const of = signature(
    "q -> n: float, k: int, ok: bool, tags: string[], l: 'a b' | 'c', o: str | null, d: dict[str, int]",
  );
  const outputs = { n: 3, k: -2, ok: false, tags: ['x', 'y "z"'], l: 'a b', o: 'word', d: { u: 1 } };
  for (const name of ['chat', 'json', 'text', 'plain'] as const) {
    it(name, async () => {
      const { formatNamed } = await import('../../../src/program/formats/registry.ts');
      const row = renderRow(of, { instructions: 'i', demos: [] }, name, { q: 'q' }, outputs);
      expect(formatNamed(name).parse(of, row.completion)).toEqual(outputs);
      if (name !== 'json') expect(row.completion).toContain('3.0');
    });
  }
});

describe('json', () => {
  const guideOf = (text: string): unknown =>
    jsonFormat.render(signature(text), { instructions: '', demos: [] }, {}).guide;
  it('asks for a strict schema, or for any object where keys are open', () => {
    expect(guideOf("q -> a, l: 'x' | 'y', o: int | null, t: string[]")).toEqual({
      kind: 'jsonSchema',
      name: 'outputs',
      schema: {
        type: 'object',
        properties: {
          a: { type: 'string' },
          l: { type: 'string', enum: ['x', 'y'] },
          o: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
          t: { type: 'array', items: { type: 'string' } },
        },
        required: ['a', 'l', 'o', 't'],
        additionalProperties: false,
      },
    });
    expect(guideOf('q -> d: dict[str, int]')).toEqual({ kind: 'jsonObject' });
    expect(guideOf('q -> d: any[]')).toEqual({ kind: 'jsonObject' });
  });
  it('reads an object that broke off and one with braces in its strings', () => {
    expect(jsonFormat.parse(signature('q -> a, b'), '{"a": "x", "b": "y')).toEqual({ a: 'x', b: 'y' });
    expect(jsonFormat.parse(signature('q -> a'), 'Here: {"a": "}{"} {"a": 2}')).toEqual({ a: '}{' });
  });
  it('is not led astray by keys of the prototype', () => {
    expect(() => jsonFormat.parse(signature('q -> constructor'), '{"a": 1}')).toThrow(ParseError);
    expect(jsonFormat.parse(signature('q -> d: dict[str, str]'), '{"d": {"__proto__": "x"}}')).toEqual({
      d: JSON.parse('{"__proto__": "x"}') as Fields,
    });
  });
});

describe('ParseError', () => {
  it('says which field, what the LM said and what could be read', () => {
    try {
      chatFormat.parse(signature('q -> a, b: int'), '[[ ## a ## ]]\nx');
      expect.unreachable();
    } catch (error) {
      expect(isParseError(error)).toBe(true);
      expect(error).toMatchObject({
        name: 'ParseError',
        field: 'b',
        parsed: { a: 'x' },
        completion: '[[ ## a ## ]]\nx',
      });
    }
  });
});
