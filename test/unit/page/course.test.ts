import { expect, it } from 'vitest';
import { Course } from '../../../src/page/course.ts';
import type { LoggedEvent, RunEvent } from '../../../src/protocol.ts';
import { scoreOf, started } from '../run/samples.ts';

let seq = 0;
function at(seconds: number, event: RunEvent): LoggedEvent {
  return { v: 1, seq: seq++, time: new Date(Date.UTC(2026, 0, 1) + 1000 * seconds).toISOString(), ...event };
}

const spent = (calls: number, usd: number | null): RunEvent => ({
  type: 'usage',
  usage: { calls, cached: 0, inputTokens: 1, outputTokens: 1, usd },
});
const scored: RunEvent = {
  ...{ type: 'candidate.finished', prefix: 'p', candidate: 3, score: scoreOf(50), scored: 40, of: 40 },
};

it('knows after what each score came about, and keeps that when a resumed run logs it again', () => {
  const course = new Course();
  course.add(at(0, started));
  course.add(at(1, { type: 'step.started', prefix: 'p', kind: 'p', index: 0, examples: 1 }));
  course.add(at(2, spent(10, 0.5)));
  course.add(at(4, scored));
  course.add(at(1000, started));
  course.add(at(1002, scored));
  course.add(at(1003, spent(15, null)));
  const usage = { calls: 5, cached: 0, inputTokens: 1, outputTokens: 1, usd: null };
  course.add(at(1006, { type: 'evaluated', prefix: 'p', split: 'test', score: scoreOf(50), seconds: 1, usage }));
  expect(course.ofCandidate('p', 3)).toEqual({ calls: 10, usd: 0.5, seconds: 4 });
  expect(course.ofCandidate('p', 4)).toBeNull();
  expect(course.ofStep('p')).toEqual({
    began: { calls: 0, usd: 0, seconds: 1 },
    ended: null,
    dev: null,
    // The pause is no work.
    test: { calls: 15, usd: null, seconds: 10 },
  });
});
