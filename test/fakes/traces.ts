import type { TraceRecord } from '../../src/engine/interfaces.ts';
import { readTrace } from '../../src/run/record/traceStore.ts';

/** Record `index` of a store that this version wrote. */
export function traceAt(folder: string, index: number): TraceRecord | undefined {
  return readTrace(folder, index) as TraceRecord | undefined;
}

/** All records of a store, in the order of appending. */
export function allTraces(folder: string): readonly TraceRecord[] {
  const records: TraceRecord[] = [];
  for (let next = traceAt(folder, 0); next !== undefined; next = traceAt(folder, records.length)) records.push(next);
  return records;
}
