/** All runs of the workspace, read from their folders and kept up to date while processes write to them. */
import { readdir, stat } from 'node:fs/promises';
import * as vscode from 'vscode';
import { messageOf } from '../../base/errors.ts';
import { readLabel } from '../../run/record/label.ts';
import type { RunLabel } from '../../run/record/label.ts';
import { inspectManifest } from '../../run/record/manifest.ts';
import { listRuns, runFiles } from '../../run/record/runFolder.ts';
import type { RunLocation } from '../../run/record/runFolder.ts';
import { RunTail } from '../../run/reading/runTail.ts';
import { readStates } from '../../run/record/stateFile.ts';
import { laterRun, statusOf, workerOf } from '../../run/reading/summary.ts';
import type { LaterRun } from '../../run/reading/summary.ts';
import { coalesced } from '../../editor/coalesce.ts';
import { Disposables } from '../base/disposables.ts';
import type { RunItem } from '../../editor/items/runItem.ts';
import type { Log } from '../base/log.ts';

const pollMs = 600;
/** A run that is being made has its folder before its manifest. */
const retryMs = 500;

interface Followed {
  readonly tail: RunTail;
  item: RunItem;
  /** Of the manifest, the state and the label, by modification time. */
  stamp: string;
}

/** A run in a form that later versions alone read. */
export interface LaterRunItem extends LaterRun {
  /** The folder of the workspace it belongs to. */
  readonly root: string;
}

export class RunStore implements vscode.Disposable {
  readonly #parts = new Disposables();
  readonly #changed = this.#parts.add(new vscode.EventEmitter<void>());
  readonly #ended = this.#parts.add(new vscode.EventEmitter<RunItem>());
  /** After any change of any run. */
  readonly onDidChange = this.#changed.event;
  /** A run that was working has stopped working. */
  readonly onDidEnd = this.#ended.event;
  readonly #roots: () => readonly string[];
  readonly #log: Pick<Log, 'warn'>;
  readonly #followed = new Map<string, Followed>();
  /** By folder: they are there, and no more can be said of them. */
  readonly #later = new Map<string, LaterRunItem>();
  readonly #complained = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #disposed = false;

  constructor(roots: () => readonly string[], log: Pick<Log, 'warn'>) {
    this.#roots = roots;
    this.#log = log;
  }

  /** Oldest first. */
  get all(): readonly RunItem[] {
    return [...this.#followed.values()].map(({ item }) => item).toSorted((a, b) => (a.run.id < b.run.id ? -1 : 1));
  }

  /** Runs that a later version wrote: to be named, and left as they are. */
  get later(): readonly LaterRunItem[] {
    return [...this.#later.values()];
  }

  get(folder: string): RunItem | undefined {
    return this.#followed.get(folder)?.item;
  }

  /** Looks for new and removed runs and takes in what changed in those that are known. */
  readonly refresh = coalesced(async () => {
    const seen = new Set<string>();
    let changed = false;
    for (const root of this.#roots()) {
      for (const run of await this.#runsIn(root)) {
        seen.add(run.folder);
        if (await this.#read(root, run)) changed = true;
      }
    }
    for (const known of [this.#followed, this.#later]) {
      for (const folder of [...known.keys()]) {
        if (seen.has(folder)) continue;
        known.delete(folder);
        changed = true;
      }
    }
    if (changed) this.#changed.fire();
    this.#schedule();
  });

  /** A folder whose runs lie behind a link has none, and hides no other folder's. */
  async #runsIn(root: string): Promise<readonly RunLocation[]> {
    try {
      return await listRuns(root);
    } catch (error) {
      if (!this.#complained.has(root)) this.#log.warn(messageOf(error));
      this.#complained.add(root);
      return [];
    }
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
    this.#parts.dispose();
  }

  /** Only runs at work are looked at again by the clock. */
  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#disposed || !this.all.some(({ status }) => status === 'running')) return;
    this.#timer = setTimeout(() => {
      this.refresh().catch((error: unknown) => {
        this.#log.warn(`runs could not be read: ${messageOf(error)}`);
      });
    }, pollMs);
  }

  /** Returns whether anything about the run is new. */
  async #read(root: string, run: RunLocation): Promise<boolean> {
    try {
      const known = this.#followed.get(run.folder);
      const changed = known === undefined ? await this.#add(root, run) : await this.#update(known);
      return this.#later.delete(run.folder) || changed;
    } catch (error) {
      const later = laterRun(run, error);
      if (later !== null) return this.#addLater({ root, ...later });
      await this.#complain(run, error);
      return false;
    }
  }

  async #add(root: string, run: RunLocation): Promise<boolean> {
    const tail = new RunTail(run.folder);
    const stamp = await stampOf(run.folder);
    // First: in a folder that holds links nothing else is read.
    const read = await inspectManifest(run.folder);
    const [parts] = await Promise.all([partsOf(run.folder), tail.read()]);
    const item: RunItem = { root, run, ...read, view: tail.view, status: statusNow(run, tail), ...parts };
    this.#followed.set(run.folder, { tail, item, stamp });
    return true;
  }

  #addLater(item: LaterRunItem): boolean {
    const { folder } = item.run;
    const isNew = !this.#later.has(folder);
    this.#followed.delete(folder);
    this.#later.set(folder, item);
    return isNew;
  }

  async #update(known: Followed): Promise<boolean> {
    const { run, status: before } = known.item;
    const stamp = await stampOf(run.folder);
    const events = await known.tail.read();
    const status = statusNow(run, known.tail);
    if (stamp === known.stamp && events.length === 0 && status === before) return false;
    const renewed = stamp === known.stamp ? {} : await partsOf(run.folder);
    const read = stamp === known.stamp ? {} : await inspectManifest(run.folder);
    known.stamp = stamp;
    known.item = { ...known.item, ...renewed, ...read, view: known.tail.view, status };
    if (before === 'running' && status !== 'running') this.#ended.fire(known.item);
    return true;
  }

  async #complain(run: RunLocation, error: unknown): Promise<void> {
    if (this.#complained.has(run.folder)) return;
    const made = await stat(run.folder).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
    if (Date.now() - made < retryMs) return;
    this.#complained.add(run.folder);
    const files = await readdir(run.folder).catch(() => []);
    // An empty folder is a run that never began; everything else somebody will want to know about.
    if (files.length > 0) this.#log.warn(`run ${run.id} cannot be shown: ${messageOf(error)}`);
  }
}

function statusNow(run: RunLocation, { view }: RunTail): RunItem['status'] {
  return statusOf(view, workerOf(run) !== null);
}

async function partsOf(folder: string): Promise<{ readonly label: RunLabel; readonly states: RunItem['states'] }> {
  // A state of another version is no reason not to show the run.
  const [label, states] = await Promise.all([readLabel(folder), readStates(folder).catch(() => null)]);
  return { label, states };
}

async function stampOf(folder: string): Promise<string> {
  const { manifest, state, label } = runFiles(folder);
  const times = await Promise.all(
    [manifest, state, label].map((file) =>
      stat(file).then(
        (s) => s.mtimeMs,
        () => 0,
      ),
    ),
  );
  return times.join(' ');
}
