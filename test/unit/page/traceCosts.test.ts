import { expect, it } from 'vitest';
import { traceCosts } from '../../../src/page/traceCosts.ts';
import { TraceStore } from '../../../src/run/record/traceStore.ts';
import { temporaryFolder } from '../run/folder.ts';

interface Asked {
  readonly predictor: string;
  readonly seconds: number;
  readonly cached?: boolean;
  readonly tokens?: number | null;
}

function store(folder: string, runs: readonly (readonly Asked[])[]): void {
  const traces = new TraceStore(folder);
  for (const [example, calls] of runs.entries()) {
    const trace = calls.map(({ predictor, seconds, cached = false, tokens = 10 }) => {
      const usage = tokens === null ? null : { inputTokens: tokens, cachedInputTokens: 0, outputTokens: 1 };
      const lm = [{ finishReason: 'stop' as const, usage, key: 'k', model: 'm', cached, seconds }];
      return { predictor, inputs: {}, outputs: {}, lm, path: [], start: 0, seconds };
    });
    const outcome = { prediction: {}, score: 1, trace, seconds: 1 };
    traces.append({ step: 'p', candidate: null, purpose: 'dev', example, round: 0, state: 's', outcome });
  }
  traces.close();
}

it('sums the calls of each predictor, with the mean and the 95th percentile of those that were paid', async () => {
  const folder = temporaryFolder();
  const slow = Array.from({ length: 20 }, (_, i) => [{ predictor: 'a', seconds: i + 1 }]);
  store(folder, [
    ...slow,
    [{ predictor: 'a', seconds: 500, cached: true }],
    [{ predictor: 'b', seconds: 1, tokens: null }],
  ]);
  const counts = { step: 'p', inputTokens: 200, outputTokens: 20 };
  expect(await traceCosts(folder, 22)).toEqual({
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

it('passes over records that are not there, or cannot be read', async () => {
  const folder = temporaryFolder();
  store(folder, [[{ predictor: 'a', seconds: 1 }]]);
  expect(await traceCosts(folder, 3)).toMatchObject({ runs: 1, of: 3 });
});

it('looks into some of very many, and says of how many', async () => {
  const folder = temporaryFolder();
  store(
    folder,
    Array.from({ length: 50 }, () => [{ predictor: 'a', seconds: 1 }]),
  );
  expect(await traceCosts(folder, 100_000)).toMatchObject({ runs: 10, of: 100_000, predictors: [{ calls: 10 }] });
});
