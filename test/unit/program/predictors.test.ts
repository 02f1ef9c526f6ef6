import { describe as group, expect, it } from 'vitest';
import { ChainOfThought, Module, Predict } from 'bettertogether';
import { UsageError } from '../../../src/base/errors.ts';
import { describe, namedPredictors } from '../../../src/program/predictors.ts';

class Inner extends Module {
  ask = new Predict('q -> a');
  deep = { 'a key': new ChainOfThought('q -> a') };
  forward(): void {}
}

const shared = new Predict('q -> a');

class Outer extends Module {
  first = new Predict('q -> a', { demos: [{ q: '1', a: '2' }] });
  queries = [new ChainOfThought('q -> a'), new Inner(), new Predict('q -> a')];
  nested = [[new Predict('q -> a')]];
  table = { x: new Predict('q -> a'), y: new Inner() };
  again = this.first;
  shared = shared;
  alias = [shared];
  other: unknown = 3;
  forward(): void {}
}

function names(root: object): readonly string[] {
  return namedPredictors(root).map(({ name }) => name);
}

group('predictors are found and named as DSPy does it', () => {
  it('attributes, lists, objects and modules, in the order of definition, each once', () => {
    expect(names(new Outer())).toEqual([
      'first',
      'queries[0].predict',
      'queries[1].ask',
      "queries[1].deep['a key'].predict",
      'queries[2]',
      "table['x']",
      "table['y'].ask",
      "table['y'].deep['a key'].predict",
      'shared',
    ]);
  });
  it('a bare predictor is self, a bare chain of thought has predict', () => {
    expect(names(new Predict('q -> a'))).toEqual(['self']);
    expect(names(new ChainOfThought('q -> a'))).toEqual(['predict']);
  });
  it('a module that holds itself, or a plain object that has a forward', () => {
    const outer = new Inner() as Inner & { me?: unknown };
    outer.me = outer;
    expect(names(outer)).toEqual(['ask', "deep['a key'].predict"]);
    expect(names({ ask: new Predict('q -> a'), forward: () => undefined })).toEqual(['ask']);
  });
});

group('describe', () => {
  it('is plain data', () => {
    const [first] = describe(new Outer());
    expect(first).toEqual({
      name: 'first',
      signature: {
        instructions: 'Given the fields `q`, produce the fields `a`.',
        inputs: [{ name: 'q', type: { kind: 'string' }, prefix: 'Q:', description: '${q}' }],
        outputs: [{ name: 'a', type: { kind: 'string' }, prefix: 'A:', description: '${a}' }],
      },
      demos: [{ fields: { q: '1', a: '2' }, augmented: false }],
      frozen: false,
    });
    expect(JSON.parse(JSON.stringify(describe(new Outer())))).toEqual(describe(new Outer()));
  });
  it('freezes what the configuration names, by predictor or module, and what its author marked', () => {
    const outer = new Outer();
    outer.table.y.frozen = true;
    const frozen = describe(outer, ['first', 'queries[1]']).filter((each) => each.frozen);
    expect(frozen.map(({ name }) => name)).toEqual([
      'first',
      'queries[1].ask',
      "queries[1].deep['a key'].predict",
      "table['y'].ask",
      "table['y'].deep['a key'].predict",
    ]);
    expect(describe(new Predict('q -> a', { frozen: true }))[0]!.frozen).toBe(true);
  });
  it('refuses names that are not there and programs without predictors', () => {
    expect(() => describe(new Outer(), ['firs'])).toThrow(/"frozen" names no predictor: firs/);
    expect(() => describe({})).toThrow(UsageError);
  });
});
