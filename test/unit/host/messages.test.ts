import { describe, expect, it } from 'vitest';
import type { LmCall } from '../../../src/data/lm.ts';
import { readComplete, readDescription, readOutcome } from '../../../src/host/messages.ts';

const described = (type: unknown) => ({
  name: 'Hop',
  language: 'typescript',
  predictors: [
    {
      name: 'answer',
      signature: { instructions: '', inputs: [{ name: 'question', type, prefix: 'Q:', description: '' }], outputs: [] },
      demos: [],
      frozen: false,
    },
  ],
  sources: {},
});

describe('a description from a host', () => {
  it('is taken with types of fields that there are', () => {
    const type = { kind: 'list', items: { kind: 'literal', values: ['a', 2, false] } };
    expect(readDescription(described(type)).predictors[0]!.signature.inputs[0]!.type).toEqual(type);
  });

  it.each([
    ['a kind that is none', { kind: 'tuple' }],
    ['a list without items', { kind: 'list' }],
    ['an unknown kind within', { kind: 'dict', values: { kind: 'tuple' } }],
    ['choices that are no plain values', { kind: 'literal', values: [null] }],
  ])('is refused with %s, and the field is named', (_, type) => {
    expect(() => readDescription(described(type))).toThrow(/predictors\[0\]\.signature\.inputs\[0\]\.type/);
  });
});

describe('an outcome from a host', () => {
  it('tells of no requests outside its trace: those the engine counts itself', () => {
    const record = { finishReason: 'stop', usage: null, key: 'k', model: 'm', cached: true, seconds: 0 };
    const outcome = { prediction: { answer: 'a' }, score: 1, trace: [], seconds: 1 };
    expect(readOutcome({ ...outcome, untraced: [record] })).toEqual(outcome);
  });
});

describe('an LM call from a host', () => {
  it('comes through with all of its parts', () => {
    const call: Required<LmCall> = {
      model: 'm',
      authors: true,
      endpoint: 'judge',
      prompt: { kind: 'chat', messages: [{ role: 'user', content: 'q' }], opened: 'Answer:' },
      stop: ['---'],
      guide: { kind: 'jsonSchema', name: 'Answer', schema: { type: 'object' } },
      sampling: { temperature: 0, topP: 1, maxTokens: 20 },
    };
    const complete = { run: 3, call, metric: false };
    expect(readComplete(JSON.parse(JSON.stringify(complete)))).toEqual(complete);
  });
});
