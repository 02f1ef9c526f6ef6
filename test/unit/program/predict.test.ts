import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { ChainOfThought, Module, ParseError, Predict, signature } from 'bettertogether';
import type { Signature } from 'bettertogether';
import { HumanError, UsageError } from '../../../src/base/errors.ts';
import { asked, chat, run } from './run.ts';

class Hops extends Module {
  generate_query = [0, 1].map(() => new ChainOfThought('context: string[], question -> search_query'));
  generate_answer = new ChainOfThought('context: string[], question -> answer');
  async forward({ question }: { question: string }) {
    const context: string[] = [];
    for (const hop of this.generate_query) {
      const { search_query } = await hop({ context, question });
      context.push(search_query); // the trace must keep what the predictor was given
    }
    return { ...(await this.generate_answer({ context, question })), context };
  }
}

describe('a predictor is a function with properties', () => {
  it('is made by new, is an instance of its class and is called directly', async () => {
    const predict = new Predict('question -> answer', { temperature: 0.5, maxTokens: 20 });
    expect(predict).toBeTypeOf('function');
    expect(predict).toBeInstanceOf(Predict);
    expect(predict.signature.outputs[0]!.name).toBe('answer');
    const { result, calls } = await run(
      predict,
      () => chat({ answer: 'x' }),
      () => predict({ question: 'q' }),
    );
    expect(result).toEqual({ answer: 'x' });
    expect(calls[0]).toMatchObject({ model: 'base', stop: [], sampling: { temperature: 0.5, maxTokens: 20 } });
  });

  it('a chain of thought is a module too', async () => {
    const solve = new ChainOfThought('question -> answer');
    expect(solve).toBeInstanceOf(ChainOfThought);
    expect(solve).toBeInstanceOf(Module);
    expect(solve.predict).toBeInstanceOf(Predict);
    const said = chat({ reasoning: 'r', answer: 'a' });
    for (const call of [solve, (i: { question: string }) => solve.call(i), (i: { question: string }) => solve.run(i)]) {
      const { result, trace } = await run(
        solve,
        () => said,
        () => call({ question: 'q' }),
      );
      expect(result).toEqual({ reasoning: 'r', answer: 'a' });
      expect(trace[0]).toMatchObject({ predictor: 'predict', path: ['ChainOfThought'] });
    }
  });

  it('can be extended', async () => {
    class Loud extends Predict<'q -> a'> {
      readonly mark = '!';
      constructor() {
        super('q -> a');
      }
    }
    const loud = new Loud();
    expect(loud).toBeInstanceOf(Loud);
    expect(loud.mark).toBe('!');
    expect(
      (
        await run(
          loud,
          () => chat({ a: 'x' }),
          () => loud({ q: 'q' }),
        )
      ).result,
    ).toEqual({ a: 'x' });
  });
});

describe('traces', () => {
  it('have a record for every call, with its own inputs, outputs, LM request and modules', async () => {
    const program = new Hops();
    const { result, trace } = await run(
      program,
      (_, n) => chat({ reasoning: `r${n}`, search_query: `s${n}`, answer: 'A' }),
      () => program.call({ question: 'Q' }),
    );
    expect(result).toEqual({ reasoning: 'r3', answer: 'A', context: ['s1', 's2'] });
    expect(
      trace.map(({ predictor, inputs, outputs, path, lm }) => [predictor, inputs, outputs, path, lm[0]!.key]),
    ).toEqual([
      [
        'generate_query[0].predict',
        { context: [], question: 'Q' },
        { reasoning: 'r1', search_query: 's1' },
        ['Hops', 'ChainOfThought'],
        'key1',
      ],
      [
        'generate_query[1].predict',
        { context: ['s1'], question: 'Q' },
        { reasoning: 'r2', search_query: 's2' },
        ['Hops', 'ChainOfThought'],
        'key2',
      ],
      [
        'generate_answer.predict',
        { context: ['s1', 's2'], question: 'Q' },
        { reasoning: 'r3', answer: 'A' },
        ['Hops', 'ChainOfThought'],
        'key3',
      ],
    ]);
    expect(trace[0]!.lm[0]).not.toHaveProperty('text');
    for (const call of trace) expect(call.start).toBeGreaterThanOrEqual(0);
  });

  it('are per call when one predictor is called concurrently, in modules side by side', async () => {
    class Inner extends Module {
      ask = new Predict('q -> a');
      async forward({ q }: { q: string }) {
        await sleep(Number(q));
        return this.ask({ q });
      }
    }
    class Outer extends Module {
      inner = new Inner();
      ask = new Predict('q -> a');
      async forward() {
        const inner = ['8', '4', '1'].map((q) => this.inner.call({ q }));
        const answers = await Promise.all([...inner, this.ask({ q: 'direct' })]);
        return { all: answers.map((answer) => answer.a).join() };
      }
    }
    const program = new Outer();
    const reply = async (call: Parameters<typeof asked>[0]): Promise<string> => {
      const q = /\]\]\n(.*)/.exec(asked(call))![1]!;
      await sleep(10 - (Number(q) || 0));
      return chat({ a: `re ${q}` });
    };
    const { result, trace } = await run(program, reply, () => program.call());
    expect(result).toEqual({ all: 're 8,re 4,re 1,re direct' });
    expect(trace).toHaveLength(4);
    for (const { predictor, inputs, outputs, path } of trace) {
      expect(outputs).toEqual({ a: `re ${String(inputs['q'])}` });
      expect(path).toEqual(inputs['q'] === 'direct' ? ['Outer'] : ['Outer', 'Inner']);
      expect(predictor).toBe(inputs['q'] === 'direct' ? 'ask' : 'inner.ask');
    }
  });

  it('keep failed calls, with the LM requests that were paid for', async () => {
    const predict = new Predict('q -> n: int');
    const traces: unknown[] = [];
    const { result } = await run(
      predict,
      () => chat({ n: 'many' }),
      async () => {
        const error: unknown = await predict({ q: 'q' }).catch((thrown: unknown) => thrown);
        return error;
      },
    ).then((recorded) => (traces.push(...recorded.trace), recorded));
    expect(result).toBeInstanceOf(ParseError);
    expect(traces).toMatchObject([
      {
        predictor: 'self',
        outputs: null,
        error: expect.stringContaining("'n' is not a int") as string,
        lm: [{ key: 'key1' }, { key: 'key2' }],
      },
    ]);
  });

  it('pass on what the runtime throws, recorded', async () => {
    const predict = new Predict('q -> a');
    const gone = new HumanError('endpoint gone');
    const { result, trace } = await run(
      predict,
      () => {
        throw gone;
      },
      () => predict({ q: 'q' }).catch((error: unknown) => error),
    );
    expect(result).toBe(gone);
    expect(trace).toMatchObject([{ outputs: null, error: 'endpoint gone', lm: [] }]);
  });

  it('are not changed by what the user does with the outputs', async () => {
    const predict = new Predict('q -> tags: string[]');
    const { trace } = await run(
      predict,
      () => chat({ tags: '["a"]' }),
      async () => {
        const { tags } = await predict({ q: 'q' });
        tags.push('b');
      },
    );
    expect(trace[0]!.outputs).toEqual({ tags: ['a'] });
  });
});

describe('the state of the run', () => {
  it('gives instructions, demos and model', async () => {
    const predict = new Predict('q -> a', { demos: [{ q: 'own', a: 'own' }] });
    const state = {
      self: { instructions: 'Do it.', demos: [{ fields: { q: 'dq', a: 'da' }, augmented: true }], model: 'tuned' },
    };
    const { calls } = await run(
      predict,
      () => chat({ a: 'x' }),
      () => predict({ q: 'q' }),
      { state },
    );
    expect(calls[0]!.model).toBe('tuned');
    const text = JSON.stringify(calls[0]!.prompt);
    expect(text).toContain('Do it.');
    expect(text).toContain('dq');
    expect(text).not.toContain('own');
    expect(predict.demos).toEqual([{ fields: { q: 'own', a: 'own' }, augmented: false }]);
  });

  it('is missing for a predictor made inside forward', async () => {
    class Lost extends Module {
      ask = new Predict('q -> a');
      forward({ q }: { q: string }) {
        return new Predict('q -> b')({ q });
      }
    }
    const program = new Lost();
    await expect(
      run(
        program,
        () => '',
        () => program.call({ q: 'q' }),
      ),
    ).rejects.toThrow(/'q -> b' is not part of the program/);
  });
});

describe('guided answers and continuations', () => {
  const sentiment = (): Predict<"review -> sentiment: 'good' | 'bad'"> =>
    new Predict("review -> sentiment: 'good' | 'bad'");

  it.each([
    ['plain', 'auto', { kind: 'choice', choices: [' good', ' bad'] }],
    ['text', 'auto', { kind: 'choice', choices: [' good', ' bad'] }],
    ['plain', 'off', undefined],
    ['chat', 'auto', undefined],
    ['json', 'off', undefined],
  ] as const)('%s, %s', async (format, guided, guide) => {
    const predict = sentiment();
    const reply = { plain: ' good', text: ' good', chat: chat({ sentiment: 'good' }), json: '{"sentiment": "good"}' };
    const { calls, result } = await run(
      predict,
      () => reply[format],
      () => predict({ review: 'r' }),
      { format, guided },
    );
    expect(result).toEqual({ sentiment: 'good' });
    expect(calls[0]!.guide).toEqual(guide);
  });

  it('a text answer that breaks off is continued greedily, with half of the tokens', async () => {
    const solve = new ChainOfThought('question -> answer', { maxTokens: 200 });
    const { result, calls, trace } = await run(
      solve,
      (_, n) => (n === 1 ? { text: ' think hard', finishReason: 'length' as const } : ' 42\n\n---'),
      () => solve({ question: 'Q' }),
      { format: 'text' },
    );
    expect(result).toEqual({ reasoning: 'think hard', answer: '42' });
    expect(calls[1]!.sampling).toEqual({ temperature: 0, maxTokens: 100 });
    expect(asked(calls[1]!).endsWith('in order to think hard\nAnswer:')).toBe(true);
    expect(trace).toHaveLength(1);
    expect(trace[0]!.lm.map((record) => record.key)).toEqual(['key1', 'key2']);
  });

  it('is not asked the same greedy question twice', async () => {
    const predict = new Predict('question -> answer');
    const { calls, result } = await run(
      predict,
      () => '',
      () => predict({ question: 'Q' }).catch((e: unknown) => e),
      {
        format: 'text',
      },
    );
    expect(result).toBeInstanceOf(ParseError);
    expect(calls).toHaveLength(2);
  });
});

describe('inputs', () => {
  it('must be one object of JSON', async () => {
    const predict = new Predict('q -> a') as unknown as (inputs: unknown) => Promise<unknown>;
    const call = (inputs: unknown): Promise<unknown> =>
      run(
        predict,
        () => chat({ a: 'x' }),
        () => predict(inputs),
      );
    await expect(call('text')).rejects.toThrow(UsageError);
    await expect(call({ q: Promise.resolve(1) })).rejects.toThrow(/input 'q' is not JSON/);
    await expect(call({ q: undefined, other: () => 1 })).resolves.toMatchObject({ trace: [{ inputs: {} }] });
  });
});

it.each([
  [12345678901234567890n, '12345678901234567890'],
  [[7n, 2n ** 64n], '[7, 18446744073709551616]'],
  [{ when: new Date(0), tags: new Set(['x']) }, '{"when": "1970-01-01T00:00:00.000Z", "tags": ["x"]}'],
  [new Date(0), '1970-01-01T00:00:00.000Z'],
  [Number.NaN, 'nan'],
  [{ least: -Infinity }, '{"least": -Infinity}'],
  [{ $exact: 'int', value: 1 }, '{"$exact": "int", "value": 1}'],
])('an input that JSON does not know is asked about as it is: %o', async (value, text) => {
  const predict = new Predict('q: any -> a') as unknown as (inputs: unknown) => Promise<unknown>;
  const { calls } = await run(
    predict,
    () => chat({ a: 'x' }),
    () => predict({ q: value }),
  );
  expect(JSON.stringify(calls[0]?.prompt)).toContain(JSON.stringify(`[[ ## q ## ]]\n${text}\n`).slice(1, -1));
});

describe('long integers in answers', () => {
  const long = 12345678901234567890n;
  const answered = async (source: string | Signature, answer: string) => {
    const predict = new Predict(source) as unknown as (inputs: unknown) => Promise<unknown>;
    return run(
      predict,
      () => chat({ a: answer }),
      () => predict({ q: 'Q' }).catch((error: unknown) => error),
    );
  };

  it.each([
    ['q -> a: bigint', String(long), long],
    ['q -> a: bigint', '5', 5n],
    ['q -> a: bigint[]', `[5, ${long}]`, [5n, long]],
    ['q -> a: dict[str, bigint]', `{"x": ${long}}`, { x: long }],
    ['q -> a: any', `{"x": [${long}, 2.0]}`, { x: [long, 2] }],
    ['q -> a: float', String(long), Number(long)],
    ['q -> a', String(long), String(long)],
  ])('of %s reach the program exactly: %s', async (source, answer, value) => {
    const { result } = await answered(source, answer);
    expect(result).toEqual({ a: value });
  });

  it('reach it where a zod schema says so', async () => {
    const outputs = { a: z.object({ id: z.bigint(), rest: z.array(z.bigint()).nullable() }) };
    const source = signature({ inputs: { q: z.string() }, outputs });
    const { result, trace } = await answered(source, `{"id": ${long}, "rest": [5]}`);
    expect(result).toEqual({ a: { id: long, rest: [5n] } });
    expect(trace[0]?.outputs).toEqual({ a: { id: { $exact: 'int', value: String(long) }, rest: [5] } });
  });

  it('are an error where a number is asked for', async () => {
    const { result } = await answered('q -> a: int', String(long));
    expect(String(result)).toContain('a JavaScript number does not hold it: say bigint in the signature');
  });
});

it('an input that is missing or not in the signature is warned of once, as DSPy does', async () => {
  const predict = new Predict('question -> answer') as unknown as (inputs: unknown) => Promise<unknown>;
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  for (let i = 0; i < 2; i++)
    await run(
      predict,
      () => chat({ answer: 'x' }),
      () => predict({ qestion: 'q' }),
    );
  expect(warn.mock.calls).toEqual([
    ["The predictor 'question -> answer' is called without: question."],
    ["The predictor 'question -> answer' has no inputs: qestion."],
  ]);
  warn.mockRestore();
});

describe('zod schemas', () => {
  const stars = signature({
    inputs: { review: z.string() },
    outputs: {
      stars: z.int().min(1).max(5),
      note: z.string().optional(),
      when: z.string().transform((text) => new Date(text)),
    },
  });
  it('refine and transform what the user gets; the trace keeps JSON', async () => {
    const predict = new Predict(stars);
    const reply = chat({ stars: '4', when: '2024-07-15' });
    const { result, trace } = await run(
      predict,
      () => reply,
      () => predict({ review: 'r' }),
    );
    expect(result).toEqual({ stars: 4, note: undefined, when: new Date('2024-07-15') });
    expect(trace[0]!.outputs).toEqual({ stars: 4, note: null, when: '2024-07-15' });
  });
  it('refuse', async () => {
    const predict = new Predict(stars);
    const reply = chat({ stars: '9', when: 'x' });
    await expect(
      run(
        predict,
        () => reply,
        () => predict({ review: 'r' }),
      ),
    ).rejects.toThrow(/'stars' does not fit its schema/);
  });
});
