import { describe, expect, test } from 'vitest';
import type { TrainingRow } from '../../../src/data/trace.ts';
import type { TrainingSet } from '../../../src/data/trainingSet.ts';
import type { HyperParameters } from '../../../src/engine/interfaces.ts';
import { methodsOf, profileOf, wireHyperParameters } from '../../../src/finetune/base/hyperParameters.ts';
import { jobHash } from '../../../src/engine/training.ts';
import { createBody } from '../../../src/finetune/openai/createBody.ts';
import { trainingFile, type TrainingFileOptions } from '../../../src/finetune/base/trainingFile.ts';

const chat: TrainingRow = {
  predictor: 'p',
  prompt: { kind: 'chat', messages: [{ role: 'user', content: 'Q' }], opened: 'A:' },
  completion: ' yes',
  end: null,
};
const text: TrainingRow = { predictor: 'p', prompt: { kind: 'text', prompt: 'Q:' }, completion: ' yes', end: '\n---' };

const linesOf = (set: TrainingSet, options: TrainingFileOptions): unknown[] =>
  trainingFile(set, options)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
const lines = (rows: readonly TrainingRow[], options: TrainingFileOptions) =>
  linesOf({ method: 'supervised', rows }, options);

describe('the training file', () => {
  test('apart keeps opened prefix, completion and end by themselves', () => {
    expect(lines([chat, text], { layout: 'apart', textAsChat: false })).toEqual([
      { messages: [{ role: 'user', content: 'Q' }], opened: 'A:', completion: ' yes', end: null },
      { prompt: 'Q:', completion: ' yes', end: '\n---' },
    ]);
  });

  test('joined is what hosted services take', () => {
    const user = { role: 'user', content: 'Q' };
    expect(lines([chat, text], { layout: 'joined', textAsChat: false })).toEqual([
      { messages: [user, { role: 'assistant', content: 'A: yes' }] },
      { prompt: 'Q:', completion: ' yes\n---' },
    ]);
  });

  test('a text prompt is trained as it will be asked: in a chat where there is no /v1/completions', () => {
    expect(lines([text], { layout: 'joined', textAsChat: true })).toEqual([
      {
        messages: [
          { role: 'user', content: 'Q:' },
          { role: 'assistant', content: ' yes' },
        ],
      },
    ]);
    expect(lines([text], { layout: 'apart', textAsChat: true })).toEqual([
      { messages: [{ role: 'user', content: 'Q:' }], opened: '', completion: ' yes', end: null },
    ]);
  });

  describe('of preferences', () => {
    const set: TrainingSet = {
      method: 'dpo',
      rows: [chat, text].map((row) => ({ ...row, rejected: ' no' })),
      beta: 0.1,
    };
    const user = (content: string) => ({ role: 'user', content });
    const answer = (content: string) => [{ role: 'assistant', content }];

    test('apart adds the rejected answer', () => {
      expect(linesOf(set, { layout: 'apart', textAsChat: false })).toEqual([
        { messages: [user('Q')], opened: 'A:', completion: ' yes', end: null, rejected: ' no' },
        { prompt: 'Q:', completion: ' yes', end: '\n---', rejected: ' no' },
      ]);
    });

    test("joined is OpenAI's, with a text prompt as a chat in any case", () => {
      const joined = [
        {
          input: { messages: [user('Q')] },
          preferred_output: answer('A: yes'),
          non_preferred_output: answer('A: no'),
        },
        { input: { messages: [user('Q:')] }, preferred_output: answer(' yes'), non_preferred_output: answer(' no') },
      ];
      expect(linesOf(set, { layout: 'joined', textAsChat: false })).toEqual(joined);
      expect(linesOf(set, { layout: 'joined', textAsChat: true })).toEqual(joined);
    });

    test("pair is TRL's", () => {
      const ofChat = { prompt: [user('Q')], chosen: answer('A: yes'), rejected: answer('A: no') };
      expect(linesOf(set, { layout: 'pair', textAsChat: false })).toEqual([
        ofChat,
        { prompt: 'Q:', chosen: ' yes\n---', rejected: ' no\n---' },
      ]);
      expect(linesOf(set, { layout: 'pair', textAsChat: true })).toEqual([
        ofChat,
        { prompt: [user('Q:')], chosen: answer(' yes'), rejected: answer(' no') },
      ]);
    });
  });

  test('of rewarded answers adds their advantage, and is written apart alone', () => {
    const set: TrainingSet = {
      method: 'grpo',
      rows: [{ ...text, advantage: -0.25 }],
      clip: { low: 0.2, high: 0.3 },
    };
    expect(linesOf(set, { layout: 'apart', textAsChat: false })).toEqual([
      { prompt: 'Q:', completion: ' yes', end: '\n---', advantage: -0.25 },
    ]);
    expect(() => trainingFile(set, { layout: 'joined', textAsChat: false })).toThrow('layout "joined"');
  });

  test('of no rows is empty', () => {
    expect(trainingFile({ method: 'supervised', rows: [] }, { layout: 'joined', textAsChat: false })).toBe('');
  });
});

const given: HyperParameters = {
  epochs: 5,
  learningRate: 1e-5,
  schedule: 'constant',
  batchSize: 8,
  lora: { rank: 32, alpha: 64, targets: ['q_proj', 'k_proj'] },
  seed: 0,
};

describe('hyper-parameters', () => {
  test('every one of ours is either sent or said to be left out', () => {
    expect(wireHyperParameters(given, 'nebius')).toEqual({
      fields: { n_epochs: 5, batch_size: 8, learning_rate: 1e-5, lora: true, lora_r: 32, lora_alpha: 64 },
      leftOut: ['schedule', 'lora.targets'],
    });
    expect(wireHyperParameters(given, 'embedded').fields['lora_targets']).toEqual(['q_proj', 'k_proj']);
    expect(wireHyperParameters(given, 'embedded').leftOut).toEqual([]);
  });

  test('profiles', () => {
    expect(profileOf('https://api.openai.com/v1', false)).toBe('openai');
    expect(profileOf('https://me.openai.azure.com/openai/v1', false)).toBe('openai');
    expect(profileOf('https://api.openai.com.evil.example/v1', false)).toBe('nebius');
    expect(profileOf('http://127.0.0.1:8000/v1', true)).toBe('embedded');
  });
});

describe('the body of a job', () => {
  const sets = {
    supervised: { method: 'supervised', rows: [chat] },
    dpo: { method: 'dpo', rows: [{ ...chat, rejected: ' no' }], beta: 0.3 },
    grpo: { method: 'grpo', rows: [{ ...chat, advantage: 1 }], clip: { low: 0.2, high: 0.28 } },
  } as const satisfies Record<string, TrainingSet>;
  const methodIn = (set: TrainingSet, profile: 'embedded' | 'openai', form: 'method' | 'hyperparameters' = 'method') =>
    createBody({ hash: 'ab', parent: 'base', set, hyperParameters: given }, 'file-1', form, { profile }).body['method'];

  test('names its method and what that takes, beside the hyper-parameters of any job', () => {
    const openai = { n_epochs: 5, batch_size: 8 };
    expect(methodIn(sets.dpo, 'openai')).toEqual({ type: 'dpo', dpo: { hyperparameters: { ...openai, beta: 0.3 } } });
    const { fields } = wireHyperParameters(given, 'embedded');
    expect(methodIn(sets.supervised, 'embedded')).toEqual({
      type: 'supervised',
      supervised: { hyperparameters: fields },
    });
    expect(methodIn(sets.grpo, 'embedded')).toEqual({
      type: 'grpo',
      grpo: { hyperparameters: { ...fields, clip: [0.2, 0.28] } },
    });
  });

  test('of preferences is not what was written for fine-tuning', () => {
    const extra = { method: { type: 'supervised' }, priority: 'high' };
    const options = { profile: 'openai', hyperParameters: { n_epochs: 9, beta: 2 }, extra } as const;
    const job = { hash: 'ab', parent: 'base', set: sets.dpo, hyperParameters: given };
    const { body } = createBody(job, 'file-1', 'method', options);
    expect(body['method']).toEqual(methodIn(sets.dpo, 'openai'));
    expect(body['priority']).toBe('high');
  });

  test('of preferences keeps to the place that knows methods', () => {
    expect(methodIn(sets.supervised, 'openai', 'hyperparameters')).toBeUndefined();
    expect(methodIn(sets.dpo, 'openai', 'hyperparameters')).toMatchObject({ type: 'dpo' });
  });

  test('is only of methods that services of its profile are known to take', () => {
    expect(methodsOf('embedded')).toEqual(['supervised', 'dpo', 'grpo']);
    expect(methodsOf('openai')).toEqual(['supervised', 'dpo']);
    expect(methodsOf('nebius')).toEqual(['supervised']);
  });
});

describe('the job hash', () => {
  const job = {
    trainer: 't',
    parent: 'base',
    set: { method: 'supervised', rows: [chat] } as const,
    hyperParameters: given,
  };

  test('is that of the content', () => {
    expect(jobHash(structuredClone(job))).toBe(jobHash(job));
    expect(jobHash(job)).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each([
    { trainer: 'other' },
    { parent: 'ft-1' },
    { set: { method: 'supervised', rows: [chat, chat] } as const },
    { set: { method: 'supervised', rows: [{ ...chat, completion: ' no' }] } as const },
    { hyperParameters: { ...given, seed: 1 } },
  ])('changes with %j', (change) => {
    expect(jobHash({ ...job, ...change })).not.toBe(jobHash(job));
  });
});
