import { describe, expect, it } from 'vitest';
import { knowKey } from '../../../src/base/keys.ts';
import { sourceCharactersAtMost } from '../../../src/base/limits.ts';
import type { LmCall } from '../../../src/data/lm.ts';
import { readComplete, readDatasets, readDescription, readOutcome } from '../../../src/host/messages.ts';
import type { DatasetRow } from '../../../src/host/protocol.ts';

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

describe('the source in a description', () => {
  const read = (source: string) => readDescription({ ...described({ kind: 'string' }), source }).source;

  it('may be left out, as hosts of before do', () => {
    expect(readDescription(described({ kind: 'string' }))).not.toHaveProperty('source');
  });

  it('has no keys: those of this process, those given to a name of a key, and those that look like one', () => {
    knowKey('a-key-of-this-process');
    const code = [
      "connect('a-key-of-this-process')",
      "api_key='made up 1', k=3",
      'const apiKey = "made up 2";',
      "token: str = 'made up 3'",
      '{"OPENAI_API_KEY": "made up 4"}',
      "use('sk-proj-0123456789abcdefghij')",
    ];
    expect(read(code.join('\n'))!.split('\n')).toEqual([
      "connect('***')",
      "api_key='***', k=3",
      'const apiKey = "***";',
      "token: str = '***'",
      '{"OPENAI_API_KEY": "***"}',
      "use('***')",
    ]);
    const plain = "secrets = read('secrets')\nmax_tokens = '30'\nnew ChainOfThought('token, context -> answer')";
    expect(read(plain)).toBe(plain);
  });

  it('is cut after its keys were taken out, and not within a character', () => {
    knowKey('a-key-of-this-process');
    const room = sourceCharactersAtMost - 1;
    expect(read(`${'x'.repeat(room - 2)}a-key-of-this-process`)).toBe(`${'x'.repeat(room - 2)}***`);
    expect(read(`${'x'.repeat(room)}😀`)).toBe('x'.repeat(room));
  });
});

describe('an outcome from a host', () => {
  it('tells of no requests outside its trace: those the engine counts itself', () => {
    const record = { finishReason: 'stop', usage: null, key: 'k', model: 'm', cached: true, seconds: 0 };
    const outcome = { prediction: { answer: 'a' }, score: 1, trace: [], seconds: 1 };
    expect(readOutcome({ ...outcome, untraced: [record] })).toEqual(outcome);
  });
});

describe('rows of data from a host', () => {
  it('come through with all of their parts', () => {
    const rows: Required<DatasetRow>[] = [{ fields: { q: 1 }, inputs: ['q'], hash: 'h', classHash: 'class h' }];
    expect(readDatasets(JSON.parse(JSON.stringify([rows])))).toEqual([rows]);
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
