/** What the schemas let through: every part of the shapes they stand for, and nothing that is not of them. */
import { describe, expect, it } from 'vitest';
import { programDescriptionSchema } from '../../../src/data/program.ts';
import type {
  FieldType,
  PredictorDescription,
  PredictorState,
  ProgramDescription,
  ProgramState,
} from '../../../src/data/program.ts';
import { programStateSchema } from '../../../src/data/program.ts';
import type { LmRecord, ProgramOutcome, Retrieval, TraceCall, UserCodeError } from '../../../src/data/trace.ts';
import { programOutcomeSchema } from '../../../src/data/trace.ts';

// `Required`: a part that is added to a shape must be added here, and then the schema must keep it.
const record: Required<LmRecord> = {
  finishReason: 'length',
  usage: { inputTokens: 3, cachedInputTokens: 1, outputTokens: 2 },
  key: 'key',
  model: 'model',
  endpoint: 'judge',
  cached: true,
  seconds: 0.5,
};
const call: Required<TraceCall> = {
  predictor: 'a.predict',
  inputs: { question: 'q', passages: ['p', { nested: [1, null] }] },
  outputs: null,
  error: 'unreadable',
  lm: [record, { ...record, usage: null }],
  path: ['self', 'a'],
  start: 0,
  seconds: 1,
};
const retrieval: Required<Retrieval> = {
  retriever: 'Retrieve',
  query: 'q',
  k: 3,
  passages: ['p'],
  error: 'down',
  path: ['self'],
  start: 0,
  seconds: 0.1,
};
const error: Required<UserCodeError> = {
  kind: 'crash',
  message: 'gone',
  file: 'program.ts',
  line: 3,
  cell: 2,
  returned: 100,
};
const outcome: Required<ProgramOutcome> = {
  prediction: { answer: 'a', flags: [true, 1.5] },
  score: 0,
  feedback: 'The flag is missing.',
  aboutPredictor: { error },
  error,
  trace: [call],
  retrievals: [retrieval],
  untraced: [record],
  seconds: 2,
};

const own: Required<PredictorState> = {
  instructions: 'Answer.',
  demos: [{ fields: { question: 'q', answer: null }, augmented: true }],
  model: 'model',
};
const state: Required<ProgramState> = { predictors: { 'a.predict': own } };

const types: readonly FieldType[] = [
  { kind: 'string' },
  { kind: 'any' },
  { kind: 'literal', values: ['yes', 1, true] },
  { kind: 'list', items: { kind: 'dict', values: { kind: 'optional', of: { kind: 'float' } } } },
  { kind: 'json', name: 'Person', schema: { type: 'object', required: ['name'] } },
];
const fields = types.map((type, i) => ({ name: `f${i}`, type, prefix: `F${i}:`, description: '' }));
const predictor: Required<PredictorDescription> = {
  name: 'a.predict',
  signature: { instructions: 'Answer.', inputs: fields, outputs: fields },
  demos: own.demos,
  frozen: false,
  model: 'gpt',
  endpoint: 'judge',
  source: { file: 'program.ts', line: 7 },
};
const description: Required<ProgramDescription> = {
  name: 'Hop',
  language: 'python',
  exported: 'class',
  predictors: [predictor],
  saved: { retrieve: { k: 3 } },
  source: 'class Hop: ...',
  runtime: 'CPython 3.11.7',
  sources: { 'program.py': 'hash' },
  metricTakesPredictor: true,
};

describe('the schemas of shapes that come in', () => {
  it('keep every part of an outcome, a state and a description', () => {
    expect(programOutcomeSchema.parse(outcome)).toEqual(outcome);
    expect(programStateSchema.parse(state)).toEqual(state);
    expect(programDescriptionSchema.parse(description)).toEqual(description);
  });

  it.each([
    ['a kind of error that is none', { ...outcome, error: { ...error, kind: 'bad luck' } }],
    ['a finish reason that is none', { ...outcome, untraced: [{ ...record, finishReason: 'tired' }] }],
    ['a look-up without passages', { ...outcome, retrievals: [{ ...retrieval, passages: null }] }],
    ['inputs that are no fields', { ...outcome, trace: [{ ...call, inputs: ['q'] }] }],
    ['an outcome without a trace', { prediction: null, score: 1 }],
  ])('refuse %s', (_, value) => {
    expect(programOutcomeSchema.safeParse(value).success).toBe(false);
  });

  it.each([{ inputTokens: 1 }, { inputTokens: -5, cachedInputTokens: 0, outputTokens: 2 }])(
    'take usage that cannot be for not reported: %j',
    (usage) => {
      const taken = programOutcomeSchema.parse({ ...outcome, untraced: [{ ...record, usage }] });
      expect(taken.untraced).toEqual([{ ...record, usage: null }]);
    },
  );
});
