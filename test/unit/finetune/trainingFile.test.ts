import { describe, expect, test } from 'vitest';
import type { TrainingRow } from '../../../src/data/trace.ts';
import type { HyperParameters } from '../../../src/engine/interfaces.ts';
import { profileOf, wireHyperParameters } from '../../../src/finetune/base/hyperParameters.ts';
import { jobHash } from '../../../src/engine/training.ts';
import { trainingFile, type TrainingFileOptions } from '../../../src/finetune/base/trainingFile.ts';

const chat: TrainingRow = {
  predictor: 'p',
  prompt: { kind: 'chat', messages: [{ role: 'user', content: 'Q' }], opened: 'A:' },
  completion: ' yes',
  end: null,
};
const text: TrainingRow = { predictor: 'p', prompt: { kind: 'text', prompt: 'Q:' }, completion: ' yes', end: '\n---' };

const lines = (rows: readonly TrainingRow[], options: TrainingFileOptions): unknown[] =>
  trainingFile({ method: 'supervised', rows }, options)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

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
