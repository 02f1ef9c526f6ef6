import { describe, expect, it } from 'vitest';
import { toDspyJson, toStateJson } from '../../../src/run/export/exportState.ts';
import { description, state } from './samples.ts';

const sampling = { temperature: 0, maxTokens: 8 };

describe('toDspyJson', () => {
  it("writes what DSPy's Module.load reads", () => {
    expect(toDspyJson(state, description, sampling)).toEqual({
      'classify.predict': {
        traces: [],
        train: [],
        demos: [
          { augmented: true, utterance: 'pay', reasoning: 'money', answer: 'banking' },
          { utterance: 'fly', answer: 'travel' },
        ],
        signature: {
          instructions: 'Classify well.',
          fields: [
            { prefix: 'Utterance:', description: '${utterance}' },
            { prefix: 'Reasoning:', description: '${reasoning}' },
            { prefix: 'Domain:', description: '${answer}' },
          ],
        },
        lm: { model: 'openai/base-ft-1', model_type: 'chat', temperature: 0, max_tokens: 8 },
      },
      metadata: { dependency_versions: {} },
    });
  });

  it('writes a program that is itself a predictor at the top', () => {
    const [predictor] = description.predictors;
    const self = { ...description, predictors: [{ ...predictor!, name: 'self' }] };
    const json = toDspyJson({ predictors: { self: state.predictors['classify.predict']! } }, self, sampling);
    expect(json).toMatchObject({
      signature: { instructions: 'Classify well.' },
      metadata: { dependency_versions: {} },
    });
  });

  it('refuses a state of another program', () => {
    expect(() => toDspyJson({ predictors: {} }, description, sampling)).toThrow('no predictor "classify.predict"');
  });
});

it('toStateJson is the state itself', () => {
  expect(toStateJson(state)).toEqual(state);
});
