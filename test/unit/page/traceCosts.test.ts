import { expect, it, vi } from 'vitest';
import { listedTraceBytesAtMost } from '../../../src/base/limits.ts';
import { RunDetails } from '../../../src/page/runDetails.ts';
import { traceCosts } from '../../../src/page/traceCosts.ts';
import { TraceIndex } from '../../../src/page/traceIndex.ts';
import type { LoggedEvent } from '../../../src/protocol.ts';
import { readTrace, TraceStore } from '../../../src/run/record/traceStore.ts';
import { temporaryFolder } from '../run/folder.ts';

vi.mock(import('../../../src/run/record/traceStore.ts'), { spy: true });

interface Asked {
  readonly predictor: string;
  readonly seconds: number;
  readonly cached?: boolean;
  readonly tokens?: number | null;
}

interface Made {
  readonly calls: readonly Asked[];
  /** Of the row, as its event says: the memo answered the program run as a whole. */
  readonly recalled?: boolean;
  /** By default, its place. */
  readonly example?: number;
  readonly prediction?: string;
}

async function costsOf(runs: readonly Made[]) {
  const folder = temporaryFolder();
  const traces = new TraceStore(folder);
  const details = new RunDetails();
  for (const [place, { calls, recalled = false, example = place, prediction = '' }] of runs.entries()) {
    const trace = calls.map(({ predictor, seconds, cached = false, tokens = 10 }) => {
      const usage = tokens === null ? null : { inputTokens: tokens, cachedInputTokens: 0, outputTokens: 1 };
      const lm = [{ finishReason: 'stop' as const, usage, key: 'k', model: 'm', cached, seconds }];
      return { predictor, inputs: {}, outputs: {}, lm, path: [], start: 0, seconds };
    });
    const about = { candidate: null, purpose: 'dev' as const, example, round: 0 };
    const outcome = { prediction: { text: prediction }, score: 1, trace, seconds: 1 };
    traces.append({ step: 'p', ...about, state: 's', outcome });
    const event = { v: 1, seq: place, time: '', type: 'example', prefix: 'p', ...about, score: 1, seconds: 1 };
    details.add({ ...event, cached: recalled } as LoggedEvent);
  }
  traces.close();
  const index = new TraceIndex(folder);
  await index.refresh();
  return traceCosts({ folder, index, details });
}

it('sums the calls of each predictor, with the mean and the 95th percentile of those that were paid', async () => {
  const slow = Array.from({ length: 20 }, (_, i) => ({ calls: [{ predictor: 'a', seconds: i + 1 }] }));
  const counts = { step: 'p', inputTokens: 200, outputTokens: 20 };
  const costs = await costsOf([
    ...slow,
    { calls: [{ predictor: 'a', seconds: 500, cached: true }] },
    { calls: [{ predictor: 'b', seconds: 1, tokens: null }] },
  ]);
  expect(costs).toEqual({
    runs: 22,
    of: 22,
    predictors: [
      { ...counts, predictor: 'a', calls: 20, cached: 1, mean: 10.5, most: 19 },
      {
        ...{ step: 'p', predictor: 'b', calls: 1, cached: 0 },
        inputTokens: null,
        outputTokens: null,
        mean: 1,
        most: 1,
      },
    ],
  });
});

it('counts nothing as paid of a program run that was recalled as a whole: its record says what it cost another run', async () => {
  const paid = [{ predictor: 'a', seconds: 2 }];
  const { predictors } = await costsOf([{ calls: paid }, { calls: paid, recalled: true }]);
  expect(predictors).toMatchObject([{ calls: 1, cached: 1, inputTokens: 10, outputTokens: 1, mean: 2, most: 2 }]);
});

it('counts a program run once that a run which went on recorded again: it was paid here, before the stop', async () => {
  const run = { calls: [{ predictor: 'a', seconds: 2 }], example: 0 };
  const costs = await costsOf([run, { ...run, recalled: true }]);
  expect(costs).toMatchObject({ runs: 1, of: 1, predictors: [{ calls: 1, cached: 0, inputTokens: 10 }] });
});

it('passes over records that are very long, and says of how many it is', async () => {
  const calls = [{ predictor: 'a', seconds: 1 }];
  const costs = await costsOf([{ calls }, { calls, prediction: 'x'.repeat(listedTraceBytesAtMost) }]);
  expect(costs).toMatchObject({ runs: 1, of: 2, predictors: [{ calls: 1 }] });
});

it('looks into some of very many, and says of how many', async () => {
  const many = Array.from({ length: 20_001 }, () => ({ calls: [{ predictor: 'a', seconds: 1 }] }));
  expect(await costsOf(many)).toMatchObject({ runs: 10_001, of: 20_001, predictors: [{ calls: 10_001 }] });
  // In one pass: a read of its own for each would keep everything else waiting.
  expect(readTrace).not.toHaveBeenCalled();
});
