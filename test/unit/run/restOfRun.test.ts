/** What a run that its cap stopped still needs, by what it has seen done. */
import { describe, expect, it } from 'vitest';
import { BudgetExhausted } from '../../../src/engine/errors.ts';
import type { TraceRecord } from '../../../src/engine/interfaces.ts';
import { optimizers } from '../../../src/engine/optimizers/all.ts';
import { parseStrategy } from '../../../src/data/strategy.ts';
import type { RunEvent } from '../../../src/protocol.ts';
import { RestOfRun } from '../../../src/run/work/restOfRun.ts';
import { FakeJournal } from '../engine/fakes.ts';
import { settingsOf } from '../engine/settingsOf.ts';

const rows = 20;
const sizes = { train: rows, dev: 10, test: 0 };
/** A call costs nothing and a token that is trained on a dollar, so that dollars are those of jobs. */
const prices = { call: () => 0, training: (tokens: number) => tokens };

/** A run with one call of 90 tokens in and 10 out, which ended well. */
const traced = {
  purpose: 'dev',
  outcome: {
    ...{ score: 1, outputs: {}, error: null },
    trace: [
      {
        ...{ predictor: 'a', inputs: {}, outputs: {}, path: [], start: 0, seconds: 0 },
        lm: [
          {
            ...{ key: 'k', model: 'base', finishReason: 'stop', cached: false, seconds: 0.1 },
            usage: { inputTokens: 90, cachedInputTokens: 0, outputTokens: 10 },
          },
        ],
      },
    ],
  },
} as unknown as TraceRecord;

function rest(kind: 'w' | 'grpo', seen: readonly RunEvent[]) {
  const settings =
    kind === 'w'
      ? settingsOf('w', { w: { epochs: 1 } })
      : { ...settingsOf('w'), strategy: parseStrategy('grpo', optimizers.names).map(policyStep) };
  const looking = new RestOfRun({ settings, sizes, predictors: 1, pricesOf: () => prices });
  const journal = looking.watch(new FakeJournal());
  journal.trace(traced);
  for (const event of seen) journal.append(event);
  const { message } = looking.tell(new BudgetExhausted('Over.', 'tokens')) as Error;
  const [, calls, tokens, usd] = /The rest needs about ([\d,]+) calls, ([\d,]+) tokens, \$([\d.,]+) more\./.exec(
    message,
  )!;
  return [calls, tokens, usd].map((text) => Number(text!.replaceAll(',', '')));
}

function policyStep(name: string) {
  const grpo = optimizers.get('grpo');
  const written = { updates: 4, examplesPerUpdate: 2, rollouts: 2, evaluateEvery: 4 };
  return grpo.step(name, grpo.resolve(written, { embedded: true }), { rows, modelsPerJob: 1 });
}

/** So many program runs of a step, of its own work or of scoring. */
const done = (prefix: string, purpose: 'dev' | 'collect' | 'rollout', count: number): RunEvent[] =>
  Array.from({ length: count }, (_, i) => ({
    ...{ type: 'example', prefix, purpose, candidate: null, example: i, round: 0, score: 1, seconds: 0.1 },
    ...{ calls: 1, cachedCalls: 0, done: i + 1, of: count, failed: false },
  })) as unknown as RunEvent[];
const jobDone = (prefix: string) => ({ type: 'job.finished', prefix }) as unknown as RunEvent;

describe('what the rest needs', () => {
  const [calls, tokens] = [2 * sizes.dev + rows, 100];

  it('is all of it at first, and a job at a token for every byte of it', () => {
    const [all, needed] = rest('w', []);
    expect(all).toBe(calls);
    // 20 rows of 100 tokens are trained on; the calls after the job are made when it is paid.
    const untilJob = (sizes.dev + rows) * tokens + 5 * rows * tokens;
    expect(needed).toBe(untilJob);
  });

  it('is less by what was done, and has no job any more once that has ended', () => {
    const seen = [...done('', 'dev', sizes.dev), ...done('w', 'collect', rows)];
    expect(rest('w', seen).slice(0, 2)).toEqual([sizes.dev, 5 * rows * tokens]);
    expect(rest('w', [...seen, jobDone('w')])).toEqual([sizes.dev, sizes.dev * tokens, 0]);
  });

  it('is a share of the jobs of a policy, which lie between its calls', () => {
    const [, , whole] = rest('grpo', []);
    const [, , half] = rest('grpo', [...done('grpo', 'rollout', 8), jobDone('grpo')]);
    expect(half).toBeGreaterThan(0);
    expect(half!).toBeLessThan(whole!);
  });
});
