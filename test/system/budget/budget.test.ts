/** Caps hold to the call, whatever is in flight and however often the run is killed; what they stop can go on. */
import { runFiles } from '../../../src/run/record/runFolder.ts';
import { readSpent } from '../../../src/run/record/spendLedger.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startFakeEndpoint, type FakeEndpoint } from '../../fakes/fakeEndpoint.ts';
import { installFailingFs, type FailingFs } from '../../fakes/failingFs.ts';
import type { BudgetCaps } from '../../../src/config/resolved.ts';
import { PythonRandom } from '../../../src/engine/pythonRandom.ts';
import type { LoggedEvent } from '../../../src/protocol.ts';
import { readStates } from '../../../src/run/record/stateFile.ts';
import { killedUnderCap, paidBy, type CapKind } from './caps.ts';
import { answerOf, essence, Project } from '../crash/session.ts';

vi.mock('../../../src/host/nodeHost.ts', () => import('../crash/inProcessHost.ts'));

const none: BudgetCaps = { calls: null, tokens: null, usd: null };
const prices = { '*': { input: 1000, output: 2000, training: 50 } };

let failing: FailingFs;
let fake: FakeEndpoint;
let open: Project[];

beforeAll(async () => {
  failing = await installFailingFs();
});
afterAll(() => {
  failing.uninstall();
});
beforeEach(async () => {
  fake = await startFakeEndpoint({ answer: answerOf });
  open = [];
});
afterEach(async () => {
  failing.disarm();
  for (const project of open) project.dispose();
  await fake.close();
});

function project(
  ...options: ConstructorParameters<typeof Project> extends [string, ...infer Rest] ? Rest : never
): Project {
  const made = new Project(fake.baseURL, ...options);
  open.push(made);
  return made;
}

describe('256 calls in flight', () => {
  const rows = { train: 40, dev: 300, test: 10 };
  const wide = { rows, strategy: 'p', endpoint: { concurrency: 256, prices } };

  it('a cap of calls is met to the call, and again after it was raised', async () => {
    // Long enough for most of them to be under way at once.
    fake.setLatency(800);
    const wideProject = project(wide);
    const run = await wideProject.begin();
    await expect(wideProject.sit(run, { caps: { ...none, calls: 333 } })).rejects.toMatchObject({
      name: 'BudgetExhausted',
      exit: 3,
    });
    expect(fake.counters.maxInFlight).toBeGreaterThan(100);
    expect(paidBy(fake, prices).calls).toBe(333);
    await expect(wideProject.sit(run, { resumed: true, caps: { ...none, calls: 444 } })).rejects.toThrow(
      '444 of 444 calls are spent',
    );
    expect(paidBy(fake, prices).calls).toBe(444);
    const done = await wideProject.sit(run, { resumed: true });
    expect(done.usage.calls).toBe(paidBy(fake, prices).calls);
    expect(fake.counters.repeated).toBe(0);
  });

  it.each([
    ['tokens', 3000],
    ['usd', 3],
  ] as const)('a cap of %s is never passed', async (kind, cap) => {
    fake.setLatency(10);
    const wideProject = project(wide);
    const run = await wideProject.begin();
    for (const raised of [cap, cap * 1.5]) {
      const sat = wideProject.sit(run, { resumed: raised > cap, caps: { ...none, [kind]: raised } });
      await expect(sat).rejects.toMatchObject({ name: 'BudgetExhausted' });
      const paid = paidBy(fake, prices)[kind];
      expect(paid).toBeLessThanOrEqual(raised);
      // The worst case of one more call did not fit; it is not far away.
      expect(paid).toBeGreaterThan(raised * 0.8);
    }
  });
});

describe('fine-tuning', () => {
  it('counts: a job that may cost more than is left is not sent', async () => {
    const dear = { '*': { input: 1, output: 1, training: 1_000_000 } };
    const tuned = project({ strategy: 'w', endpoint: { prices: dear } });
    const run = await tuned.begin();
    await expect(tuned.sit(run, { caps: { ...none, usd: 5 } })).rejects.toThrow(/resume --budget-usd/);
    expect([fake.counters.jobsCreated, fake.counters.filesUploaded]).toEqual([0, 0]);
    const done = await tuned.sit(run, { resumed: true, caps: { ...none, usd: 1e9 } });
    expect(fake.counters.jobsCreated).toBe(1);
    const trained = fake.jobs[0]!.file!.content.length;
    // The fake charges a token a character; every call is a fraction of a cent.
    expect(done.usage.usd).toBeGreaterThan(trained);
    expect(done.usage.usd).toBeLessThan(trained + 1);
  });
});

describe('a cap of tokens and fine-tuning', () => {
  const rows = { train: 10, dev: 4, test: 3 };
  const lastSpent = (events: readonly LoggedEvent[]) =>
    events.flatMap((event) => (event.type === 'usage' ? [event.spent!.tokens] : [])).at(-1);

  it('does not send a job that may train on more tokens than are left, and counts those of one that was sent once', async () => {
    const tuned = project({ rows, strategy: 'w', endpoint: { prices } });
    const run = await tuned.begin();
    await expect(tuned.sit(run, { caps: { ...none, tokens: 1500 } })).rejects.toThrow(
      /the next training job may take \d+ more\..*resume --budget-tokens.*The rest needs about [\d,]+ calls, [\d,]+ tokens/,
    );
    expect([fake.counters.jobsCreated, fake.counters.filesUploaded]).toEqual([0, 0]);
    const before = paidBy(fake, prices).tokens;
    const caps = { ...none, tokens: 1e6 };
    const [first, second]: LoggedEvent[][] = [[], []];
    const done = await tuned.sit(run, { resumed: true, caps, events: first! });
    const trained = fake.jobs[0]!.file!.content.length;
    const paid = paidBy(fake, prices).tokens;
    const calls = paid - trained;
    expect(calls).toBeGreaterThan(before);
    expect(lastSpent(first!)).toBe(paid);
    // Tokens shown are those of calls.
    expect(done.usage.inputTokens! + done.usage.outputTokens!).toBe(calls);
    await tuned.sit(run, { resumed: true, caps, events: second! });
    expect(second!.some(({ type }) => type === 'run.finished')).toBe(true);
    expect(readSpent(runFiles(run.folder).spent, true).tokens).toBe(paid);
    const other = await tuned.begin();
    const free: LoggedEvent[] = [];
    await tuned.sit(other, { caps: { ...none, tokens: 1 }, events: free });
    expect(lastSpent(free)).toBe(0);
    expect(fake.counters.jobsCreated).toBe(1);
  });
});

describe('a run stopped by its cap', () => {
  it('keeps the best so far, says what the rest needs, and goes on after the cap was raised', async () => {
    const stopped = project({ endpoint: { prices } });
    const whole = project({ endpoint: { prices } });
    const events: LoggedEvent[] = [];
    const reference = await whole.sit(await whole.begin(), { events });
    fake.reset();
    const run = await stopped.begin();
    const seen: LoggedEvent[] = [];
    const cap = Math.round(reference.usage.calls * 0.7);
    const error = await stopped
      .sit(run, { caps: { ...none, calls: cap }, events: seen })
      .catch((e: unknown) => e as Error);
    const message = (error as Error).message;
    expect(message).toMatch(/^\d+ of \d+ calls are spent\. /);
    expect(message).toContain('--budget-calls');
    const [, calls] = /The rest needs about ([\d,]+) calls, [\d,]+ tokens, \$[\d.]+ more\./.exec(message) ?? [];
    // An estimate of the calls that were really missing.
    const missing = reference.usage.calls - cap;
    const told = Number(calls?.replaceAll(',', ''));
    expect(told).toBeGreaterThan(missing / 3);
    expect(told).toBeLessThan(missing * 3);
    expect(seen.at(-1)).toMatchObject({ type: 'run.stopped', reason: 'budget', message });
    const states = await readStates(run.folder);
    expect(Object.keys(states?.steps ?? {})).toContain('p');
    const scored = seen.flatMap((event) => (event.type === 'evaluated' && event.split === 'dev' ? [event.prefix] : []));
    expect(scored).toContain(states!.best.prefix);
    const done = await stopped.sit(run, { resumed: true });
    expect(essence(done)).toEqual(essence(reference));
    expect(fake.counters.repeated).toBe(0);
    expect(fake.counters.jobsCreated).toBe(2);
  });
});

describe('killed again and again under a cap', () => {
  it.each(['calls', 'tokens', 'usd'] satisfies CapKind[])(
    'the endpoint itself never counts more %s than the cap',
    async (kind) => {
      const seed = 20261123;
      const report = await killedUnderCap(failing, {
        kind,
        kills: 8,
        random: new PythonRandom(seed),
        where: `seed ${seed}`,
      });
      expect(report.kills).toBeGreaterThan(1);
    },
  );
});
