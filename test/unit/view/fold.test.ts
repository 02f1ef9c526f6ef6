import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/protocol.ts';
import { foldEvent, foldEvents } from '../../../src/view/fold.ts';
import { emptyView } from '../../../src/view/runView.ts';
import { example, logged, result, scoreOf, started, usage, wholeRun } from '../run/samples.ts';

const events = logged(wholeRun);
const upTo = (type: string, prefix?: string) =>
  foldEvents(
    events.slice(
      0,
      1 +
        events.findIndex((event) => event.type === type && (!prefix || ('prefix' in event && event.prefix === prefix))),
    ),
  );

describe('foldEvents', () => {
  it('plans every step as soon as the strategy is known', () => {
    const view = upTo('run.started');
    expect(view.steps.map(({ prefix, step, status }) => [prefix, step?.kind ?? null, status])).toEqual([
      ['', null, 'running'],
      ['p', 'p', 'waiting'],
      ['p -> w', 'w', 'waiting'],
    ]);
    expect(view.end).toBe('open');
  });

  it('adds a whole run up', () => {
    const view = foldEvents(events);
    const [baseline, p, w] = view.steps;
    expect(view).toMatchObject({ end: 'finished', result, began: events[0]!.time, updated: events.at(-1)!.time });
    expect(baseline).toMatchObject({ status: 'done', evaluations: { dev: { score: scoreOf(50) } } });
    expect(p).toMatchObject({ status: 'done', chosen: 0, state: 'h1', seconds: 3, usage });
    expect(p?.candidates.map(({ candidate, status, score }) => [candidate, status, score?.score])).toEqual([
      [0, 'done', 55],
      [1, 'stoppedEarly', undefined],
    ]);
    expect(w).toMatchObject({
      collected: { tried: 148, correct: 100, rows: 100 },
      job: { id: 'j-1', status: 'succeeded', model: 'base-ft-1', step: 5, steps: 75, loss: 0.5, rows: 100 },
    });
  });

  it('counts what is being run just now, and forgets it with the next thing', () => {
    const counting = foldEvents(logged([started, example('', 'dev', null, 0, 1), example('', 'dev', null, 1, 0)]));
    expect(counting.steps[0]).toMatchObject({
      atWork: 'dev',
      work: { dev: { done: 2, sum: 1, cached: 1, failed: 0 } },
    });
    const error = { kind: 'parse', message: 'm' } as const;
    const failed = { ...logged([example('', 'dev', null, 2, 0)])[0]!, error } as (typeof events)[number];
    expect(foldEvent(counting, failed).steps[0]?.work.dev).toMatchObject({ done: 3, failed: 1 });
    expect(upTo('evaluated').steps[0]).toMatchObject({ atWork: null, work: {} });
  });

  it('lets a resumed run tell a step again without counting it twice', () => {
    const stopped = logged([...wholeRun.slice(0, 8), { type: 'run.stopped', reason: 'budget', message: 'spent' }]);
    const before = foldEvents(stopped);
    expect(before).toMatchObject({ end: 'stopped', stopped: { reason: 'budget' } });
    const resumed = foldEvents(logged([{ ...started, resumed: true } as typeof started, ...wholeRun.slice(4)]), before);
    expect(resumed).toMatchObject({ end: 'finished', stopped: null });
    // The baseline was not told again and stays.
    expect(resumed.steps[0]?.evaluations.dev?.score).toEqual(scoreOf(50));
    expect(resumed.steps[1]?.candidates).toHaveLength(2);
    expect(resumed.steps.map(({ prefix }) => prefix)).toEqual(['', 'p', 'p -> w']);
  });

  it('adds what a step took in a later session to what it took before', () => {
    const told = events.slice(1, 12);
    const view = foldEvents([
      events[0]!,
      ...told,
      { ...events[0]!, resumed: true } as (typeof events)[number],
      ...told,
    ]);
    const twice = { calls: 8, cached: 2, inputTokens: 200, outputTokens: 20, usd: 0 };
    const [baseline, p] = view.steps;
    expect(baseline?.evaluations.dev).toMatchObject({ score: scoreOf(50), usage: twice, seconds: 2 });
    expect(p).toMatchObject({ usage: twice, seconds: 6, evaluations: { dev: { usage: twice } } });
  });

  it('keeps of the rows that failed in an evaluation the first, and none that a candidate failed on', () => {
    const error = { kind: 'metric', message: 'm' } as const;
    const failed = (number: number, candidate: number | null) =>
      ({ ...example('p', 'dev', candidate, number, 0), error }) as (typeof wholeRun)[number];
    const view = foldEvents(logged([started, failed(7, null), failed(3, null), failed(5, null), failed(1, 0)]));
    expect(view.steps[1]?.failing).toEqual({ dev: { example: 3, error } });
  });

  it('keeps why a step was skipped, and a warning once', () => {
    const view = foldEvents(
      logged([
        started,
        { type: 'step.skipped', prefix: 'p -> w', kind: 'w', reason: 'no trace was correct' },
        { type: 'warning', message: 'w' },
        { type: 'warning', message: 'w' },
      ]),
    );
    expect(view.steps[2]).toMatchObject({ status: 'skipped', reason: 'no trace was correct' });
    expect(view.warnings).toEqual(['w']);
  });

  it("keeps a failed job with the service's words", () => {
    const view = foldEvents(
      logged([
        started,
        { type: 'job.intended', prefix: 'p -> w', hash: 'h', parent: 'base', rows: 3 },
        { type: 'job.failed', prefix: 'p -> w', hash: 'h', job: 'j', error: 'out of memory' },
      ]),
    );
    expect(view.steps[2]?.job).toMatchObject({ status: 'failed', message: 'out of memory', rows: 3 });
  });

  it('keeps what a job measured last beside its loss, until another one begins', () => {
    const told = { type: 'job.progress', prefix: 'p -> w', job: 'j', message: 'm' } as const;
    const intended = { type: 'job.intended', prefix: 'p -> w', hash: 'h', parent: 'base', rows: 3 } as const;
    const view = (...more: readonly RunEvent[]) => foldEvents(logged([started, intended, ...more])).steps[2]?.job;
    const measured = { ...told, step: 1, loss: 0.5, metrics: { margin: 0.25, accuracy: 1 } };
    expect(view(told)).toMatchObject({ loss: null, metrics: {} });
    expect(view(measured, told)).toMatchObject({ loss: 0.5, metrics: { margin: 0.25, accuracy: 1 } });
    expect(view(measured, { ...intended, hash: 'other' })).toMatchObject({ loss: null, metrics: {} });
  });

  it('changes no view it was given', () => {
    const before = foldEvents(events.slice(0, 3));
    const copy = structuredClone(before);
    foldEvents(events.slice(3), before);
    expect(before).toEqual(copy);
    expect(emptyView.steps).toEqual([]);
  });
});
