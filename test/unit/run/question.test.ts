import { describe, expect, it } from 'vitest';
import type { ResolvedProgram } from '../../../src/config/resolved.ts';
import { newManifest } from '../../../src/run/record/manifest.ts';
import type { DataHashes, Manifest } from '../../../src/run/record/manifest.ts';
import { differenceOf, rowsOf, sameQuestion } from '../../../src/run/record/question.ts';
import { sampleConfig } from '../../fakes/sampleConfig.ts';

const file = (sha256: string) => ({ file: `/w/${sha256}.jsonl`, sha256 });

function manifest(data: Partial<DataHashes> = {}, asked: Partial<ResolvedProgram> = {}): Manifest {
  const config = { ...sampleConfig, ...asked };
  return newManifest('a', new Date(0), config, { train: file('t'), dev: file('d'), test: null, ...data }, []);
}

describe('the rows of a split', () => {
  it('are those of its file, wherever that lies', () => {
    const moved = manifest({ dev: { file: '/elsewhere/dev.jsonl', sha256: 'd' } });
    expect(rowsOf(manifest(), 'dev')).toBe(rowsOf(moved, 'dev'));
    expect(rowsOf(manifest(), 'dev')).not.toBe(rowsOf(manifest({ dev: file('other') }), 'dev'));
  });

  it.each([0, 1, 12345])('are held out of train where dev has no file, also with seed %d', (seed) => {
    const heldOut = manifest({ dev: null });
    expect(rowsOf(manifest({ dev: null }, { seed }), 'dev')).toBe(rowsOf(heldOut, 'dev'));
    expect(rowsOf(manifest({ dev: null, train: file('other') }, { seed }), 'dev')).not.toBe(rowsOf(heldOut, 'dev'));
  });

  it('are none where there is no test file', () => {
    expect(rowsOf(manifest(), 'test')).toBeNull();
  });
});

describe('scores of two runs', () => {
  it('answer the same question whatever seed, strategy, model and cap of the runs', () => {
    const budget = { calls: 5, tokens: null, usd: null };
    const other = manifest({ dev: null }, { seed: 7, strategy: ['w'], model: 'another', budget });
    expect(differenceOf(manifest({ dev: null }), other, 'dev')).toBeNull();
    expect(sameQuestion(manifest({ dev: null }), other, 'dev')).toBe(true);
  });

  it('answer another one with other rows, of that split alone', () => {
    const other = manifest({ dev: file('other') });
    expect(differenceOf(manifest(), other, 'dev')).toBe('rows');
    expect(sameQuestion(manifest(), other, 'test')).toBe(true);
    expect(differenceOf(manifest({ dev: null }), manifest(), 'dev')).toBe('rows');
  });

  it('answer another one with another metric, or another range of it', () => {
    const metric: ResolvedProgram['metric'] = { kind: 'code', file: '/w/metric.ts', name: 'metric' };
    expect(differenceOf(manifest(), manifest({}, { metric }), 'dev')).toBe('metric');
    expect(differenceOf(manifest(), manifest({}, { metricRange: [0, 5] }), 'test')).toBe('metric');
  });
});
