import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { contentHash } from '../../src/base/contentHash.ts';
import { HumanError } from '../../src/base/errors.ts';
import type { JsonValue } from '../../src/base/json.ts';
import { rowsFileName } from '../../src/data/rowsFile.ts';
import { stateHash } from '../../src/engine/state.ts';
import { readEvents } from '../../src/run/record/eventLog.ts';
import { readKeptStates } from '../../src/run/record/keptStates.ts';
import { runFiles } from '../../src/run/record/runFolder.ts';
import { readTrace } from '../../src/run/record/traceStore.ts';
import { installFailingFs, type FailingFs } from '../fakes/failingFs.ts';
import { FakeJournal } from '../unit/engine/fakes.ts';
import { state, wholeRun } from '../unit/run/samples.ts';
import { journalContract, traceOf } from './journal.ts';
import type { JournalWorkspace, OpenJournal } from './journal.ts';
import { FolderWorkspace, openRun, openSide, openWatchedRun } from './journals/onDisk.ts';

/** The journal of the unit tests; those of one workspace share a memory. */
async function fakeWorkspace(): Promise<JournalWorkspace> {
  const memory = new Map<string, JsonValue>();
  const open = async () => {
    const journal = new FakeJournal(memory);
    return { journal, told: () => journal.events, close: () => Promise.resolve() };
  };
  return { open, close: () => Promise.resolve() };
}

const onDisk = [
  ['The journal of a run', openRun],
  ['The journal of a run that is watched', openWatchedRun],
  ['The journal of work that is no run', openSide],
] as const;

for (const [name, open] of onDisk) journalContract(name, async () => new FolderWorkspace(open));
journalContract('The fake of the unit tests', fakeWorkspace);

describe('a full disk', () => {
  let failing: FailingFs;
  let workspace: FolderWorkspace;
  let opened: OpenJournal | null;
  beforeAll(async () => {
    failing = await installFailingFs();
  });
  afterAll(() => {
    failing.uninstall();
  });
  beforeEach(() => {
    opened = null;
  });
  afterEach(async () => {
    failing.disarm();
    await opened?.close().catch(() => undefined);
    await workspace.close();
  });
  const fill = () => {
    failing.arm({ folder: workspace.folder, at: 1, fault: 'full' });
  };

  it.each(onDisk)('is one clear error of %s; with room again the same is remembered', async (_, open) => {
    workspace = new FolderWorkspace(open);
    opened = await open(workspace);
    const key = contentHash('paid');
    fill();
    const failed = opened.journal.remember(key, 'paid');
    await expect(failed).rejects.toThrow(HumanError);
    await expect(failed).rejects.toThrow(/bettertogether.cache.*the disk is full\. Make room/);
    failing.disarm();
    await opened.journal.remember(key, 'paid');
    const later = await open(workspace);
    expect(await later.journal.recall(key)).toBe('paid');
    await later.close();
  });

  it.each([
    ['events.jsonl', ({ journal }: OpenJournal) => journal.append(wholeRun[0]!)],
    ['states.jsonl', ({ journal }: OpenJournal) => journal.state(state)],
    ['rows/w.jsonl', ({ journal }: OpenJournal) => journal.rows('w', '{}\n')],
    [
      'traces',
      ({ journal }: OpenJournal) => {
        // More than is gathered before it is written.
        for (let row = 0; row < 5000; row++) journal.trace(traceOf(row));
      },
    ],
  ])('is told by the name of what could not be written: %s', async (file, write) => {
    workspace = new FolderWorkspace(openRun);
    opened = await openRun(workspace);
    fill();
    const failed = (async () => write(opened))();
    await expect(failed).rejects.toThrow(HumanError);
    await expect(failed).rejects.toThrow(`${file} could not be written: the disk is full`);
    failing.disarm();
  });
});

describe('a run that another process goes on with', () => {
  it('has all that was recorded of it, in order, each once', async () => {
    const workspace = new FolderWorkspace(openRun);
    const run = workspace.newRun();
    const [before, after] = [wholeRun.slice(0, 10), wholeRun.slice(10)];
    const first = await openRun(workspace, run);
    for (const event of before) first.journal.append(event);
    first.journal.trace(traceOf(0));
    first.journal.state(state);
    await first.journal.rows('p -> w', 'of the first\n');
    await first.close();
    const second = await openRun(workspace, run);
    for (const event of after) second.journal.append(event);
    second.journal.trace(traceOf(1));
    second.journal.state(state);
    await second.journal.rows('p -> w', 'of the second\n');
    await second.close();
    const files = runFiles(run.folder);
    const { events } = await readEvents(files.events);
    expect(events.map(({ type }) => type)).toEqual(wholeRun.map(({ type }) => type));
    expect(events.map(({ seq }) => seq)).toEqual(wholeRun.map((_, seq) => seq));
    expect([0, 1, 2].map((index) => readTrace(files.traces, index))).toEqual([traceOf(0), traceOf(1), undefined]);
    expect([...(await readKeptStates(files.states))]).toEqual([[stateHash(state), state]]);
    expect(readFileSync(join(files.rows, rowsFileName('p -> w')), 'utf8')).toBe('of the second\n');
    await workspace.close();
  });
});
