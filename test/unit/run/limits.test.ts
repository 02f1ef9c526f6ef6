/** Logs of any size and content: folded in linear time, within limits, and what is left out is said. */
import { appendFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { comparisonSchema } from '../../../src/comparison.ts';
import {
  candidatesShownAtMost,
  comparedAtMost,
  recordBytesAtMost,
  rowsAtMost,
  rowsShownAtMost,
  shownCharactersAtMost,
  stepsShownAtMost,
  strategyStepsAtMost,
  warningsShownAtMost,
} from '../../../src/base/limits.ts';
import { optimizers } from '../../../src/engine/optimizers/all.ts';
import { parseStrategy } from '../../../src/data/strategy.ts';
import { loggedEventSchema } from '../../../src/protocol.ts';
import { readEvents } from '../../../src/run/record/eventLog.ts';
import { EventReader } from '../../../src/run/record/eventReader.ts';
import { KeptStates, readKeptStates } from '../../../src/run/record/keptStates.ts';
import { readLabel } from '../../../src/run/record/label.ts';
import { readManifest } from '../../../src/run/record/manifest.ts';
import { runFiles } from '../../../src/run/record/runFolder.ts';
import { FileSpendLedger, adoptSpend, readAccount, readSpent } from '../../../src/run/record/spendLedger.ts';
import { foldEvents } from '../../../src/view/fold.ts';
import { moreEvents, RunTail } from '../../../src/run/reading/runTail.ts';
import { EventTail } from '../../../src/run/record/eventTail.ts';
import { exampleTable } from '../../../src/page/exampleTable.ts';
import { temporaryFolder } from './folder.ts';
import { example, started } from './samples.ts';

const folder = temporaryFolder();
const stamped = (event: object, seq = 0) => ({ v: 1, seq, time: '2026-11-23T12:00:00.000Z', ...event });
const lineOf = (event: object) => `${JSON.stringify(stamped(event))}\n`;
const view = (events: readonly object[]) =>
  foldEvents(events.map((event, i) => loggedEventSchema.parse(stamped(event, i))));

function runWith(name: string, text: string): string {
  const run = join(folder, name);
  mkdirSync(run, { recursive: true });
  writeFileSync(runFiles(run).events, text);
  return run;
}

const candidate = (number: number): object => ({
  type: 'candidate.started',
  prefix: 'p',
  candidate: number,
  state: 'x',
  about: { source: 'bootstrap', seed: 0, demos: 0, attempts: 0, correct: 0, speculative: 0 },
});

describe('a crafted log', () => {
  it('has strategies of so many steps and no more', () => {
    const steps = (count: number) => Array(count).fill('p').join(' -> ');
    expect(parseStrategy(steps(strategyStepsAtMost), optimizers.names)).toHaveLength(strategyStepsAtMost);
    for (const count of [strategyStepsAtMost + 1, 1_000_000]) {
      expect(() => parseStrategy(steps(count), optimizers.names)).toThrow('A strategy has 100 steps at most');
    }
    expect(() => view([{ ...started, strategy: steps(strategyStepsAtMost + 1) }])).toThrow('100 steps at most');
  });

  it('keeps so many steps, candidates and warnings, and says of warnings that there are more', () => {
    const many = (count: number, event: (i: number) => object) => Array.from({ length: count }, (_, i) => event(i));
    const step = (i: number) => ({ type: 'step.started', prefix: `p${i}`, kind: 'p', index: 0, examples: 1 });
    expect(view(many(stepsShownAtMost + 5, step)).steps).toHaveLength(stepsShownAtMost);
    expect(view(many(candidatesShownAtMost + 5, candidate)).steps[0]?.candidates).toHaveLength(candidatesShownAtMost);
    const warning = (i: number) => ({ type: 'warning', message: `${i}${'x'.repeat(2 * shownCharactersAtMost)}` });
    const { warnings } = view(many(warningsShownAtMost + 5, warning));
    expect(warnings).toHaveLength(warningsShownAtMost + 1);
    expect(warnings.at(-1)).toBe('There are more warnings than are shown.');
    expect(warnings[0]).toHaveLength(shownCharactersAtMost + 1);
  });

  it.each([
    { ...example('', 'dev', null, 0, 1), example: 1e15 },
    { ...example('', 'dev', null, 0, 1), example: -1 },
    { ...example('', 'dev', null, 0, 1), seconds: -5 },
    { ...started, splits: { train: 1, dev: rowsAtMost + 1, test: null } },
    { ...candidate(0), candidate: 1e308 },
    { type: 'usage', usage: { calls: -3, cached: 0, inputTokens: 0, outputTokens: 0, usd: 0 } },
    { type: 'usage', usage: { calls: 3, cached: 0, inputTokens: 1e300, outputTokens: 0, usd: 0 } },
    { type: 'warning', message: 5 },
    { type: 'step.started', prefix: 'p'.repeat(shownCharactersAtMost + 1), kind: 'p', index: 0, examples: 1 },
  ])('with numbers that cannot be has no such event (%#)', async (event) => {
    expect(loggedEventSchema.safeParse(stamped(event)).success).toBe(false);
    const run = runWith('numbers', lineOf(started) + lineOf(event));
    await expect(readEvents(runFiles(run).events)).rejects.toThrow('events.jsonl:2 is not an event of a run');
  });

  it('lists so many rows where only their number is known, and says so', () => {
    const table = (count: number) => exampleTable('dev', [], { examples: null, count, problem: null });
    expect(table(rowsShownAtMost)).toMatchObject({ problem: null, rows: { length: rowsShownAtMost } });
    const more = table(rowsAtMost);
    expect(more.rows).toHaveLength(rowsShownAtMost);
    expect(more.problem).toContain(`the first ${rowsShownAtMost} are listed`);
  });
});

describe('a log is read in pieces', () => {
  const warnings = (count: number) =>
    Array.from({ length: count }, (_, i) => lineOf({ type: 'warning', message: `ü${i}` }));

  it('of any size, with the same events', async () => {
    const { events: file } = runFiles(runWith('pieces', warnings(20).join('')));
    const whole = await readEvents(file);
    expect(whole.events).toHaveLength(20);
    for (const chunkBytes of [1, 10, 1000]) {
      const reader = new EventReader(file, { chunkBytes });
      const events = [];
      for (let lines = await reader.read(); lines !== null; lines = await reader.read()) {
        events.push(...lines.map(({ event }) => event));
      }
      expect(events).toEqual(whole.events);
      expect(reader.next).toBe(whole.next);
    }
  });

  it('up to a number of events, and the view says that there are more', async () => {
    const run = runWith('many', lineOf(started) + warnings(10).join(''));
    for (const [most, note] of [
      [11, false],
      [10, true],
    ] as const) {
      const tail = new RunTail(run, most);
      expect(await tail.read()).toHaveLength(most);
      expect(tail.view.warnings.includes(moreEvents)).toBe(note);
      const page = new EventTail(runFiles(run).events, { most });
      const piece = await page.read();
      expect(piece?.events).toHaveLength(most);
      expect(page.leftOut).toBe(note);
    }
  });

  it('without a line that is too long, finished or not', async () => {
    const { events: file } = runFiles(runWith('long', `${warnings(1)[0]!}${'x'.repeat(500)}`));
    const reader = new EventReader(file, { lineBytes: 200, chunkBytes: 64 });
    expect(await reader.read()).toHaveLength(1);
    expect(await reader.read()).toBeNull();
    appendFileSync(file, `${'x'.repeat(500)}\n${warnings(2)[1]!}`);
    const lines = [];
    for (let some = await reader.read(); some !== null; some = await reader.read()) lines.push(...some);
    expect(lines).toEqual([
      expect.objectContaining({ problem: expect.stringContaining('it is longer than') }),
      expect.objectContaining({ event: expect.objectContaining({ message: 'ü1' }) }),
    ]);
  });

  it('and reads a torn end again, for the next writer cuts it off', async () => {
    const { events: file } = runFiles(runWith('torn', `${warnings(1)[0]!}{"v":1,"torn`));
    const reader = new EventReader(file);
    expect(await reader.read()).toHaveLength(1);
    truncateSync(file, Buffer.byteLength(warnings(1)[0]!));
    appendFileSync(file, warnings(2)[1]!);
    expect(await reader.read()).toMatchObject([{ event: { message: 'ü1' } }]);
  });

  it('without an event nested without end', async () => {
    const deep = `${JSON.stringify(stamped({ type: 'warning' })).slice(0, -1)},"message":${'['.repeat(100_000)}${']'.repeat(100_000)}}\n`;
    const { events: file } = runFiles(runWith('deep', deep));
    await expect(readEvents(file)).rejects.toThrow('it nests without end');
  });
});

describe('the other files of a run', () => {
  it('of gigabytes are not read', async () => {
    const run = runWith('huge', '');
    const { manifest, label } = runFiles(run);
    for (const file of [manifest, label]) {
      writeFileSync(file, '{}');
      truncateSync(file, recordBytesAtMost + 1);
    }
    await expect(readManifest(run)).rejects.toThrow('at most 64 MiB of such a file are read');
    expect(await readLabel(run)).toEqual({});
  });

  it('the account takes no amount that is less than nothing', () => {
    const file = join(folder, 'spend.jsonl');
    const nothing = { calls: 0, tokens: 0, usd: 0 };
    for (const line of [
      '["job","x",0,0,-305]',
      '["paid",1,1,-1e9,0]',
      '["sum",1e999,0,0]',
      '["held",1,1,1e300,0]',
      `["job","${'x'.repeat(100_000)}",0,0,1]`,
    ]) {
      writeFileSync(file, `["sum",1,2,3]\n${line}\n`);
      expect(() => readSpent(file, true), line).toThrow(`${file}:1 is damaged, was changed or cut off`);
      // Taken over, it counts from the lines that can be read.
      adoptSpend(file, nothing, true);
      expect(readSpent(file, true), line).toEqual({ calls: 1, tokens: 2, usd: 3 });
    }
  });

  it('an account that a checkout gave other line ends, or that is damaged, can be taken over', async () => {
    const file = join(folder, 'checkedOut.jsonl');
    const ledger = new FileSpendLedger(file, readAccount(file, false));
    await ledger.hold(1, { calls: 1, tokens: 10, usd: 2 });
    ledger.settle(1, { calls: 1, tokens: 5, usd: 1 });
    ledger.close();
    const text = readFileSync(file, 'utf8');
    const damaged = [text.replaceAll('\n', '\r\n'), `<<<<<<< HEAD\n${text}=======\n`];
    for (const found of damaged) {
      writeFileSync(file, found);
      expect(() => readSpent(file, true)).toThrow('is damaged, was changed or cut off');
      adoptSpend(file, { calls: 0, tokens: 0, usd: 0 }, true);
      expect(readSpent(file, true)).toEqual({ calls: 1, tokens: 5, usd: 1 });
      adoptSpend(file, { calls: 3, tokens: 0, usd: 0 }, true);
      expect(readSpent(file, true)).toEqual({ calls: 3, tokens: 5, usd: 1 });
    }
  });

  it('an account that was closed takes nothing more, and writes into no other file', async () => {
    const file = join(folder, 'closed.jsonl');
    const ledger = new FileSpendLedger(file, readAccount(file, false));
    ledger.close();
    const text = readFileSync(file, 'utf8');
    ledger.settle(1, { calls: 1, tokens: 5, usd: 1 });
    await expect(ledger.hold(2, { calls: 1, tokens: 10, usd: 2 })).rejects.toThrow('closed');
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('the account goes on from its own sums', () => {
    const file = join(folder, 'own.jsonl');
    const first = new FileSpendLedger(file, readAccount(file, false));
    for (const [job, usd] of [
      ['a', 0.1],
      ['b', 0.2],
      ['c', 0.3],
    ] as const)
      first.charge(job, { calls: 0, tokens: 0, usd });
    first.close();
    for (let session = 0; session < 3; session++) new FileSpendLedger(file, readAccount(file, true)).close();
    expect(readSpent(file, true).usd).toBeCloseTo(0.6);
  });

  it('states that are damaged, or no states, are passed over', async () => {
    const file = join(folder, 'states.jsonl');
    const state = { predictors: {} };
    new KeptStates(file).keep(state);
    const deep = `{"hash":"x","state":{"predictors":{"p":{"instructions":"","model":"","demos":[{"augmented":true,"fields":{"a":${'['.repeat(5000)}${']'.repeat(5000)}}}]}}}}\n`;
    appendFileSync(file, deep);
    expect([...(await readKeptStates(file)).values()]).toEqual([state]);
  });

  it('a comparison has so many strategies and seeds', () => {
    const { strategies, seeds } = comparisonSchema.shape;
    expect(strategies.safeParse(Array(comparedAtMost).fill('p')).success).toBe(true);
    expect(strategies.safeParse(Array(comparedAtMost + 1).fill('p')).success).toBe(false);
    expect(seeds.safeParse(Array(comparedAtMost + 1).fill(0)).success).toBe(false);
  });
});
