/** A comparison from its question to its table: one ordinary run after the other, under one budget. */
import type { Comparison, ComparisonCell, Lattice, Spent } from '../../comparison.ts';
import { comparisonTotals } from '../../comparison.ts';
import type { BudgetCaps } from '../../config/resolved.ts';
import { trains } from '../../config/steps.ts';
import { HumanError, UsageError, messageOf } from '../../base/errors.ts';
import { given } from '../../base/given.ts';
import { stepsIn } from '../../data/strategy.ts';
import { BudgetExhausted, Cancelled, EndpointRefused, EndpointUnavailable } from '../../engine/errors.ts';
import type { NamedState } from '../../engine/lattice.ts';
import type { OtlpTarget } from '../../otlp/target.ts';
import type { RunResult } from '../../protocol.ts';
import { createRun, removeUnbegun } from '../record/createRun.ts';
import type { Datasets } from '../data/loadData.ts';
import { readManifest } from '../record/manifest.ts';
import type { Compose, RunHooks } from '../work/request.ts';
import { runLocation } from '../record/runFolder.ts';
import type { RunLocation } from '../record/runFolder.ts';
import { writeLatticeRequest } from '../record/stateFile.ts';
import { loadOwnOptimizers } from '../services/ownOptimizers.ts';
import { loadTeleprompters } from '../services/teleprompters.ts';
import { count, dollars } from '../../view/words.ts';
import { brokenCell, brokenStep, finishedCell, readRunSoFar } from './cellOutcome.ts';
import type { RunReading } from './cellOutcome.ts';
import { finishedLattice, statesFound, waitingLattice } from './compareLattice.ts';
import { planComparison, statesReached } from './comparePlan.ts';
import type { OpenComparison } from './openComparison.ts';
import type { Question } from './question.ts';

export interface CompareRequest extends Question {
  readonly workspace: string;
  /** Loaded once for all runs; their rows differ by the seed alone. */
  readonly datasets: Datasets;
  /** Also measure every prompt set found with every weight set found. */
  readonly lattice: boolean;
  /** Hosts that the user agreed to send data to. */
  readonly consent: readonly string[];
  /** As for a run. */
  readonly otlp?: OtlpTarget;
}

export interface CompareHooks extends RunHooks {
  /** A run begins, or goes on. Returns what is to be called when it has ended. */
  onRun(work: ComparisonCell | Lattice, run: RunLocation, comparison: Comparison): () => void;
}

export type CompareCompose = Pick<Compose, 'startRun' | 'planRun'>;

/** One session of a comparison. */
interface ComparisonSession {
  readonly open: OpenComparison;
  readonly request: CompareRequest;
  readonly hooks: CompareHooks;
  readonly compose: CompareCompose;
}

/** Why a whole comparison stops, and not only one cell of it. */
type StopReason = 'budget' | 'cancelled' | 'failed';

/**
 * Works through the cells that are not done, then through the lattices. A cell that fails leaves the others alone, but
 * those that begin with the step it broke in fail with it: nothing is tried, or sent, twice in one session.
 *
 * @throws what stopped the comparison (`BudgetExhausted`, `Cancelled`, …); the record has said it before.
 */
export async function workOnComparison(session: ComparisonSession): Promise<Comparison> {
  const { open, request } = session;
  await checkOptimizers(session);
  const broken: { readonly seed: number; readonly prefix: string; readonly reason: string }[] = [];
  for (const cell of open.comparison.cells) {
    if (cell.status === 'done') continue;
    const { strategy, seed } = cell;
    const cause = broken.find((one) => one.seed === seed && beginsWith(strategy, one.prefix));
    if (cause !== undefined) {
      await open.saveCell({ ...cell, status: 'failed', reason: cause.reason });
      continue;
    }
    const failure = await workOnCell(session, cell);
    if (failure !== null) broken.push({ seed, ...failure });
  }
  for (const seed of request.lattice ? request.seeds : []) await workOnLattice(session, seed);
  return open.save({ status: 'finished' });
}

/** Optimizers that steps of all cells name are loaded before the first of them is paid for. */
async function checkOptimizers({ open, request, hooks }: ComparisonSession): Promise<void> {
  const ahead = open.comparison.cells.filter(({ status }) => status !== 'done');
  const strategy = [...new Set(ahead.flatMap(({ strategy: text }) => stepsIn(text)))];
  const { workspace, datasets } = request;
  const named = { workspace, config: { ...request.config, strategy }, live: datasets.live, log: hooks.log };
  await loadOwnOptimizers(named);
  await loadTeleprompters(named);
}

/** Does one cell; returns the step it broke in, and how, where only the cell failed. */
async function workOnCell(
  session: ComparisonSession,
  cell: ComparisonCell,
): Promise<{ readonly prefix: string; readonly reason: string } | null> {
  const { open } = session;
  const place = await prepareRun(session, cell, cell.strategy);
  const { run } = place;
  const begun = { ...cell, status: 'running' as const, run: run.id };
  await open.saveCell(begun);
  try {
    const result = await work(session, place, begun);
    const sources = open.comparison.sources ?? (await sourcesOf(run));
    await open.saveCell(finishedCell(begun, (await readRunSoFar(run.folder))!, result), { sources });
    return null;
  } catch (error) {
    await removeUnbegun(run);
    const after = await readRunSoFar(run.folder);
    const stop = stopReason(error, after);
    const reason = messageOf(error);
    await open.saveCell(brokenCell(begun, after, statusAfter(stop), reason));
    if (stop === null) return { prefix: (after && brokenStep(after.view)?.prefix) ?? cell.strategy, reason };
    await sayStopped(session, stop, error);
    throw error;
  }
}

/** A run without steps of its own, which measures what the other runs of the seed have found. */
async function workOnLattice(session: ComparisonSession, seed: number): Promise<void> {
  const { open, request } = session;
  const lattice = open.comparison.lattices.find((one) => one.seed === seed) ?? waitingLattice(seed);
  if (lattice.status === 'done') return;
  const found = await statesFound(request.workspace, open.comparison, seed);
  const place = await prepareRun(session, lattice, '', found);
  const { run } = place;
  const begun = { ...lattice, status: 'running' as const, run: run.id };
  await open.saveLattice(begun);
  try {
    const result = await work(session, place, begun);
    await open.saveLattice(finishedLattice(begun, (await readRunSoFar(run.folder))!, result));
  } catch (error) {
    await removeUnbegun(run);
    const after = await readRunSoFar(run.folder);
    const stop = stopReason(error, after);
    await open.saveLattice(brokenCell(begun, after, statusAfter(stop), messageOf(error)));
    if (stop === null) return;
    await sayStopped(session, stop, error);
    throw error;
  }
}

async function work(
  { open, request, hooks, compose }: ComparisonSession,
  { run, config, reading }: Awaited<ReturnType<typeof prepareRun>>,
  begun: ComparisonCell | Lattice,
): Promise<RunResult> {
  // Finished, and its process died before it could be entered here.
  const known = reading?.view.result ?? null;
  if (known !== null) return known;
  const { workspace, datasets } = request;
  const resumed = reading !== null && reading.view.started !== null;
  const ended = hooks.onRun(begun, run, open.comparison);
  try {
    const { steps } = config;
    const othersTrain = open.comparison.cells.some(
      ({ status, strategy }) => status !== 'done' && trains({ strategy: stepsIn(strategy), steps }),
    );
    const asked = {
      workspace,
      config,
      datasets,
      run,
      resumed,
      budget: config.budget,
      othersTrain,
      ...given({ otlp: request.otlp }),
    };
    return await compose.startRun(asked, hooks);
  } finally {
    ended();
  }
}

/**
 * A new run, or the one that an earlier session began; its caps are what the others have left.
 *
 * @param found makes it the run of a lattice.
 */
async function prepareRun(
  { open, request }: ComparisonSession,
  work: { readonly run: string | null; readonly seed: number; readonly spent: Spent },
  strategy: string,
  found?: readonly NamedState[],
) {
  const { workspace, data, consent, start } = request;
  const config = {
    ...request.config,
    strategy: [...stepsIn(strategy)],
    seed: work.seed,
    budget: capsLeft(open.comparison, work),
  };
  const known = work.run === null ? null : runLocation(workspace, work.run);
  const reading = known === null ? null : await readRunSoFar(known.folder);
  if (known !== null && reading !== null) return { run: known, config, reading };
  const run = await createRun(workspace, config, data, consent, new Date(), start);
  if (found !== undefined) await writeLatticeRequest(run.folder, found);
  return { run, config, reading: null };
}

/** A run counts its own earlier sessions against its caps, so only what the others spent is taken off. */
export function capsLeft(comparison: Comparison, { spent }: { readonly spent: Spent }): BudgetCaps {
  const { spent: all } = comparisonTotals(comparison);
  const left = (key: 'calls' | 'tokens' | 'usd') => {
    const cap = comparison.budget[key];
    return cap === null ? null : Math.max(0, cap - (all[key] - spent[key]));
  };
  return { calls: left('calls'), tokens: left('tokens'), usd: left('usd') };
}

/** `null`: the cell failed and the others go on. */
function stopReason(error: unknown, after: RunReading | null): StopReason | null {
  if (error instanceof BudgetExhausted) return 'budget';
  if (error instanceof Cancelled) return 'cancelled';
  // Wrong settings, a changed file, a bug, a program that does not even run: so it would be in every cell.
  if (!(error instanceof HumanError) || error instanceof UsageError || after === null) return 'failed';
  const baseline = after.view.steps.find(({ prefix }) => prefix === '');
  if (baseline?.evaluations.dev === undefined) return 'failed';
  // An endpoint that gave up would give up on the next cell; a service for training that did leaves the p steps alone.
  const gaveUp = error instanceof EndpointUnavailable || error instanceof EndpointRefused;
  const broken = brokenStep(after.view);
  return gaveUp && (broken === null || broken.job === null) ? 'failed' : null;
}

function statusAfter(stop: StopReason | null): 'stopped' | 'failed' {
  return stop === null || stop === 'failed' ? 'failed' : 'stopped';
}

async function sayStopped(session: ComparisonSession, reason: StopReason, error: unknown): Promise<void> {
  const { open } = session;
  const rest = reason === 'budget' ? await restOf(session) : null;
  const message = reason === 'budget' ? budgetMessage(open.comparison) : messageOf(error);
  await open.save({ status: 'stopped', stopped: { reason, message, rest } });
}

/** A run's own message names its share of the budget, and `resume`, which would go on with that run only. */
function budgetMessage(comparison: Comparison): string {
  const { spent } = comparisonTotals(comparison);
  const { budget } = comparison;
  const parts = (['calls', 'tokens', 'usd'] as const).flatMap((key) => {
    const cap = budget[key];
    if (cap === null) return [];
    return key === 'usd' ? `${dollars(spent.usd)} of ${dollars(cap)}` : `${count(spent[key])} of ${count(cap)} ${key}`;
  });
  return `The budget of the comparison does not allow the next call: ${parts.join(', ')} spent.`;
}

/** What the cells that are left would take, without a call: the sample is what the memo knows of the baseline. */
async function restOf({
  open,
  request,
  hooks,
  compose,
}: ComparisonSession): Promise<NonNullable<Comparison['stopped']>['rest']> {
  const { workspace } = request;
  // How many points a lattice has is not known before the searches.
  if (open.comparison.cells.every(({ status }) => status === 'done')) return null;
  const config = { ...request.config, budget: { calls: 0, tokens: null, usd: null } };
  const done = await statesReached(open.comparison.cells, (run) => runLocation(workspace, run).folder);
  try {
    const { plan } = await planComparison({ ...request, config }, compose, hooks, done);
    return { calls: plan.calls, usd: plan.usd, jobs: plan.jobs };
  } catch {
    return null;
  }
}

async function sourcesOf(run: RunLocation): Promise<Comparison['sources']> {
  return (await readManifest(run.folder)).program?.sources ?? null;
}

function beginsWith(strategy: string, prefix: string): boolean {
  return prefix === '' || strategy === prefix || strategy.startsWith(`${prefix} ->`);
}
