import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { removeUnbegun } from '../../../src/run/record/createRun.ts';
import { earlierSessions } from '../../../src/run/reading/earlierSessions.ts';
import { runFiles } from '../../../src/run/record/runFolder.ts';
import type { RunEvent } from '../../../src/protocol.ts';
import { temporaryFolder } from './folder.ts';
import { example, started, usage } from './samples.ts';

const folder = temporaryFolder();

/** A run's folder whose log has each event at so many seconds after noon. */
function runWith(name: string, events: readonly (readonly [number, RunEvent])[]): string {
  const run = join(folder, name);
  mkdirSync(run);
  const lines = events.map(([second, event], seq) => {
    const time = new Date(Date.UTC(2026, 10, 23, 12, 0, second)).toISOString();
    return `${JSON.stringify({ v: 1, seq, time, ...event })}\n`;
  });
  writeFileSync(runFiles(run).events, lines.join(''));
  return run;
}

describe('earlier sessions of a run', () => {
  const spent = { calls: 7, tokens: 80, usd: 0.5 };
  const paid: RunEvent = { type: 'usage', usage: { ...usage, calls: 6 }, spent };

  it('last until their last event of any type, and take no time in between', async () => {
    const run = runWith('killed', [
      ...([[0, started] as const, [3, paid] as const, [5, example('', 'dev', null, 0, 1)] as const] as const),
      ...([[100, started] as const, [101, example('', 'dev', null, 1, 1)] as const] as const),
      [110, example('', 'dev', null, 2, 1)],
    ]);
    expect(await earlierSessions(run)).toEqual({ usage: { ...usage, calls: 6 }, spent, seconds: 5 + 10 });
  });

  it('are told without reading a program run', async () => {
    const run = runWith('large', [
      [0, started],
      [4, paid],
    ]);
    const file = runFiles(run).events;
    // No event of a run: whoever parses it fails.
    const broken = '{"v":1,"seq":2,"time":"2026-11-23T12:00:09.000Z","type":"example","score":';
    writeFileSync(file, `${broken}\n`, { flag: 'a' });
    expect((await earlierSessions(run)).seconds).toBe(9);
  });
});

describe('a run that failed before its first event', () => {
  it('leaves nothing behind; one that began stays, whatever its log holds', async () => {
    const unbegun = runWith('unbegun', []);
    const none = join(folder, 'no-log');
    mkdirSync(none);
    const begun = runWith('begun', [[0, started]]);
    writeFileSync(runFiles(begun).events, 'no event\n', { flag: 'a' });
    for (const place of [unbegun, none, begun]) await removeUnbegun({ id: 'x', folder: place });
    expect([unbegun, none, begun].map((place) => existsSync(place))).toEqual([false, false, true]);
  });
});
