/** Rows of each method as they are sent, read back for the page. */
import { describe, expect, it } from 'vitest';
import type { TrainingRow } from '../../../src/data/trace.ts';
import type { TrainingSet } from '../../../src/data/trainingSet.ts';
import { trainingFile } from '../../../src/finetune/base/trainingFile.ts';
import type { RowLayout } from '../../../src/finetune/base/trainingFile.ts';
import { trainingRowOf } from '../../../src/page/trainingRows.ts';

const chat: TrainingRow = {
  predictor: 'p',
  prompt: { kind: 'chat', messages: [{ role: 'user', content: 'Q' }], opened: 'A:' },
  completion: ' yes',
  end: null,
};
const text: TrainingRow = { predictor: 'p', prompt: { kind: 'text', prompt: 'Q:' }, completion: ' yes', end: '.' };
const shown = (set: TrainingSet, layout: RowLayout) =>
  trainingFile(set, { layout, textAsChat: false }).trimEnd().split('\n').map(trainingRowOf);

describe('training rows on the page', () => {
  const asked = [{ role: 'user', content: 'Q' }];
  const row = { kind: 'row', predictor: null };

  it('of preferences show both answers', () => {
    const set: TrainingSet = {
      method: 'dpo',
      rows: [chat, text].map((one) => ({ ...one, rejected: ' no' })),
      beta: 0.1,
    };
    expect(shown(set, 'apart')).toEqual([
      { ...row, prompt: asked, opened: 'A:', completion: ' yes', end: null, rejected: ' no' },
      {
        ...{ ...row, prompt: [{ role: 'prompt', content: 'Q:' }], opened: '' },
        ...{ completion: ' yes', end: '.', rejected: ' no' },
      },
    ]);
    expect(shown(set, 'joined')[0]).toEqual({
      ...{ ...row, prompt: asked, opened: '' },
      ...{ completion: 'A: yes', end: null, rejected: 'A: no' },
    });
  });

  it('with rewards show their advantage', () => {
    const set: TrainingSet = {
      method: 'grpo',
      rows: [{ ...chat, advantage: -0.5 }],
      clip: { low: 0.2, high: 0.2 },
    };
    expect(shown(set, 'apart')).toEqual([
      { ...row, prompt: asked, opened: 'A:', completion: ' yes', end: null, advantage: -0.5 },
    ]);
  });
});
