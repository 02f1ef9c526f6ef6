import { expect, it } from 'vitest';
import { OutsideRangeWarning } from '../../../src/engine/outsideRange.ts';

it('warns once of a metric that returns numbers outside of its range for three rows', () => {
  const said: string[] = [];
  const warning = new OutsideRangeWarning((event) => said.push('message' in event ? event.message : ''), [0, 1]);
  const add = (id: number, returned?: number): void => {
    const error = { kind: 'metric', message: 'outside', ...(returned === undefined ? {} : { returned }) } as const;
    warning.add({ id, inputs: {}, fields: {} }, { prediction: null, score: 0, trace: [], seconds: 0, error });
  };
  for (const id of [0, 1, 1, 0]) add(id, -0.1);
  add(2);
  expect(said).toEqual([]);
  for (const id of [3, 4, 5]) add(id, -1);
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/outside of "metricRange" \(0 to 1\) for 3 rows; the first is -0\.1\./);
});
