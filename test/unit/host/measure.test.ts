/** What a TypeScript metric is asked, and what becomes of its answers. */
import { describe, expect, it } from 'vitest';
import type { TraceCall } from '../../../src/data/trace.ts';
import { measure, takesPredictor } from '../../../src/host/node/measure.ts';
import type { UserMetric } from '../../../src/host/node/program.ts';
import { knownTypes } from '../../../src/host/node/rowValues.ts';
import { RunContext } from '../../../src/host/node/runContext.ts';

const call = (predictor: string, start: number, more: Partial<TraceCall> = {}): TraceCall => ({
  ...{ predictor, inputs: { question: `of ${start}` }, outputs: { answer: `to ${start}` } },
  ...{ lm: [], path: [], start, seconds: 0 },
  ...more,
});
const calls = [call('answer', 2), call('hint', 0), call('hint', 1)];

interface How {
  readonly feedbackFor?: string;
  readonly collecting?: true;
  readonly trace?: readonly TraceCall[];
}

function measured(metric: UserMetric, { feedbackFor, collecting, trace = calls }: How = {}) {
  const context = new RunContext({
    ...{ run: 1, format: 'chat', guided: 'off', state: { predictors: {} }, names: new Map() },
    complete: () => Promise.reject(new Error('No LM is asked here.')),
  });
  for (const each of trace) context.program.record(each);
  const root = { name: 'P', exported: 'object' as const, root: {}, run: () => null };
  const loaded = { program: root, metric, types: knownTypes([]), metricSpec: 'm.ts#metric', workspace: '/w' };
  const fields = { question: 'q', answer: 'a' };
  const params = { run: 1, state: 's', example: 2, inputs: fields, fields, collecting: collecting ?? false };
  const asked = feedbackFor === undefined ? params : { ...params, feedbackFor };
  return measure({ ...loaded, metricRange: [0, 1] }, context, asked, { answer: 'a' });
}

/** Says what it was asked, in short. */
const reviews: UserMetric = (example, prediction, trace, predictor, given) => {
  const about = given?.map(({ inputs, outputs }) => [inputs['question'], outputs?.['answer']].join(' '));
  const feedback = JSON.stringify([trace?.map((each) => each.predictor), predictor, about]);
  return { score: example['answer'] === prediction['answer'], feedback };
};
const plain = '[null,null,null]';

describe('measure', () => {
  it('asks once, with the trace where one is collected', async () => {
    expect(await measured(reviews)).toEqual({ score: 1, feedback: plain });
    const feedback = '[["hint","hint","answer"],null,null]';
    expect(await measured(reviews, { collecting: true })).toEqual({ score: 1, feedback });
  });

  it('asks for feedback about a predictor with its name, the trace and its first call', async () => {
    const feedback = '[["hint","hint","answer"],"hint",["of 0 to 0"]]';
    expect(await measured(reviews, { feedbackFor: 'hint' })).toEqual({ score: 1, feedback });
  });

  it('leaves feedback as it is about a predictor that was not called', async () => {
    expect(await measured(reviews, { feedbackFor: 'other' })).toEqual({ score: 1, feedback: plain });
  });

  it('tells of the first call that failed, and then what the metric says of the whole', async () => {
    const failed = [calls[0]!, calls[1]!, call('hint', 3, { outputs: null, error: 'No field.' })];
    const feedback = `A call of hint failed: No field.\n${plain}`;
    expect(await measured(reviews, { feedbackFor: 'hint', trace: failed })).toEqual({ score: 1, feedback });
  });

  it('asks a metric with fewer parameters as ever', async () => {
    const asked: number[] = [];
    const metric: UserMetric = (...given: readonly unknown[]) => {
      asked.push(given.length);
      return 0.5;
    };
    expect(await measured(metric, { feedbackFor: 'hint' })).toEqual({ score: 0.5 });
    expect(asked).toEqual([2]);
  });

  it('keeps the score of the whole, and tells the other', async () => {
    const metric: UserMetric = async (_e, _p, _t, predictor) =>
      predictor === undefined ? 1 : { score: 0.25, feedback: 'a quarter' };
    const told = { score: 1, feedback: 'a quarter', aboutPredictor: { score: 0.25 } };
    expect(await measured(metric, { feedbackFor: 'hint' })).toEqual(told);
  });

  it('keeps feedback of the whole where there is none about the predictor', async () => {
    const metric: UserMetric = (_e, _p, _t, predictor) =>
      predictor === undefined ? { score: 1, feedback: 'of the whole' } : 1;
    expect(await measured(metric, { feedbackFor: 'hint' })).toEqual({ score: 1, feedback: 'of the whole' });
  });

  it.each([
    ['throws', () => Promise.reject(new TypeError('no such predictor')), 'TypeError: no such predictor'],
    ['gives no score', () => 'good', 'The metric m.ts#metric returned the text "good" for row 3'],
  ])('keeps the score where the metric %s about the predictor, and tells why', async (_what, about, message) => {
    const metric: UserMetric = (_e, _p, _t, predictor) =>
      predictor === undefined ? { score: 1, feedback: 'of the whole' } : about();
    const { aboutPredictor, feedback, ...rest } = await measured(metric, { feedbackFor: 'hint' });
    expect(rest).toEqual({ score: 1 });
    expect(aboutPredictor).toEqual({ error: expect.objectContaining({ kind: 'metric' }) as unknown });
    expect(feedback).toContain(`Asked about hint, the metric failed: ${message}`);
    expect(feedback).toMatch(/\nof the whole$/);
  });

  it('gives the metric rows and predictions of its own each time', async () => {
    const seen: unknown[] = [];
    const metric: UserMetric = (example, prediction, _t, predictor) => {
      seen.push([{ ...example }, { ...prediction }], predictor);
      Object.assign(example, { answer: 'changed' });
      Object.assign(prediction, { answer: 'changed' });
      return 1;
    };
    await measured(metric, { feedbackFor: 'hint' });
    const row = [{ question: 'q', answer: 'a' }, { answer: 'a' }];
    expect(seen).toEqual([row, undefined, row, 'hint']);
  });
});

describe('takesPredictor', () => {
  it.each<[string, UserMetric, boolean]>([
    ['with the fourth parameter', (a, b, c, d) => [a, b, c, d], true],
    ['with the fifth', (a, b, c, d, e) => [a, b, c, d, e], true],
    ['with a default value behind them', (a, b, c, d, e = []) => [a, b, c, d, e], true],
    ['with three', (a, b, c) => [a, b, c], false],
    ['with a default value before them', (a, b, c = [], d = '', e = []) => [a, b, c, d, e], false],
    ['with any number', (...all: readonly unknown[]) => all, false],
  ])('a metric %s', (_what, metric, takes) => {
    expect(takesPredictor(metric)).toBe(takes);
  });
});
