import { describe, expect, it } from 'vitest';
import { exampleTable } from '../../../src/page/exampleTable.ts';
import { stateText } from '../../../src/page/stateText.ts';
import { valueText } from '../../../webview/valueText.ts';

const id = { $exact: 'int', value: '12345678901234567890' };
const days = {
  $exact: 'tuple',
  value: [
    { $exact: 'date', value: '2026-01-02' },
    { $exact: 'float', value: '2.0' },
  ],
};
const object = { $exact: 'object', value: { $exact: 'tuple', value: [1] }, shown: { name: 'one' } };

describe('values that are carried with tags are shown without', () => {
  it('in the list of rows', () => {
    const examples = [{ id: 0, inputs: { id, days, object }, fields: {} }];
    const { rows } = exampleTable('dev', [], { examples, count: 1, problem: null });
    expect(rows[0]?.preview).toBe('id: 12345678901234567890 · days: ["2026-01-02",2] · object: {"name":"one"}');
  });

  it('in the text of a state', () => {
    const demos = [{ fields: { id, object }, augmented: false }];
    const text = stateText({ predictors: { self: { instructions: '', demos, model: 'm' } } }, null);
    expect(text).toContain('id: 12345678901234567890\nobject: {\n  "name": "one"\n}');
  });

  it('in traces, demos and predictions', () => {
    expect(valueText(id)).toBe('12345678901234567890');
    expect(valueText([days])).toBe(JSON.stringify([['2026-01-02', 2]], null, 2));
  });
});
