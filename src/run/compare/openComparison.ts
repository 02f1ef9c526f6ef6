/** A comparison's record in the hands of the one process that works on it. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Comparison, ComparisonCell, Lattice } from '../../comparison.ts';
import type { BudgetCaps } from '../../config/resolved.ts';
import { HumanError } from '../../base/errors.ts';
import { elsewhere, isLock, nameOf, tryLock } from '../record/lock.ts';
import type { Lock, LockHolder } from '../record/lock.ts';
import { readManifest } from '../record/manifest.ts';
import { runFiles, runLocation } from '../record/runFolder.ts';
import { isAsSeen } from '../surroundings/seenByRun.ts';
import { finishedCell, readRunSoFar, withoutReason } from './cellOutcome.ts';
import type { RunReading } from './cellOutcome.ts';
import {
  comparisonFiles,
  createComparisonFolder,
  readComparisons,
  readOwnComparison,
  writeComparison,
} from './comparisonFolder.ts';
import type { ComparisonLocation, ComparisonSummary } from './comparisonFolder.ts';
import { orderedCells, questionHash, sourcesUnchanged } from './question.ts';
import type { Question } from './question.ts';

/** The record on the disk and its lock. Every change is on the disk before `save` resolves. */
export class OpenComparison {
  readonly location: ComparisonLocation;
  readonly #lock: Lock;
  #comparison: Comparison;

  constructor(location: ComparisonLocation, lock: Lock, comparison: Comparison) {
    this.location = location;
    this.#lock = lock;
    this.#comparison = comparison;
  }

  get comparison(): Comparison {
    return this.#comparison;
  }

  async save(change: Partial<Comparison>, now: Date = new Date()): Promise<Comparison> {
    this.#comparison = { ...this.#comparison, ...change, updated: now.toISOString() };
    await writeComparison(this.location.folder, this.#comparison);
    return this.#comparison;
  }

  /** Saves the cell in place of the one with its strategy and seed. */
  saveCell(cell: ComparisonCell, change: Partial<Comparison> = {}): Promise<Comparison> {
    const same = (other: ComparisonCell) => other.strategy === cell.strategy && other.seed === cell.seed;
    const cells = this.#comparison.cells.map((other) => (same(other) ? cell : other));
    return this.save({ ...change, cells });
  }

  /** Saves the lattice in place of the one of its seed. */
  saveLattice(lattice: Lattice): Promise<Comparison> {
    const others = this.#comparison.lattices.filter(({ seed }) => seed !== lattice.seed);
    const place = (seed: number) => this.#comparison.seeds.indexOf(seed);
    return this.save({ lattices: [...others, lattice].sort((a, b) => place(a.seed) - place(b.seed)) });
  }

  /** A comparison of which nothing was begun leaves nothing behind. */
  async close(): Promise<void> {
    const unbegun = this.#comparison.cells.every(({ run }) => run === null);
    if (unbegun) await rm(this.location.folder, { recursive: true, force: true });
    this.#lock.release();
  }
}

/**
 * The latest comparison of this user that asked the same of the same program, data and sources, and whose program read
 * the files as they are now; `null`: there is none.
 */
export async function findSame(workspace: string, question: Question): Promise<ComparisonSummary | null> {
  const hash = questionHash(question, workspace);
  const same = (await readComparisons(workspace)).filter(
    ({ comparison, madeHere }) => madeHere && comparison.question === hash,
  );
  const latest = same.at(-1) ?? null;
  if (latest === null || !(await sourcesUnchanged(await sourcesOf(workspace, latest.comparison)))) return null;
  return (await readsUnchanged(workspace, latest.comparison)) ? latest : null;
}

/** Of the runs that are done and still there: nothing can be said of one that was deleted. */
async function readsUnchanged(workspace: string, { cells, lattices }: Comparison): Promise<boolean> {
  const done = [...cells, ...lattices].flatMap(({ status, run }) => (status === 'done' && run !== null ? [run] : []));
  const folders = done.map((run) => runLocation(workspace, run).folder).filter((folder) => existsSync(folder));
  const same = await Promise.all(folders.map((folder) => isAsSeen(runFiles(folder).reads, workspace)));
  return same.every(Boolean);
}

/** As the record says, and every run that was begun: the cells of one comparison need not have the same code. */
async function sourcesOf(workspace: string, { sources, cells, lattices }: Comparison): Promise<Comparison['sources']> {
  const begun = [...cells, ...lattices].flatMap(({ run }) =>
    run === null ? [] : [runLocation(workspace, run).folder],
  );
  const manifests = await Promise.all(begun.map((folder) => readManifest(folder).catch(() => null)));
  return Object.assign(
    {},
    ...manifests.map((manifest) => manifest?.program?.sources),
    sources,
  ) as Comparison['sources'];
}

/** Nothing is left to be done, not even again. */
export function isComplete({ cells, lattices, status, seeds }: Comparison, lattice: boolean): boolean {
  const open = [...cells, ...lattices].filter((one) => one.status !== 'done');
  return status === 'finished' && open.length === 0 && (!lattice || lattices.length === seeds.length);
}

/** @throws HumanError when another process works on it. */
export async function beginComparison(
  workspace: string,
  question: Question,
  budget: BudgetCaps,
  now: Date = new Date(),
): Promise<OpenComparison> {
  const location = await createComparisonFolder(workspace, question.config.key, now);
  const open = new OpenComparison(
    location,
    takeLock(location),
    newComparison(location.id, question, workspace, budget, now),
  );
  await open.save({}, now);
  return open;
}

/** Goes on where a comparison stopped, was killed, or had a cell that failed. */
export async function reopenComparison(
  workspace: string,
  location: ComparisonLocation,
  budget: BudgetCaps,
): Promise<OpenComparison> {
  const lock = takeLock(location);
  try {
    const before = await readOwnComparison(location.folder);
    const cells = await Promise.all(before.cells.map((cell) => caughtUp(workspace, cell)));
    const lattices = await Promise.all(before.lattices.map((one) => caughtUpLattice(workspace, one)));
    const open = new OpenComparison(location, lock, before);
    await open.save({ cells, lattices, budget, status: 'running', stopped: null });
    return open;
  } catch (error) {
    lock.release();
    throw error;
  }
}

function takeLock(location: ComparisonLocation): Lock {
  const lock = tryLock(comparisonFiles(location.folder).lock);
  if (!isLock(lock)) throw busy(location, lock);
  return lock;
}

export function busy({ id, folder }: ComparisonLocation, holder: LockHolder): HumanError {
  return new HumanError(
    `${nameOf(holder)} is working on this comparison (${id}). Wait for it, or stop it with Ctrl-C there.` +
      elsewhere(holder, comparisonFiles(folder).lock),
  );
}

/** What the cell's run has come to since the record was written: a process that died could not say it. */
async function caughtUp(workspace: string, cell: ComparisonCell): Promise<ComparisonCell> {
  if (cell.status === 'done') return cell;
  const reading = cell.run === null ? null : await readRunSoFar(runLocation(workspace, cell.run).folder);
  const result = reading?.view.result ?? null;
  if (reading !== null && result !== null) return finishedCell(cell, reading, result);
  return waitingAgain(cell, reading);
}

async function caughtUpLattice(workspace: string, lattice: Lattice): Promise<Lattice> {
  if (lattice.status === 'done') return lattice;
  return waitingAgain(
    lattice,
    lattice.run === null ? null : await readRunSoFar(runLocation(workspace, lattice.run).folder),
  );
}

/** What it paid stays counted, also where its run's folder is gone. */
function waitingAgain<T extends ComparisonCell | Lattice>(work: T, reading: RunReading | null): T {
  const waiting = { ...withoutReason(work), status: 'waiting' as const };
  return reading === null ? { ...waiting, run: null } : { ...waiting, usage: reading.view.usage, spent: reading.spent };
}

function newComparison(id: string, question: Question, workspace: string, budget: BudgetCaps, now: Date): Comparison {
  const { config, strategies, seeds, start } = question;
  return {
    v: 1,
    type: 'comparison',
    id,
    created: now.toISOString(),
    updated: now.toISOString(),
    program: config.key,
    endpoint: config.endpoint.name,
    model: config.model,
    ...(start === undefined ? {} : { from: start.from }),
    strategies: [...strategies],
    seeds: [...seeds],
    budget,
    question: questionHash(question, workspace),
    sources: null,
    status: 'running',
    stopped: null,
    cells: [...orderedCells(strategies, seeds)],
    lattices: [],
  };
}
