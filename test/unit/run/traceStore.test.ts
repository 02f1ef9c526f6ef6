import { appendFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TraceRecord } from '../../../src/engine/interfaces.ts';
import { TraceStore, readTrace } from '../../../src/run/record/traceStore.ts';
import { allTraces, traceAt } from '../../fakes/traces.ts';
import { temporaryFolder } from './folder.ts';

const folder = temporaryFolder();

function record(example: number): TraceRecord {
  return {
    step: 'p',
    candidate: null,
    purpose: 'collect',
    example,
    round: 0,
    state: 'h',
    outcome: { prediction: { answer: `ä${example}` }, score: 1, trace: [], seconds: 0.1 },
  };
}

describe('TraceStore', () => {
  it('gives back any record by its number, over several segments', () => {
    const place = join(folder, 'a');
    const store = new TraceStore(place, 1000);
    for (let i = 0; i < 40; i++) {
      store.append(record(i));
      if (i % 7 === 0) store.flush();
    }
    store.close();
    expect(readdirSync(place).length).toBeGreaterThan(4);
    expect(allTraces(place)).toHaveLength(40);
    for (const i of [0, 1, 17, 39]) expect(readTrace(place, i)).toEqual(record(i));
    expect(readTrace(place, 40)).toBeUndefined();
  });

  it('a later writer goes on behind an earlier one', () => {
    const place = join(folder, 'b');
    for (const i of [0, 1]) {
      const store = new TraceStore(place);
      store.append(record(i));
      store.close();
    }
    expect([0, 1].map((i) => traceAt(place, i)?.example)).toEqual([0, 1]);
  });

  it('loses only what a crash tore', () => {
    const place = join(folder, 'c');
    const store = new TraceStore(place);
    store.append(record(0));
    store.close();
    appendFileSync(join(place, '000001.jsonl'), '{"step":"p","cand');
    appendFileSync(join(place, '000001.idx'), Buffer.from([1, 2, 3]));
    expect(allTraces(place)).toHaveLength(1);
    const next = new TraceStore(place);
    next.append(record(1));
    next.close();
    expect(allTraces(place)).toHaveLength(2);
    expect(readTrace(place, 0)).toEqual(record(0));
    expect(readTrace(place, 1)).toEqual(record(1));
  });

  it('has no traces where there is no folder', () => {
    expect(allTraces(join(folder, 'none'))).toHaveLength(0);
    expect(readTrace(join(folder, 'none'), 0)).toBeUndefined();
  });

  it('says where traces could not be written', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const store = new TraceStore(file);
    store.append(record(0));
    expect(() => {
      store.flush();
    }).toThrow(`${file} could not be written: `);
    store.close();
  });
});
