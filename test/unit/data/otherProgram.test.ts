import { describe, expect, it } from 'vitest';
import { otherProgramText, savedByDemos } from '../../../src/data/otherProgram.ts';
import type { PredictorDescription } from '../../../src/data/program.ts';

const field = (name: string) => ({
  name,
  type: { kind: 'string' as const },
  prefix: `${name}:`,
  description: `\${${name}}`,
});
/** `q -> a`. */
const predictor = (name: string, signature: string): PredictorDescription => {
  const [inputs, outputs] = signature.split(' -> ').map((side) => side.split(', ').map(field));
  return { name, demos: [], frozen: false, signature: { instructions: '', inputs: inputs!, outputs: outputs! } };
};
const text = (saved: Readonly<Record<string, readonly string[]>>, predictors: readonly PredictorDescription[]) =>
  otherProgramText({
    opening: 'best.json is the state',
    saved: Object.entries(saved).map(([name, fields]) => {
      return savedByDemos(name, [{ fields: Object.fromEntries(fields.map((each) => [each, 'x'])) }]);
    }),
    program: 'QA',
    predictors,
  });

describe('a state whose predictors have other names', () => {
  it('is told with both sides and their fields', () => {
    expect(text({ predict: ['q', 'a'] }, [predictor('ask.predict', 'q -> reasoning, b')])).toBe(
      'best.json is the state of another program: it has the predictors predict (q, a), QA has ask.predict (q -> reasoning, b).',
    );
  });

  it('is told with the renaming where one alone fits', () => {
    expect(text({ predict: ['q', 'a'] }, [predictor('ask.predict', 'q -> reasoning, a')])).toContain(
      ' By the fields one renaming fits, and no other: "predict" is now "ask.predict". If so, write "ask.predict" in ' +
        'the place of "predict" in the file of the state, or name the attributes in the program as they were.',
    );
  });

  it('keeps the names that both sides have, and finds the others one by one', () => {
    const program = [predictor('kept', 'q -> a'), predictor('wide', 'q -> a, b'), predictor('narrow', 'q -> a')];
    // What "first" says could be either; "second" leaves it one.
    const told = text({ kept: ['q'], first: ['q', 'a'], second: ['q', 'b'] }, program);
    expect(told).toContain('"second" is now "wide", "first" is now "narrow"');
  });

  it.each<[string, Readonly<Record<string, readonly string[]>>, readonly PredictorDescription[]]>([
    ['two fit', { a: ['q'], b: ['q'] }, [predictor('x', 'q -> a'), predictor('y', 'q -> b')]],
    ['none fits', { a: ['other'] }, [predictor('x', 'q -> a')]],
    ['the state tells no fields', { a: [] }, [predictor('x', 'q -> a')]],
    ['the program has one more', { a: ['q'] }, [predictor('x', 'q -> a'), predictor('y', 'other -> b')]],
    ['one predictor is left over', { kept: ['q'], a: ['q'] }, [predictor('kept', 'q -> a')]],
  ])('names no renaming where %s', (_case, saved, predictors) => {
    expect(text(saved, predictors)).not.toContain('renaming');
  });
});
