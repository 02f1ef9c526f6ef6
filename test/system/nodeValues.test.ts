/** Values that JSON does not know, on their way through a TypeScript program. Those of Python: test/parity/dspy. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Fields } from '../../src/base/json.ts';
import type { ProgramOutcome } from '../../src/data/trace.ts';
import { answerWith, inputOf, nodeHosts, startState } from './hostTools.ts';

const hosts = nodeHosts();
const long = '12345678901234567890';
const id = { $exact: 'int', value: long };

const source = `import { Module, Predict } from 'bettertogether';
export class Echo extends Module {
  ask = new Predict('id: bigint, weight: float -> answer: bigint');
  async forward({ id, weight, label }) {
    const { answer } = await this.ask({ id, weight });
    return { answer, next: answer + 1n, small: 3n, when: new Date(0), seen: new Set([typeof id, typeof label]), none: NaN };
  }
}
export const same = (example, prediction, trace) =>
  prediction.answer === example.id &&
  prediction.answer === ${long}n &&
  prediction.next === ${long}n + 1n &&
  prediction.small === 3n &&
  prediction.when.getTime() === 0 &&
  prediction.seen.has('bigint') &&
  Number.isNaN(prediction.none) &&
  example.label === 2n ** 64n &&
  example.weight === 2 &&
  trace[0].inputs.id === example.id;
`;

beforeAll(() => hosts.workspace.write('values.ts', source));

async function run(fields: Fields): Promise<{ readonly outcome: ProgramOutcome; readonly asked: readonly string[] }> {
  const host = await hosts.start('values.ts#Echo', { metric: 'values.ts#same' });
  const asked: string[] = [];
  const state = startState(await host.describe());
  const outcome = await host.run(
    { state, example: { id: 4, inputs: fields, fields }, collecting: true },
    (call) => {
      asked.push(inputOf(call, 'id'), inputOf(call, 'weight'));
      return Promise.resolve(answerWith({ answer: inputOf(call, 'id') }));
    },
    new AbortController().signal,
  );
  return { outcome, asked };
}

describe('a TypeScript program', () => {
  const label = { $exact: 'int', value: String(2n ** 64n) };

  it('gets long integers as bigints, asks about them digit by digit, and gives them back as they are', async () => {
    const { outcome, asked } = await run({ id, label, weight: { $exact: 'float', value: '2.0' } });
    expect(outcome.error).toBeUndefined();
    expect(outcome.score).toBe(1);
    expect(asked).toEqual([long, '2.0']);
    expect(outcome.prediction).toEqual({
      answer: id,
      next: { $exact: 'int', value: '12345678901234567891' },
      small: { $exact: 'int', value: '3', shown: 3 },
      when: { $exact: 'datetime', value: '1970-01-01T00:00:00.000+00:00', shown: '1970-01-01T00:00:00.000Z' },
      seen: { $exact: 'set', value: ['bigint'] },
      none: { $exact: 'float', value: 'nan' },
    });
    expect(outcome.trace[0]).toMatchObject({ inputs: { id, weight: 2 }, outputs: { answer: id } });
  });

  it('is told row and field of one that its signature says is a number', async () => {
    const { outcome } = await run({ id: 5, label, weight: id });
    expect(outcome).toMatchObject({ prediction: null, score: 0, error: { kind: 'program' } });
    expect(outcome.error?.message).toBe(
      `The field "weight" of row 5 is ${long}, which does not fit a JavaScript number. Say bigint for it in the ` +
        'signature ("id: bigint", or z.bigint()), or write it as a text.',
    );
  });
});
