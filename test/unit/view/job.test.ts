import { expect, it } from 'vitest';
import { foldJob } from '../../../src/view/job.ts';
import type { JobView } from '../../../src/view/job.ts';

const logged = { seq: 1, v: 1, time: '2026-01-01T00:00:00.000Z' } as const;

it('what is known of a job is not of the next one of its step', () => {
  const first = foldJob(null, { ...logged, type: 'job.intended', prefix: 'grpo', hash: 'a', parent: 'base', rows: 12 });
  const known: JobView = { ...first, step: 3, loss: 0.5, metrics: { kl: 0.1 } };
  const finished = {
    ...logged,
    type: 'job.finished',
    prefix: 'grpo',
    hash: 'a',
    job: '1',
    model: 'm',
    cached: false,
    seconds: 2,
  } as const;
  expect(foldJob(known, finished)).toMatchObject({ rows: 12, loss: 0.5, model: 'm', status: 'succeeded' });
  // Adopted by a run that goes on: it was intended by the one before.
  const next = foldJob(foldJob(known, finished), {
    ...logged,
    ...{ type: 'job.submitted', prefix: 'grpo', hash: 'b', job: '2', adopted: true },
  });
  expect(next).toMatchObject({ hash: 'b', id: '2', status: 'running', model: null, loss: null, rows: 0, metrics: {} });
});
