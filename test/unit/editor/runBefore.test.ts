import { expect, it } from 'vitest';
import { runBefore } from '../../../src/editor/items/runBefore.ts';
import { sampleConfig } from '../../fakes/sampleConfig.ts';
import { runItem } from './samples.ts';

it('tells what the last finished run of the same settings took', () => {
  const runs = [runItem('a'), runItem('b'), runItem('c', { status: 'stopped' }), runItem('d', { seed: 4 })];
  const { calls, cached } = runs[1]!.view.usage;
  expect(runBefore(runs, sampleConfig)).toMatch(
    new RegExp(`^2026-11-23 \\d\\d:\\d\\d, ${calls + cached} calls.* is free where`),
  );
  expect(runBefore(runs, { ...sampleConfig, seed: 4 })).not.toBeNull();
  expect(runBefore(runs, { ...sampleConfig, seed: 5 })).toBeNull();
  expect(runBefore(runs, { ...sampleConfig, strategy: ['p'] })).toBeNull();
  expect(runBefore(runs, { ...sampleConfig, model: 'other' })).toBeNull();
  expect(runBefore(runs.slice(2, 3), sampleConfig)).toBeNull();
});
