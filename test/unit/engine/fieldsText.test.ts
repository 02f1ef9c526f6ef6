import { describe, expect, it } from 'vitest';
import { fieldsText } from '../../../src/engine/proposer/fieldsText.ts';
import { instructionPrompt } from '../../../src/engine/optimizers/mipro/proposer/instruct.ts';
import { observationPrompt } from '../../../src/engine/optimizers/mipro/proposer/summary.ts';
import { reflectionPrompt } from '../../../src/engine/optimizers/gepa/proposer/reflect.ts';
import { outputsOf } from '../../../src/engine/proposer/readProposal.ts';
import { twoPredictors } from './fakes.ts';

const member = { $exact: 'row', value: ['program.py#rows', 'urgency', 'cf35bd8daf88dc24'], shown: 'high' };
const png = `data:image/png;base64,${Buffer.alloc(90_000, 7).toString('base64')}`;

describe('fields that a proposer is shown', () => {
  it('are values as people see them', () => {
    expect(fieldsText({ urgency: member, days: [{ $exact: 'date', value: '2026-01-02' }], left: 2 })).toBe(
      '{"urgency":"high","days":["2026-01-02"],"left":2}',
    );
  });

  it('have pictures told by type and size, and addresses of them as they are', () => {
    const photo = { $exact: 'row', value: ['program.py#rows', 'photo', 'cf35'], shown: { url: png } };
    const text = fieldsText({ photo, more: [{ url: png }], far: { url: 'https://example.com/a.png' } });
    expect(text).toContain('"far":{"url":"https://example.com/a.png"}');
    expect(text.match(/\[image\/png, 90000 bytes, sha256 [0-9a-f]{12}\]/g)).toHaveLength(2);
    expect(text.length).toBeLessThan(300);
  });

  it('are so in what each of them is asked', () => {
    const { name } = twoPredictors.predictors[0]!;
    const fields = { question: member, answer: member };
    const call = { predictor: name, inputs: fields, outputs: fields, lm: [], path: [], start: 0, seconds: 0 };
    const asked = [
      reflectionPrompt(
        {
          ...{ component: name, instruction: 'Answer.', source: null, metricRange: [0, 1], tokensAtMost: 100 },
          rows: [
            {
              example: { id: 0, inputs: { question: member }, fields },
              outcome: { prediction: { answer: member }, score: 0, trace: [call] },
            },
          ],
        },
        4000,
      ),
      observationPrompt([{ id: 0, inputs: fields, fields }], [], 4000),
      instructionPrompt(
        {
          ...{ module: twoPredictors.predictors[0]!, instruction: '', summary: null, source: null, program: null },
          ...{ description: null, demos: [{ fields, augmented: true }], tip: 'none', tokensAtMost: 100 },
        },
        4000,
      ),
    ];
    for (const prompt of asked) {
      expect(prompt).toContain('"high"');
      expect(prompt).not.toContain('$exact');
    }
  });

  it('tell an answer to the task by what people see of it', () => {
    expect(outputsOf({ urgency: member })).toEqual([{ name: 'urgency', value: 'high' }]);
  });
});
