import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TraceRecord } from '../../../src/engine/interfaces.ts';
import { TraceStore } from '../../../src/run/record/traceStore.ts';
import { TraceIndex } from '../../../src/page/traceIndex.ts';
import { traceAt } from '../../fakes/traces.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bt-traces-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function record(example: number, more: Partial<TraceRecord> = {}): TraceRecord {
  // What a model wrote looks like the fields that are read: only the first of each counts.
  const answer = '","outcome":{"step":"x"},"example":999,"purpose":"test"';
  const prediction = { answer, long: 'ü'.repeat(example % 7 === 0 ? 5000 : 3) };
  return {
    step: 'p',
    candidate: null,
    purpose: 'dev',
    example,
    round: 0,
    state: 'a'.repeat(64),
    outcome: { prediction, score: 1, trace: [], seconds: 1 },
    ...more,
  };
}

function append(records: readonly TraceRecord[], segmentBytes?: number): void {
  const store = new TraceStore(folder, segmentBytes);
  for (const one of records) store.append(one);
  store.close();
}

describe('the index of the traces', () => {
  it('is empty where there are none', async () => {
    const index = new TraceIndex(join(folder, 'none'));
    await index.refresh();
    expect(index.size).toBe(0);
  });

  it('knows each record by the place under which the store reads it, over segments', async () => {
    append(
      Array.from({ length: 300 }, (_, i) => record(i)),
      100_000,
    );
    append([record(300, { step: 'p -> w', candidate: 2, purpose: 'validate', round: 1 })]);
    const index = new TraceIndex(folder);
    await index.refresh();
    expect(index.size).toBe(301);
    for (const place of [0, 7, 255, 299, 300]) {
      const { outcome, ...head } = traceAt(folder, place)!;
      expect(outcome.score).toBe(1);
      expect(index.head(place)).toEqual(head);
    }
  });

  it('reads on where it stopped, and leaves a torn entry', async () => {
    const index = new TraceIndex(folder);
    append([record(0), record(1)]);
    await index.refresh();
    appendFileSync(join(folder, '000001.idx'), Buffer.from([1, 2, 3]));
    append([record(2)]);
    await index.refresh();
    expect([0, 1, 2].map((place) => index.head(place)?.example)).toEqual([0, 1, 2]);
    await index.refresh();
    expect(index.size).toBe(3);
  });

  it('finds by step, purpose, candidate and row', async () => {
    append([
      record(0),
      record(1, { purpose: 'validate', candidate: 0 }),
      record(1, { purpose: 'validate', candidate: 1 }),
      record(1, { step: '' }),
      record(1),
    ]);
    const index = new TraceIndex(folder);
    await index.refresh();
    expect(index.find({ example: 1 })).toEqual([1, 2, 3, 4]);
    expect(index.find({ purpose: 'validate', candidate: 1 })).toEqual([2]);
    expect(index.find({ step: '' })).toEqual([3]);
    expect(index.findLast({ step: 'p', example: 1 })).toBe(4);
    expect(index.findLast({ example: 9 })).toBeNull();
  });

  it('gives a program run once, by its latest record, when a run that went on recorded it again', async () => {
    const other = { state: 'b'.repeat(64) };
    append([record(0), record(1), record(1, other)]);
    const index = new TraceIndex(folder);
    await index.refresh();
    expect(index.find({})).toEqual([0, 1, 2]);
    append([record(0), record(1), record(2)]);
    await index.refresh();
    // In another state it was another program run.
    expect(index.find({})).toEqual([2, 3, 4, 5]);
    const run = { step: 'p', purpose: 'dev', candidate: null, round: 0 } as const;
    expect([0, 1, 2, 3].map((example) => index.latest({ ...run, example }))).toEqual([3, 4, 5, null]);
  });
});
