import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listedTraceBytesAtMost } from '../../../src/base/limits.ts';
import { TraceSummaries } from '../../../src/page/traceSummary.ts';
import { TraceStore } from '../../../src/run/record/traceStore.ts';
import { temporaryFolder } from '../run/folder.ts';

/** Traces whose metric said these things; `undefined`: nothing. */
function storeOf(said: readonly (string | undefined)[], prediction = 'x'): string {
  const folder = join(temporaryFolder(), 'traces');
  const store = new TraceStore(folder);
  for (const [example, feedback] of said.entries()) {
    const outcome = {
      ...{ prediction: { answer: prediction }, score: 0, trace: [], seconds: 1 },
      ...(feedback !== undefined && { feedback }),
    };
    store.append({ step: 'p', candidate: null, purpose: 'dev', example, round: 0, state: 's', outcome });
  }
  store.close();
  return folder;
}

function sayings(folder: string) {
  const summaries = new TraceSummaries(folder);
  return (place: number) => summaries.of(place).feedback;
}

describe('what the metric said, in the list of traces', () => {
  it('is one line, shortened, and nothing where it said nothing', () => {
    const said = sayings(storeOf(['Wrong:\nthe  other river.', undefined, 'long '.repeat(200)]));
    expect([0, 1, 2, 3].map((place) => said(place))).toEqual([
      ...['Wrong: the other river.', null, expect.stringMatching(/^(long )+l?o?n?g?…$/), null],
    ]);
  });

  it('is left out of a long record, which is read when it is opened', () => {
    const said = sayings(storeOf(['Wrong.'], 'y'.repeat(listedTraceBytesAtMost)));
    expect(said(0)).toBeNull();
  });

  it('is left out where the record cannot be read', () => {
    const folder = storeOf(['Wrong.']);
    const end = Buffer.alloc(8);
    end.writeBigUInt64LE(5n);
    appendFileSync(join(folder, '000001.idx'), end);
    const said = sayings(folder);
    expect([0, 1].map((place) => said(place))).toEqual(['Wrong.', null]);
  });
});
