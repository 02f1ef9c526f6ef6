/** What a run under an allowance counts as, whatever is done to its files. */
import { appendFileSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { resolveProgram } from '../../../src/config/resolve.ts';
import type { RunEvent } from '../../../src/protocol.ts';
import { goesOn, leftOf, runsHolding, settled, usedOf, withHolding } from '../../../src/run/allow/account.ts';
import { changeAllowance, putAllowance, readAllowance } from '../../../src/run/allow/allowance.ts';
import type { Allowance } from '../../../src/run/allow/allowance.ts';
import { createRun } from '../../../src/run/record/createRun.ts';
import { EventLog } from '../../../src/run/record/eventLog.ts';
import { RunJournal } from '../../../src/run/record/journal.ts';
import { holderOf } from '../../../src/run/record/lock.ts';
import { runFiles } from '../../../src/run/record/runFolder.ts';
import type { RunLocation } from '../../../src/run/record/runFolder.ts';
import { FileSpendLedger, readAccount } from '../../../src/run/record/spendLedger.ts';
import { makeWorkspace } from '../cli/workspace.ts';
import { temporaryFolder } from './folder.ts';
import { result, started } from './samples.ts';

let folder: string;
let run: RunLocation;
const home = process.env['XDG_DATA_HOME'];
beforeAll(() => {
  process.env['XDG_DATA_HOME'] = temporaryFolder();
});
afterAll(() => {
  if (home === undefined) delete process.env['XDG_DATA_HOME'];
  else process.env['XDG_DATA_HOME'] = home;
});
beforeEach(async () => {
  folder = makeWorkspace();
  await allow();
  const config = await resolveProgram(await loadConfig(folder), 'local', {}, folder);
  const rows = { file: config.data.train, sha256: '' };
  run = await createRun(folder, config, { train: rows, dev: rows, test: rows }, []);
  await change((now) => withHolding(now, { id: 'a', caps: { calls: 60, usd: null }, run: run.id }));
});

const allow = () =>
  putAllowance(
    { workspace: folder, program: 'local', created: '2026-01-01', terms: ['a'], budget: { calls: 100, usd: null } },
    goesOn,
  );
const change = (to: (now: Allowance) => Allowance | Promise<Allowance>) => changeAllowance(folder, 'local', to);
const left = async () => {
  const now = (await readAllowance(folder, 'local'))!;
  return leftOf(now, await usedOf(now)).calls;
};

const stop: RunEvent = { type: 'run.stopped', reason: 'budget', message: 'The cap was reached.' };
const finish = (): RunEvent => ({ type: 'run.finished', result: { ...result, run: run.id } });

/** What a process does that works on the run: it pays for calls, and ends or is killed. */
async function work(calls: number, end?: RunEvent): Promise<void> {
  const { spent } = runFiles(run.folder);
  const ledger = new FileSpendLedger(spent, readAccount(spent, false));
  await ledger.hold(1, { calls, tokens: 0, usd: null });
  ledger.settle(1, { calls, tokens: 0, usd: null });
  await ledger.hold(2, { calls: 0, tokens: 0, usd: null });
  ledger.close();
  const memo = {
    get: () => Promise.resolve(undefined),
    put: () => Promise.resolve(),
    refresh: () => Promise.resolve(),
  };
  const journal = await RunJournal.open({ workspace: folder, run, memo, onEvent: () => undefined });
  journal.append({ ...started, run: run.id } as RunEvent);
  if (end !== undefined) journal.append(end);
  journal.close();
}

it('counts as its cap before any process was seen at it, while one is, and when it was killed', async () => {
  expect(await left()).toBe(40);
  const { process: holder } = runFiles(run.folder);
  writeFileSync(holder, JSON.stringify(holderOf(process.pid)));
  expect(await left()).toBe(40);
  rmSync(holder);
  await work(10);
  expect(await left()).toBe(40);
  expect(await runsHolding((await readAllowance(folder, 'local'))!)).toEqual([run.id]);
});

it.each([
  ['stopped', 90, 1],
  ['finished', 90, 0],
] as const)('counts as what it paid once it %s', async (how, expected, open) => {
  await work(10, how === 'stopped' ? stop : finish());
  expect(await left()).toBe(expected);
  expect((await settled((await readAllowance(folder, 'local'))!)).open).toHaveLength(open);
});

it('is not ended by lines that somebody else put into its log', async () => {
  await work(10);
  const { events } = runFiles(run.folder);
  const asItWas = readFileSync(events);
  for (const end of [stop, finish()]) {
    const log = new EventLog(events);
    log.append(end);
    log.close();
    expect(await left()).toBe(40);
    writeFileSync(events, asItWas);
  }
});

it('counts as its cap when somebody goes on with it, and then as all that it paid', async () => {
  await work(10, stop);
  expect(await left()).toBe(90);
  await work(5);
  expect(await left()).toBe(40);
  await work(5, stop);
  expect(await left()).toBe(80);
});

it('counts as no less with an account of earlier, once it was seen', async () => {
  await work(10, stop);
  const { spent } = runFiles(run.folder);
  copyFileSync(spent, `${folder}/spend.jsonl`);
  await work(20, stop);
  await change(settled);
  copyFileSync(`${folder}/spend.jsonl`, spent);
  expect(await left()).toBe(70);
  appendFileSync(spent, 'x\n');
  expect(await left()).toBe(40);
});

it('that stopped leaves a whole allowance when that is given anew, and counts what it adds', async () => {
  await work(60, stop);
  expect(await left()).toBe(40);
  expect(leftOf(await allow(), await usedOf((await readAllowance(folder, 'local'))!)).calls).toBe(100);
  await work(7, stop);
  expect(await left()).toBe(93);
  await allow();
  expect(await left()).toBe(100);
});

it('that works when the allowance is given anew holds what it may still spend', async () => {
  await work(10);
  await allow();
  expect(await left()).toBe(50);
  await work(5, finish());
  expect(await left()).toBe(95);
});
