import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { RunDetails } from '../../../src/page/runDetails.ts';
import { TraceIndex } from '../../../src/page/traceIndex.ts';
import { TraceList } from '../../../src/page/traceList.ts';
import { TraceSummaries } from '../../../src/page/traceSummary.ts';
import type { LoggedEvent } from '../../../src/protocol.ts';
import { TraceStore } from '../../../src/run/record/traceStore.ts';
import type { ListedTraces, TraceSort } from '../../../src/viewProtocol/traces.ts';
import { temporaryFolder } from '../run/folder.ts';

interface Made {
  readonly score: number;
  readonly seconds?: number;
  readonly cached?: boolean;
  readonly failed?: boolean;
  /** `null`: not reported. */
  readonly tokens?: number | null;
}

async function listOf(runs: readonly Made[]) {
  const folder = join(temporaryFolder(), 'traces');
  const store = new TraceStore(folder);
  const details = new RunDetails();
  for (const [example, { score, seconds = 1, cached = false, failed = false, tokens = 1 }] of runs.entries()) {
    const usage = tokens === null ? null : { inputTokens: tokens, cachedInputTokens: 0, outputTokens: 2 };
    const lm = [{ finishReason: 'stop' as const, usage, key: 'k', model: 'm', cached, seconds }];
    const call = {
      predictor: 'p',
      inputs: { question: `of ${example}` },
      outputs: null,
      lm,
      path: [],
      start: 0,
      seconds,
    };
    const about = { candidate: null, purpose: 'dev' as const, example, round: 0 };
    const error = failed ? { error: { kind: 'program' as const, message: 'boom' } } : {};
    const outcome = { prediction: null, score, trace: [call], seconds, ...error };
    store.append({ step: 'p', ...about, state: 's', outcome });
    const event = { v: 1, seq: example, time: '', type: 'example', prefix: 'p', ...about, score, seconds, cached };
    details.add({ ...event, ...error } as LoggedEvent);
  }
  store.close();
  const index = new TraceIndex(folder);
  await index.refresh();
  const list = new TraceList({ folder, index, details, summaries: new TraceSummaries(folder) });
  const made = { by: 'made', descending: false } as const;
  return {
    ...{ list, details },
    find: (filter: ListedTraces, sort: TraceSort = made) => list.find(filter, sort, { threshold: 1, version: 1 }),
  };
}

describe('the list of traces', () => {
  it('is restricted to what came out so', async () => {
    const { find } = await listOf([{ score: 1 }, { score: 0.3 }, { score: 0 }, { score: 0, failed: true }]);
    expect(await find({})).toEqual([0, 1, 2, 3]);
    for (const [place, outcome] of (['right', 'partly', 'wrong', 'failed'] as const).entries())
      expect(await find({ outcome })).toEqual([place]);
    expect(await find({ outcome: 'right', example: 1 })).toEqual([]);
    expect(await find({ text: ' OF 2 ' })).toEqual([2]);
    expect(await find({ text: '  ' })).toEqual([0, 1, 2, 3]);
  });

  it('has as slow the slowest twentieth of the runs that were really made', async () => {
    const runs = Array.from({ length: 40 }, (_, i) => ({ score: 1, seconds: i, cached: i > 30 }));
    const { find } = await listOf(runs);
    expect(await find({ outcome: 'slow' })).toEqual([29, 30]);
  });

  it.each([{ outcome: 'slow' }, { outcome: 'right' }] as const)(
    'looks up once what became of a run: %j',
    async (filter) => {
      const { find, details } = await listOf(
        Array.from({ length: 100 }, (_, i) => ({ score: 1, seconds: (i * 37) % 100 })),
      );
      const lookedUp = vi.spyOn(details, 'outcome');
      await find(filter);
      expect(lookedUp).toHaveBeenCalledTimes(100);
      await find(filter);
      expect(lookedUp).toHaveBeenCalledTimes(100);
    },
  );

  it('is sorted by score, time and tokens, what is not known last', async () => {
    const { find } = await listOf([
      { score: 0.5, seconds: 3, tokens: 7 },
      { score: 1, seconds: 1, tokens: null },
      { score: 0, seconds: 2, tokens: 9 },
      { score: 0, seconds: 9, tokens: 8, cached: true },
    ]);
    expect(await find({}, { by: 'made', descending: true })).toEqual([3, 2, 1, 0]);
    expect(await find({}, { by: 'score', descending: false })).toEqual([2, 3, 0, 1]);
    expect(await find({}, { by: 'seconds', descending: true })).toEqual([0, 2, 1, 3]);
    expect(await find({}, { by: 'tokens', descending: true })).toEqual([2, 3, 0, 1]);
    expect(await find({}, { by: 'tokens', descending: false })).toEqual([0, 3, 2, 1]);
  });

  it('has the input and the tokens of each', async () => {
    const { list } = await listOf([
      { score: 1, tokens: 5 },
      { score: 1, tokens: null },
    ]);
    expect(list.row(0)).toMatchObject({ trace: 0, input: 'of 0', tokens: 7, score: 1 });
    expect(list.row(1)).toMatchObject({ input: 'of 1', tokens: null });
  });
});
