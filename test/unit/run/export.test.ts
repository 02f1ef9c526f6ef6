import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toDspyJson, toStateJson } from '../../../src/run/exportState.ts';
import { copyWeights, findWeights, tunedModels } from '../../../src/run/exportWeights.ts';
import { temporaryFolder } from './folder.ts';
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

describe('findWeights and copyWeights', () => {
  const folder = temporaryFolder();

  it('copies every file of the adapter and says how to serve it', async () => {
    const from = join(folder, 'tuned', 'base-ft-1');
    mkdirSync(join(from, 'peft'), { recursive: true });
    writeFileSync(join(from, 'adapter.gguf'), 'g');
    writeFileSync(join(from, 'peft', 'adapter_config.json'), '{}');
    const found = await findWeights(state, 'base', { tuned: join(folder, 'tuned') });
    const [to] = await copyWeights(found, join(folder, 'out'));
    expect(readFileSync(join(to!, 'adapter.gguf'), 'utf8')).toBe('g');
    expect(readFileSync(join(to!, 'peft', 'adapter_config.json'), 'utf8')).toBe('{}');
    const note = readFileSync(join(to!, 'README.md'), 'utf8');
    expect(note).toContain('--lora-modules base-ft-1=<this folder>/peft');
    expect(note).toContain('--lora adapter.gguf');
  });

  it('says when there are none, or when they are gone', async () => {
    const home = { tuned: join(folder, 'empty') };
    await expect(findWeights(state, 'base-ft-1', home)).rejects.toThrow('there are no weights');
    await expect(findWeights(state, 'base', home)).rejects.toThrow('Resume the run');
  });

  it('does not follow a model name out of the folder', async () => {
    const hostile = { predictors: { a: { ...state.predictors['classify.predict']!, model: '../../secret' } } };
    expect(tunedModels(hostile, 'base')).toEqual(['../../secret']);
    await expect(findWeights(hostile, 'base', { tuned: folder })).rejects.toThrow("cannot be a folder's");
  });
});
