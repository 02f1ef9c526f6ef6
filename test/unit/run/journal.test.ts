import { mkdirSync, readFileSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/base/json.ts';
import type { LoggedEvent } from '../../../src/protocol.ts';
import { requestCancel, watchForCancel } from '../../../src/run/record/cancelRequest.ts';
import { readEvents } from '../../../src/run/record/eventLog.ts';
import { openMemo } from '../../../src/lm/memo.ts';
import { rowsFileName } from '../../../src/data/rowsFile.ts';
import { RunJournal } from '../../../src/run/record/journal.ts';
import { readKeptStates } from '../../../src/run/record/keptStates.ts';
import { adopted, writeManifest } from '../../../src/run/record/manifest.ts';
import { runFiles } from '../../../src/run/record/runFolder.ts';
import { stateHash } from '../../../src/engine/state.ts';
import { sideJournal } from '../../../src/run/record/sideJournal.ts';
import { readTrace } from '../../../src/run/record/traceStore.ts';
import { sampleManifest } from '../../fakes/sampleManifest.ts';
import { temporaryFolder } from './folder.ts';
import { started, wholeRun } from './samples.ts';

const workspace = temporaryFolder();

function options(id: string) {
  const folder = join(workspace, '.bettertogether', 'runs', id);
  mkdirSync(folder, { recursive: true });
  const remembered = new Map<string, JsonValue>();
  const told: LoggedEvent[] = [];
  const memo = {
    get: (key: string) => Promise.resolve(remembered.get(key)),
    put: (key: string, value: JsonValue) => Promise.resolve(void remembered.set(key, value)),
    refresh: () => Promise.resolve(),
  };
  const onEvent = (event: LoggedEvent) => void told.push(event);
  return { workspace, run: { id, folder }, memo, onEvent, told, remembered };
}

describe('RunJournal', () => {
  it('keeps events, traces, rows and what was paid for', async () => {
    const given = options('a');
    const journal = await RunJournal.open(given);
    for (const event of wholeRun) journal.append(event);
    const outcome = { prediction: null, score: 0, trace: [], seconds: 0 };
    const record = { step: 'p', candidate: 1, purpose: 'validate', example: 3, round: 0, state: 'h', outcome } as const;
    journal.trace(record);
    const state = { predictors: { answer: { instructions: 'Answer.', demos: [], model: 'm' } } };
    journal.state(state);
    const sent = '{"prompt":"p","completion":" x"}\n';
    await journal.rows('p -> w', sent);
    await journal.remember('k', { v: 1 });
    expect(await journal.recall('k')).toEqual({ v: 1 });
    expect(await journal.recall('other')).toBeUndefined();
    journal.close();
    const files = runFiles(given.run.folder);
    expect((await readEvents(files.events)).events).toEqual(given.told);
    expect(given.told.map(({ type }) => type)).toEqual(wholeRun.map(({ type }) => type));
    expect(readTrace(files.traces, 0)).toEqual(record);
    expect(await readKeptStates(files.states)).toEqual(new Map([[stateHash(state), state]]));
    expect(readFileSync(join(files.rows, 'p-w.jsonl'), 'utf8')).toBe(sent);
  });

  it('has one process a run, and names the one that is at it', async () => {
    const given = options('b');
    const journal = await RunJournal.open(given);
    await expect(RunJournal.open(given)).rejects.toThrow(`Process ${process.pid}`);
    await expect(RunJournal.open(given)).rejects.toThrow('bettertogether cancel b');
    journal.close();
    (await RunJournal.open(given)).close();
  });

  it('gives the lock back when the log cannot be opened', async () => {
    const given = options('c');
    const { events, lock } = runFiles(given.run.folder);
    mkdirSync(events);
    await expect(RunJournal.open(given)).rejects.toThrow('events.jsonl could not be written');
    expect(readdirSync(given.run.folder)).not.toContain('lock.json');
    expect(lock).toContain('lock.json');
  });

  it('lets one at a time do what has to be done once', async () => {
    const [one, other] = [await RunJournal.open(options('d1')), await RunJournal.open(options('d2'))];
    const order: string[] = [];
    const { signal } = new AbortController();
    const slow = one.exclusively(
      'job',
      async () => {
        order.push('in');
        await sleep(60);
        order.push('out');
      },
      signal,
    );
    await sleep(10);
    await other.exclusively('job', () => Promise.resolve(void order.push('next')), signal);
    await slow;
    expect(order).toEqual(['in', 'out', 'next']);
    one.close();
    other.close();
  });

  it('shares its locks and what is remembered with work that is no run', async () => {
    const slow = { refreshMs: 60_000 };
    const cache = join(workspace, 'cache');
    const [mine, yours] = [await openMemo(cache, slow), await openMemo(cache, slow)];
    const journal = await RunJournal.open({ ...options('g'), memo: mine });
    const side = sideJournal(workspace, yours, () => undefined);
    const { signal } = new AbortController();
    const key = 'ab'.repeat(32);
    await side.remember(key, 'intended');
    const seen: (JsonValue | undefined)[] = [];
    const first = journal.exclusively(
      key,
      async () => {
        seen.push(await journal.recall(key));
        await sleep(60);
        await journal.remember(key, 'submitted');
      },
      signal,
    );
    await side.exclusively(key, async () => void seen.push(await side.recall(key)), signal);
    await first;
    expect(seen).toEqual(['intended', 'submitted']);
    journal.close();
    await mine.close();
    await yours.close();
  });

  it('does not hear a wish to cancel that was meant for a process before it', async () => {
    const given = options('old');
    const { cancel } = runFiles(given.run.folder);
    await writeManifest(given.run.folder, adopted(sampleManifest(workspace, given.run.id)));
    await requestCancel(given.run.folder);
    const before = new Date(performance.timeOrigin - 1000);
    utimesSync(cancel, before, before);
    let heard = 0;
    const unwatch = watchForCancel(given.run.folder, () => heard++);
    await sleep(700);
    unwatch();
    expect(heard).toBe(0);
  });

  it('hears a wish to cancel, once, and forgets it with the next session', async () => {
    const given = options('e');
    const journal = await RunJournal.open(given);
    let heard = 0;
    const unwatch = watchForCancel(given.run.folder, () => heard++);
    await writeManifest(given.run.folder, adopted(sampleManifest(workspace, given.run.id)));
    await requestCancel(given.run.folder);
    await sleep(800);
    expect(heard).toBe(1);
    unwatch();
    journal.close();
    const next = await RunJournal.open(given);
    const unwatchNext = watchForCancel(given.run.folder, () => heard++);
    await sleep(400);
    expect(heard).toBe(1);
    unwatchNext();
    next.append(started);
    next.close();
  });

  it('says where rows could not be written', async () => {
    const given = options('f');
    const journal = await RunJournal.open(given);
    writeFileSync(join(given.run.folder, 'rows'), '');
    await expect(journal.rows('w', '')).rejects.toThrow('rows/w.jsonl could not be written');
    journal.close();
  });
});

it.each([
  ['p -> w', 'p-w.jsonl'],
  ['w', 'w.jsonl'],
  ['../../etc/x', 'etc-x.jsonl'],
  ['p-w.jsonl', 'p-w.jsonl'],
  ['…', 'rows.jsonl'],
])('rows of %j lie in %s', (name, file) => {
  expect(rowsFileName(name)).toBe(file);
});

it('rows of a long strategy lie in a file that a disk takes, and no two in one', () => {
  const names = [1, 2].map((last) => `${'search -> '.repeat(60)}s${last}`);
  const files = names.map(rowsFileName);
  expect(new Set(files).size).toBe(2);
  for (const file of files) expect([file.length < 200, rowsFileName(file)]).toEqual([true, file]);
});
