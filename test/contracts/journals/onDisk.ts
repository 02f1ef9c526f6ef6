import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openMemo } from '../../../src/lm/memo.ts';
import type { RunEvent } from '../../../src/protocol.ts';
import { RunJournal } from '../../../src/run/record/journal.ts';
import { cacheFolder, runsFolder } from '../../../src/run/record/runFolder.ts';
import type { RunLocation } from '../../../src/run/record/runFolder.ts';
import { sideJournal } from '../../../src/run/record/sideJournal.ts';
import { RestOfRun } from '../../../src/run/work/restOfRun.ts';
import { settingsOf } from '../../unit/engine/settingsOf.ts';
import type { JournalWorkspace, OpenJournal } from '../journal.ts';

/** A workspace's folder, whose journals have a memo each, as processes have. */
export class FolderWorkspace implements JournalWorkspace {
  readonly folder = mkdtempSync(join(tmpdir(), 'bt-contract-journal-'));
  readonly #open: (workspace: FolderWorkspace) => Promise<OpenJournal>;
  #runs = 0;

  constructor(open: (workspace: FolderWorkspace) => Promise<OpenJournal>) {
    this.#open = open;
  }

  open(): Promise<OpenJournal> {
    return this.#open(this);
  }

  async close(): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true });
    return Promise.resolve();
  }

  memo() {
    return openMemo(cacheFolder(this.folder));
  }

  newRun(): RunLocation {
    const id = `run-${++this.#runs}`;
    const folder = join(runsFolder(this.folder), id);
    mkdirSync(folder, { recursive: true });
    return { id, folder };
  }
}

/** The journal of a run: one that is new, or the one named, which a process before has left. */
export async function openRun(workspace: FolderWorkspace, run = workspace.newRun()): Promise<OpenJournal> {
  const memo = await workspace.memo();
  const told: RunEvent[] = [];
  const journal = await RunJournal.open({
    ...{ workspace: workspace.folder, run, memo },
    onEvent: (event) => void told.push(event),
  });
  return {
    journal,
    told: () => told,
    close: async () => {
      journal.close();
      await memo.close();
    },
  };
}

/** The same, looked at by who tells what the rest of the run takes. */
export async function openWatchedRun(workspace: FolderWorkspace): Promise<OpenJournal> {
  const { journal, ...rest } = await openRun(workspace);
  const pricesOf = () => ({ call: () => null, training: () => null });
  const sizes = { train: 4, dev: 2, test: 0 };
  const watcher = new RestOfRun({ settings: settingsOf('p'), sizes, predictors: 1, pricesOf });
  return { ...rest, journal: watcher.watch(journal) };
}

/** The journal of work that is no run. */
export async function openSide(workspace: FolderWorkspace): Promise<OpenJournal> {
  const memo = await workspace.memo();
  const told: RunEvent[] = [];
  const journal = sideJournal(workspace.folder, memo, (event) => void told.push(event));
  return { journal, told: () => told, close: () => memo.close() };
}
