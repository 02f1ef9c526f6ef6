import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { builtInMetricNames } from '../../../src/data/builtInMetrics.ts';
import type { JsonValue } from '../../../src/base/json.ts';
import { builtInMetric } from '../../../src/program/builtInMetric.ts';

type Case = readonly [spec: string, gold: JsonValue, said: JsonValue, score: boolean | number];

const cases = JSON.parse(
  readFileSync(new URL('../../fixtures/metricCases.json', import.meta.url), 'utf8'),
) as readonly Case[];

/** The Python host has metrics of its own; python/host/tests/test_metrics.py holds them to this table. */
describe('the built-in metrics keep to the table that the Python host keeps to', () => {
  it.each(cases)('%s %j %j: %j', (spec, gold, said, score) => {
    expect(builtInMetric(spec)!({ answer: gold }, { answer: said })).toEqual(score);
  });

  it('which has cases of each metric there is, and of no other', () => {
    const inTable = new Set(cases.map(([spec]) => spec.split(':', 1)[0]));
    expect([...inTable].sort()).toEqual([...builtInMetricNames].sort());
  });
});
