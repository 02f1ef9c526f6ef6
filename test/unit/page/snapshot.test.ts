import { describe, expect, it } from 'vitest';
import { RunDetails } from '../../../src/page/runDetails.ts';
import { snapshotOf } from '../../../src/page/snapshot.ts';
import type { Manifest } from '../../../src/run/record/manifest.ts';
import type { LoggedEvent, RunEvent, Score } from '../../../src/protocol.ts';
import { foldEvents } from '../../../src/view/fold.ts';
import { snapshotSchema } from '../../../src/viewProtocol/snapshot.ts';
import type { Snapshot } from '../../../src/viewProtocol/snapshot.ts';
import { sampleManifest } from '../../fakes/sampleManifest.ts';

const usage = { calls: 1, cached: 0, inputTokens: 10, outputTokens: 2, usd: 0.5 };
const score = (value: number): Score => ({ score: value, low: value - 5, high: value + 5, n: 10, failed: 0 });
const prefix = 'w';

const started: RunEvent = {
  type: 'run.started',
  run: 'r',
  program: 'rivers',
  strategy: 'p -> w',
  steps: [
    { name: 'p', kind: 'p', title: 'prompt search', changes: 'prompts' },
    { name: 'w', kind: 'w', title: 'fine-tuning', changes: 'weights' },
  ],
  seed: 0,
  endpoint: 'lab',
  model: 'm',
  splits: { train: 30, dev: 10, test: null },
  predictors: ['answer'],
  resumed: false,
};

function fold(
  events: readonly RunEvent[],
  status: Snapshot['status'] = 'running',
  asked: Partial<Manifest['asked']> = {},
): Snapshot {
  const logged = events.map((event, seq): LoggedEvent => ({
    v: 1,
    seq,
    time: new Date(Date.UTC(2026, 0, 1, 0, 0, seq)).toISOString(),
    ...event,
  }));
  const details = new RunDetails();
  for (const event of logged) details.add(event);
  const view = foldEvents(logged);
  const manifest = sampleManifest('/ws', 'r');
  return snapshotOf({
    run: 'r',
    manifest: { ...manifest, asked: { ...manifest.asked, ...asked } },
    view,
    details,
    status,
    complete: true,
    version: 1,
    label: { name: 'first try' },
    acts: ['compare'],
    problem: null,
  });
}

function candidate(place: number, source: 'zeroShot' | 'bootstrap' = 'bootstrap'): RunEvent {
  const counts = { demos: 2, attempts: 5, correct: 3, speculative: 1 };
  return {
    type: 'candidate.started',
    prefix: 'p',
    candidate: place,
    state: `s${place}`,
    about: { source, seed: place - 3, ...counts },
  };
}

function example(place: number, value: number, of: number | null = 0): RunEvent {
  const purpose = of === null ? 'dev' : 'validate';
  const at = of === null ? '' : 'p';
  return {
    type: 'example',
    prefix: at,
    candidate: of,
    purpose,
    example: place,
    round: 0,
    score: value,
    cached: false,
    seconds: 1,
  };
}

describe('the picture of a run', () => {
  const atWork: readonly RunEvent[] = [
    started,
    { type: 'step.started', prefix: 'p', kind: 'p', index: 0, examples: 10 },
    candidate(0),
    { type: 'step.started', prefix: 'p -> w', kind: 'w', index: 1, examples: 10 },
    { type: 'job.intended', prefix: 'p -> w', hash: 'h', parent: 'm', rows: 4 },
    { type: 'job.submitted', prefix: 'p -> w', hash: 'h', job: 'j', adopted: false },
  ];
  const statuses = (status: Snapshot['status']) => {
    const { steps } = snapshotSchema.parse(fold(atWork, status));
    const [, p, w] = steps;
    return [...steps.map((step) => step.status), p!.candidates[0]!.status, w!.job!.status];
  };

  it('says of no step, candidate or job that it is running once the run is not', () => {
    expect(statuses('running')).toEqual(['running', 'running', 'running', 'running', 'running']);
    for (const status of ['stopped', 'crashed'] as const) {
      expect(statuses(status)).toEqual(['stopped', 'stopped', 'stopped', 'stopped', 'stopped']);
    }
  });

  it('names the state that a run began with', () => {
    expect(fold([started]).asked.from).toBeNull();
    expect(fold([{ ...started, from: '/home/ann/p.json' }]).asked.from).toBe('p.json');
    expect(fold([{ ...started, from: 'Run 20260101-000000-qa-0001' }]).asked.from).toBe('run 20260101-000000-qa-0001');
  });

  it('has every step of the strategy from the first event on', () => {
    const { steps, asked, splits, best } = fold([started]);
    expect(steps.map((step) => [step.prefix, step.step?.kind ?? null, step.status])).toEqual([
      ['', null, 'running'],
      ['p', 'p', 'waiting'],
      ['p -> w', 'w', 'waiting'],
    ]);
    expect(asked).toMatchObject({ program: 'rivers', metric: 'exactMatch:answer', threshold: 1, budget: { usd: 5 } });
    expect(splits).toEqual({ train: 30, dev: 10, test: null });
    expect(best).toBeNull();
  });

  it('counts the rows of the baseline while they are scored', () => {
    expect(fold([started, example(0, 1, null), example(1, 0, null)]).steps[0]!.activity).toEqual({
      work: 'dev',
      done: 2,
      of: 10,
      sum: 1,
      cached: 0,
      failed: 0,
      since: '2026-01-01T00:00:01.000Z',
    });
  });

  it('counts the rows of checkpoints beside each other, and those of the step’s own score from none', () => {
    const at = { prefix: 'p -> w' };
    const tried = [0, 1, 2].flatMap((place): RunEvent[] => [
      { ...candidate(place), ...at, about: {} } as RunEvent,
      ...Array.from({ length: 10 }, (_, row) => ({ ...example(row, 1, null), ...at, candidate: place }) as RunEvent),
    ]);
    const begun: RunEvent[] = [started, { type: 'step.started', ...at, kind: 'w', index: 1, examples: 30 }];
    const step = (events: readonly RunEvent[]) => fold([...begun, ...events]).steps[2]!;
    expect(step(tried).activity).toMatchObject({ work: 'checkpoints', done: 30, of: 30 });
    expect(step(tried).candidates.map(({ scored }) => scored)).toEqual([10, 10, 10]);
    const own = { ...example(0, 1, null), ...at } as RunEvent;
    expect(step([...tried, own]).activity).toMatchObject({ work: 'dev', done: 1, of: 10 });
  });

  it('tells each candidate how far it is, and which was stopped early', () => {
    const { steps } = fold([
      started,
      { type: 'step.started', prefix: 'p', kind: 'p', index: 0, examples: 30 },
      candidate(0, 'zeroShot'),
      candidate(1),
      candidate(2),
      example(0, 1, 0),
      example(1, 1, 0),
      example(0, 0, 1),
      example(0, 0.5, 2),
      { type: 'candidate.finished', prefix: 'p', candidate: 0, score: { ...score(100), n: 2 }, scored: 2, of: 2 },
      { type: 'candidate.finished', prefix: 'p', candidate: 1, score: null, scored: 1, of: 2 },
    ]);
    const row = steps[1]!;
    expect(row.search.validation).toBe(2);
    expect(row.candidates.map(({ status, scored, sum, state }) => [status, scored, sum, state])).toEqual([
      ['done', 2, 2, 's0'],
      ['stoppedEarly', 1, 0, 's1'],
      ['running', 1, 0.5, 's2'],
    ]);
  });

  it('draws the loss of a job step by step, and begins anew where a job that was adopted tells again', () => {
    const progress = (step: number, loss: number): RunEvent => ({
      type: 'job.progress',
      prefix,
      job: 'j',
      message: `step ${step}`,
      step,
      steps: 4,
      loss,
    });
    const events: RunEvent[] = [
      started,
      { type: 'job.intended', prefix, hash: 'h', parent: 'm', rows: 3 },
      { type: 'job.submitted', prefix, hash: 'h', job: 'j', adopted: false },
      progress(1, 3),
      progress(2, 2),
      { type: 'job.submitted', prefix, hash: 'h', job: 'j', adopted: true },
      progress(1, 3),
      progress(2, 2.1),
      progress(3, 1),
      { type: 'job.finished', prefix, hash: 'h', job: 'j', model: 'm:t', cached: false, trainedTokens: 90, seconds: 7 },
    ];
    const { job } = fold(events).steps.find((step) => step.prefix === prefix)!;
    expect(job).toMatchObject({ status: 'succeeded', model: 'm:t', trainedTokens: 90, seconds: 7, rows: 3 });
    expect(job!.curve).toEqual([
      [1, 3],
      [2, 2.1],
      [3, 1],
    ]);
    expect(job!.events.map(({ message }) => message)).toEqual([
      '3 rows to train m on',
      'sent as job j',
      'step 1',
      'step 2',
      'found job j, sent earlier',
      'step 1',
      'step 2',
      'step 3',
      'm:t is served',
    ]);
  });

  it('thins out a curve that has more points than a screen has columns', () => {
    const steps = Array.from({ length: 10_001 }, (_, i): RunEvent => ({
      type: 'job.progress',
      prefix,
      job: 'j',
      message: '',
      step: i,
      loss: i,
    }));
    const { curve, events } = fold([started, ...steps]).steps.find((step) => step.prefix === prefix)!.job!;
    expect(curve.length).toBeLessThanOrEqual(2001);
    expect([curve[0], curve.at(-1)]).toEqual([
      [0, 0],
      [10_000, 10_000],
    ]);
    expect(events).toHaveLength(200);
  });

  it('names the best step so far, the earlier one of two that are alike', () => {
    const evaluated = (at: string, value: number): RunEvent => ({
      type: 'evaluated',
      prefix: at,
      split: 'dev',
      score: score(value),
      seconds: 1,
      usage,
    });
    expect(fold([started, evaluated('', 40), evaluated('p', 60), evaluated('p -> w', 60)]).best).toBe('p');
  });

  it('has the gain of each step row by row, also of a log that has the rows alone, and what follows from it', () => {
    const rows = (at: string, right: number): RunEvent[] =>
      Array.from({ length: 10 }, (_, place) => ({ ...example(place, place < right ? 1 : 0, null), prefix: at }));
    const evaluated = (at: string, value: number): RunEvent => ({
      ...{ type: 'evaluated', prefix: at, split: 'dev', score: score(value), seconds: 1, usage },
    });
    const log = [started, ...rows('', 2), evaluated('', 20), ...rows('p', 9), evaluated('p', 90)];
    const { steps, verdict } = fold(log);
    expect(steps[0]!.evaluations.dev!.gain).toBeUndefined();
    expect(steps[1]!.evaluations.dev!.gain).toMatchObject({ points: 70, n: 10 });
    expect(verdict).toMatchObject({ verdict: 'better', text: expect.stringContaining('10 dev rows') as string });
    const gain = { points: 1, low: -2, high: 4, n: 10 };
    const logged = fold([...log, { ...evaluated('p', 90), gain } as RunEvent]);
    expect(logged.steps[1]!.evaluations.dev!.gain).toEqual(gain);
    expect(logged.verdict!.verdict).toBe('unclear');
  });

  it('is what the page takes', () => {
    const events = [started, candidate(0), example(0, 1), { type: 'warning', message: 'w' } as const];
    const picture = fold(events);
    expect(snapshotSchema.parse(structuredClone(picture))).toEqual(picture);
  });
});

it('says from which score on a row is right as scores are said, whatever the range of the metric', () => {
  expect(fold([], 'running', { metricRange: [0, 10], threshold: 8 }).asked.threshold).toBe(0.8);
  expect(fold([], 'running', { threshold: 0.5 }).asked.threshold).toBe(0.5);
});
