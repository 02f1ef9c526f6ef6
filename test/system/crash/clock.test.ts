/** Clocks that jump, machines that sleep. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startFakeEndpoint, type FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { PythonRandom } from '../../../src/engine/pythonRandom.ts';
import { openMemo } from '../../../src/lm/memo.ts';
import { EndpointHealth, withRetries } from '../../../src/lm/retry.ts';
import { answerOf, essence, Project } from './session.ts';

vi.mock('../../../src/host/nodeHost.ts', () => import('./inProcessHost.ts'));

const day = 24 * 3600 * 1000;
let fake: FakeEndpoint;
let folder: string;

beforeEach(async () => {
  fake = await startFakeEndpoint({ answer: answerOf });
  folder = mkdtempSync(join(tmpdir(), 'bettertogether-clock-'));
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
  await fake.close();
});

describe('a clock that is set back', () => {
  it('in one process: the value put last is the value, then and for whoever opens the memo later', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const key = createHash('sha256').update('job').digest('hex');
    // A cache too small to hide what the disk says.
    const memo = await openMemo(folder, { cacheBytes: 1 });
    await memo.put(key, 'intended');
    vi.setSystemTime(Date.now() - day);
    await memo.put(key, 'submitted');
    expect(await memo.get(key)).toBe('submitted');
    await memo.close();
    const later = await openMemo(folder);
    expect(await later.get(key)).toBe('submitted');
    vi.setSystemTime(Date.now() - day);
    await later.put(key, 'done');
    await later.close();
    const last = await openMemo(folder);
    expect(await last.get(key)).toBe('done');
    await last.close();
  });

  it('all through a run and between its sessions: the same result, one job, no time below zero', async () => {
    const project = new Project(fake.baseURL);
    const other = new Project(fake.baseURL);
    const expected = essence(await other.sit(await other.begin()));
    other.dispose();
    fake.reset();
    vi.useFakeTimers({ toFake: ['Date'] });
    const random = new PythonRandom(7);
    const jumping = setInterval(() => vi.setSystemTime(Date.now() + random.randint(-day, day / 2)), 3);
    try {
      const run = await project.begin();
      await expect(project.sit(run, { caps: { calls: 40, tokens: null, usd: null } })).rejects.toThrow('budget');
      vi.setSystemTime(Date.now() - 365 * day);
      const result = await project.sit(run, { resumed: true });
      expect(essence(result)).toEqual(expected);
      expect(result.seconds).toBeGreaterThanOrEqual(0);
      // The fake counts the jobs of both workspaces: each trained once.
      expect(fake.counters.jobsCreated).toBe(2);
      // Five program runs were under way when the cap was met.
      expect(fake.counters.repeated).toBeLessThanOrEqual(5);
    } finally {
      clearInterval(jumping);
      project.dispose();
    }
  });
});

describe('a machine that slept', () => {
  it('wakes with its network down for a moment: calls are not given up for the hours it slept', async () => {
    let asleep = 0;
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + asleep);
    let attempts = 0;
    const attempt = () => {
      attempts++;
      // It falls asleep while the call waits for its second attempt.
      if (attempts === 1) setTimeout(() => (asleep = 8 * 3600 * 1000), 1);
      return attempts < 5 ? Promise.reject(new Error('no network')) : Promise.resolve('answer');
    };
    const context = {
      health: new EndpointHealth(),
      who: 'Endpoint "lab",',
      advice: 'Check it.',
      options: { firstSeconds: 0.02, longestSeconds: 0.02, patienceSeconds: 30 },
      classify: () => ({
        kind: 'retry' as const,
        what: 'no network',
        throttled: false,
        retryAfter: null,
        mayBePaid: false,
        unreachable: false,
      }),
    };
    expect(await withRetries(attempt, context, new AbortController().signal)).toBe('answer');
    expect(attempts).toBe(5);
  });
});
