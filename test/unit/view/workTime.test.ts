import { expect, it } from 'vitest';
import type { LoggedEvent } from '../../../src/protocol.ts';
import { activityOf, secondsLeft } from '../../../src/view/activity.ts';
import { foldEvents } from '../../../src/view/fold.ts';
import { secondsWorked } from '../../../src/view/workTime.ts';
import { started } from '../run/samples.ts';

const at = (seconds: number): string => new Date(Date.UTC(2026, 0, 1) + 1000 * seconds).toISOString();
let seq = 0;
const stamp = (seconds: number) => ({ v: 1 as const, seq: seq++, time: at(seconds) });
const begin = (seconds: number): LoggedEvent => ({ ...stamp(seconds), ...started });
const warn = (seconds: number): LoggedEvent => ({ ...stamp(seconds), type: 'warning', message: 'w' });
const stop = (seconds: number): LoggedEvent => {
  return { ...stamp(seconds), type: 'run.stopped', reason: 'cancelled', message: '' };
};
const row = (seconds: number, example: number): LoggedEvent => ({
  ...stamp(seconds),
  ...{ type: 'example', prefix: '', candidate: null, purpose: 'dev', example, round: 0 },
  ...{ score: 1, cached: false, seconds: 1 },
});

function worked(...events: LoggedEvent[]): number {
  const view = foldEvents(events);
  return secondsWorked(view.worked, view.updated);
}

it('counts what was worked on, and not the night between', () => {
  expect(worked(begin(0), stop(60))).toBe(60);
  expect(worked(begin(0), stop(60), begin(50_000), warn(50_010))).toBe(70);
  // Killed: its last event is the end of the session.
  expect(worked(begin(0), warn(5), begin(50_000), stop(50_001), begin(90_000), warn(90_002))).toBe(8);
  // Something may be said before the run is begun again.
  expect(worked(begin(0), stop(60), warn(50_000), begin(50_001), warn(50_003))).toBe(62);
  expect(worked()).toBe(0);
});

it('is never less than nothing where the clock was put back', () => {
  expect(worked(begin(100), warn(40))).toBe(0);
});

it('knows since when work goes on, and so what is left of it', () => {
  const view = foldEvents([begin(0), row(10, 0), row(14, 1), row(20, 2)]);
  const activity = activityOf(view.steps[0]!, { train: 1, dev: 12, test: null })!;
  expect(activity).toMatchObject({ done: 3, of: 12, since: at(10) });
  expect(secondsLeft(10, activity.done, activity.of)).toBe(30);
  for (const [seconds, done, of] of [
    [10, 3, null],
    [10, 1, 12],
    [0.5, 3, 12],
    [10, 12, 12],
  ] as const) {
    expect(secondsLeft(seconds, done, of)).toBeNull();
  }
});
