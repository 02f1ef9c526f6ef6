/* eslint-disable prefer-rest-params -- what metrics of others are like */
import { describe, expect, it } from 'vitest';
import { takesAllInOne, takesRowAlone } from '../../../src/host/node/metricShape.ts';

type Any = Readonly<Record<string, unknown>>;
type Metric = [what: string, metric: (...args: never[]) => unknown];
const nothing = (): unknown => undefined;

/** Metrics that take example and prediction, or need neither. */
const otherwise: readonly Metric[] = [
  ['two', (example: Any, prediction: Any) => example === prediction],
  ['a default', (example: Any, prediction: Any = {}) => example === prediction],
  ['the rest', (...both: Any[]) => both[0] === both[1]],
  ['none', () => true],
  ['what is bound', ((a: Any, b: Any, c: Any) => [a, b, c]).bind(null, {}, {})],
  [
    'arguments',
    function score(example: Any) {
      return example === arguments[1];
    },
  ],
];

describe('a metric of one argument alone', () => {
  it.each<Metric>([
    ['an object that is taken apart', async ({ output, expected }: Any) => Promise.resolve(output === expected)],
    ['a name', (args: Any) => args['output'] === args['expected']],
    [
      'a function',
      function score(args: Any) {
        return args['output'];
      },
    ],
    [
      'a method',
      {
        score: nothing,
        async own({ output }: Any) {
          return Promise.resolve(output);
        },
      }.own,
    ],
  ])('is %s', (_, metric) => {
    expect(takesAllInOne(metric)).toBe(true);
  });

  it.each<Metric>([
    ['a field of the row alone', ({ kind }: Any) => kind],
    ['a field with such a name within', ({ output_kind: kind }: Any) => kind],
    ['the row alone', (example: Any) => example['kind']],
    ['a default within', (example: Any, { answer }: Any = {}) => example['answer'] === answer],
    ['one and the rest', (example: Any, ...others: Any[]) => example === others[0]],
    ...otherwise,
  ])('is not one with %s', (_, metric) => {
    expect(takesAllInOne(metric)).toBe(false);
  });
});

describe('a metric of the row alone', () => {
  const named = {
    async 'of a row'(example: Any) {
      return Promise.resolve(example['kind'] === 'x');
    },
  };

  it.each<Metric>([
    ['a name', (example: Any) => example['kind']],
    [
      'an object that is taken apart',
      ({ kind, of: [first, second] = ['a', 'b'] }: Any & { of?: string[] }) => [kind, first, second],
    ],
    [
      'a function',
      function score(example: Any) {
        return [example, 2];
      },
    ],
    ['a method with any name', named['of a row']],
    ['a name without brackets', new Function('return example => [example, 1]')() as () => unknown],
    ['a comma behind it and in a comment', new Function('return (example, /* ), b */) => example')() as () => unknown],
  ])('is %s', (_, metric) => {
    expect(takesRowAlone(metric)).toBe(true);
  });

  it.each<Metric>([['one and the rest', ({ a }: Any, ...others: Any[]) => a === others[0]], ...otherwise])(
    'is not one with %s',
    (_, metric) => {
      expect(takesRowAlone(metric)).toBe(false);
    },
  );
});
