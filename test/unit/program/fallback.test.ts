import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { ParseError, Predict, signature } from 'bettertogether';
import type { FormatName } from 'bettertogether';
import type { LmCall } from '../../../src/data/lm.ts';
import { descriptionOf } from '../../../src/program/signature.ts';
import { formatNamed } from '../../../src/program/formats/registry.ts';
import { asked, chat, run } from './run.ts';

const isJson = (call: LmCall) => asked(call).includes('Respond with a JSON object');

describe('an answer that is not in the chat format', () => {
  const predict = new Predict('question -> answer: int, why', { temperature: 0.3 });
  const ask = () => predict({ question: 'six by seven?' });

  it('is asked for once more as JSON, with the same settings and what enforces it', async () => {
    const { result, calls, trace } = await run(
      predict,
      (call) => (isJson(call) ? '{"answer": "42", "why": "known"}' : 'It is 42.'),
      ask,
    );
    expect(result).toEqual({ answer: 42, why: 'known' });
    expect(calls.map(isJson)).toEqual([false, true]);
    expect(calls.map(({ sampling }) => sampling)).toEqual([{ temperature: 0.3 }, { temperature: 0.3 }]);
    expect(calls.map(({ guide }) => guide?.kind)).toEqual([undefined, 'jsonSchema']);
    // One call of the predictor, with both requests.
    expect(trace).toHaveLength(1);
    expect(trace[0]).toMatchObject({ outputs: { answer: 42 }, lm: [{ key: 'key1' }, { key: 'key2' }] });
    expect(trace[0]).not.toHaveProperty('error');
  });

  it('is not asked for again when it could be read', async () => {
    const { calls } = await run(predict, () => chat({ answer: '42', why: 'known' }), ask);
    expect(calls).toHaveLength(1);
  });

  it('fails with both answers told when the second cannot be read either', async () => {
    const { result, calls } = await run(
      predict,
      () => 'no idea',
      () => ask().catch((error: unknown) => error),
    );
    expect(calls).toHaveLength(2);
    expect(result).toBeInstanceOf(ParseError);
    expect((result as ParseError).message).toMatch(/no field 'answer': "no idea"\. Asked again in JSON: .*not a JSON/);
  });

  it('passes on what the second request meets', async () => {
    const gone = new Error('endpoint gone');
    const { result, trace } = await run(
      predict,
      (call) => {
        if (isJson(call)) throw gone;
        return 'no idea';
      },
      () => ask().catch((error: unknown) => error),
    );
    expect(result).toBe(gone);
    expect(trace[0]!.lm).toHaveLength(1);
  });

  it.each(['json', 'text', 'plain'] as const)('is not asked for again in the %s format', async (format) => {
    const one = new Predict('question -> answer: int');
    const { calls } = await run(
      one,
      () => 'many',
      () => one({ question: 'q' }).catch(() => null),
      { format },
    );
    expect(calls.filter((call) => call.prompt.kind === 'chat' && isJson(call))).toHaveLength(format === 'json' ? 1 : 0);
  });
});

describe('outputs that are objects', () => {
  const person = z.object({ name: z.string(), age: z.int().min(0), tags: z.array(z.string()) });
  const source = signature({ inputs: { text: z.string() }, outputs: { person, sure: z.boolean() } });
  const outputs = { person: { name: 'Zoë "Z" Ünal', age: 36, tags: ['a', '{b}'] }, sure: true };

  it.each(['chat', 'json', 'text', 'plain'] as const)(
    'are read back as they are trained on: %s',
    (name: FormatName) => {
      const format = formatNamed(name);
      const described = descriptionOf(source);
      expect(format.parse(described, format.target(described, outputs).completion)).toEqual(outputs);
    },
  );

  it('are described by their schema and checked against it, and a wrong one is asked for again', async () => {
    const predict = new Predict(source);
    const wrong = { ...outputs.person, age: -1 };
    const { result, calls } = await run(
      predict,
      (call) => (isJson(call) ? JSON.stringify(outputs) : chat({ person: JSON.stringify(wrong), sure: 'yes' })),
      () => predict({ text: 't' }),
    );
    expect(result).toEqual(outputs);
    expect(asked(calls[0]!)).toContain('`[[ ## person ## ]]` (must be formatted as a valid Python object)');
    const system = calls[0]!.prompt.kind === 'chat' ? calls[0]!.prompt.messages[0]!.content : '';
    expect(system).toMatch(/must adhere to the JSON schema: \{"type": "object", .*"age": \{"type": "integer"/);
    expect(calls[1]!.guide).toMatchObject({
      kind: 'jsonSchema',
      schema: { properties: { person: { required: ['name', 'age', 'tags'], additionalProperties: false } } },
    });
  });

  it('may be repaired: quotes, commas, words around', async () => {
    const predict = new Predict(source);
    const sloppy = "Here it is: {name: 'Ada', age: 36, tags: ['x',],}";
    const { result, calls } = await run(
      predict,
      () => chat({ person: sloppy, sure: 'True' }),
      () => predict({ text: 't' }),
    );
    expect(result).toEqual({ person: { name: 'Ada', age: 36, tags: ['x'] }, sure: true });
    expect(calls).toHaveLength(1);
  });
});
