/**
 * What agents have spent of an allowance, or may still spend. What lies in the workspace can be edited by the agent, so it makes
 * nothing less: work counts as all that it was given until its end is sealed.
 */
import { existsSync } from 'node:fs';
import { isLogSealed } from '../record/logSeal.ts';
import { inspectManifest } from '../record/manifest.ts';
import { runFiles, runLocation } from '../record/runFolder.ts';
import type { RunLocation } from '../record/runFolder.ts';
import { readSpent } from '../record/spendLedger.ts';
import { readRun } from '../reading/summary.ts';
import type { AllowedCaps, AllowedSpent, Allowance, Holding } from './allowance.ts';

const nothing: AllowedSpent = { calls: 0, usd: 0 };

const plus = (a: AllowedSpent, b: AllowedSpent): AllowedSpent => ({ calls: a.calls + b.calls, usd: a.usd + b.usd });

const less = (a: AllowedSpent, b: AllowedSpent): AllowedSpent => ({
  calls: Math.max(0, a.calls - b.calls),
  usd: Math.max(0, a.usd - b.usd),
});

/** At its worst: all that it was given. A unit without a cap is not counted against one. */
const worst = ({ calls, usd }: AllowedCaps): AllowedSpent => ({ calls: calls ?? 0, usd: usd ?? 0 });

const atLeast = (a: AllowedSpent, b: AllowedSpent): AllowedSpent => ({
  calls: Math.max(a.calls, b.calls),
  usd: Math.max(a.usd, b.usd),
});

/** `open`: it works, or was killed; `stopped`: it has ended and can be resumed; `over`: it cannot come to more any more. */
type End = 'open' | 'stopped' | 'over';

interface Counted {
  /** With what was paid so far, as far as it was seen. */
  readonly holding: Holding;
  /** What it is counted as. */
  readonly spent: AllowedSpent;
  readonly end: End;
}

/**
 * A run counts as its cap until its sealed log ends, then as what it paid: whoever goes on with it spends more, and it counts as
 * its cap again meanwhile. So does one that was killed, and one whose account cannot be read; one that was removed for good.
 */
async function countOf(workspace: string, holding: Holding): Promise<Counted> {
  const { caps, seen = nothing, before = nothing } = holding;
  const { paid, end } = await paidBy(workspace, holding);
  const most = atLeast(paid ?? nothing, seen);
  const counted = paid === null || end === 'open' ? atLeast(worst(caps), most) : most;
  return { holding: { ...holding, seen: most }, spent: less(counted, before), end };
}

interface Paid {
  /** `null`: not known. */
  readonly paid: AllowedSpent | null;
  readonly end: End;
}

async function paidBy(workspace: string, { run }: Holding): Promise<Paid> {
  if (run === null) return { paid: null, end: 'open' };
  const location = runLocation(workspace, run);
  if (!existsSync(location.folder)) return { paid: null, end: 'over' };
  try {
    return await paidByRun(location);
  } catch {
    return { paid: null, end: 'open' };
  }
}

async function paidByRun(location: RunLocation): Promise<Paid> {
  const { manifest, madeHere } = await inspectManifest(location.folder);
  if (!madeHere) return { paid: null, end: 'open' };
  const isSealed = isLogSealed(location.folder);
  const { calls, usd } = readSpent(runFiles(location.folder).spent, manifest.program !== null);
  if (!isSealed) return { paid: { calls, usd }, end: 'open' };
  const { view } = await readRun(location);
  const paid = atLeast({ calls, usd }, { calls: view.usage.calls, usd: view.usage.usd ?? 0 });
  return { paid, end: ends[view.end] };
}

const ends = { finished: 'over', stopped: 'stopped', open: 'open' } as const;

const allCounted = ({ workspace, open }: Allowance): Promise<readonly Counted[]> =>
  Promise.all(open.map((one) => countOf(workspace, one)));

/** The same allowance, with what is over counted as spent, and what the rest was seen to have spent. */
export async function settled(allowance: Allowance): Promise<Allowance> {
  const counted = await allCounted(allowance);
  const over = counted.filter(({ end }) => end === 'over');
  return {
    ...allowance,
    spent: over.reduce((sum, one) => plus(sum, one.spent), allowance.spent),
    open: counted.filter(({ end }) => end !== 'over').map(({ holding }) => holding),
  };
}

/** What goes on when a person allows anew: what its runs have spent so far was under the allowance before. */
export async function goesOn(allowance: Allowance): Promise<readonly Holding[]> {
  const { open } = await settled(allowance);
  return open.map((one) => ({ ...one, before: atLeast(one.seen ?? nothing, one.before ?? nothing) }));
}

/** What is spent and held of an allowance. */
export async function usedOf(allowance: Allowance): Promise<AllowedSpent> {
  return (await allCounted(allowance)).reduce((sum, one) => plus(sum, one.spent), allowance.spent);
}

/** The runs that count as their caps, because they have not ended. */
export async function runsHolding(allowance: Allowance): Promise<readonly string[]> {
  const counted = await allCounted(allowance);
  return counted.flatMap(({ holding: { run }, end }) => (end === 'open' && run !== null ? [run] : []));
}

/** What is left of it; `null`: not capped in this unit. */
export function leftOf({ budget }: Allowance, used: AllowedSpent): AllowedCaps {
  const left = (cap: number | null, of: number): number | null => (cap === null ? null : Math.max(0, cap - of));
  return { calls: left(budget.calls, used.calls), usd: left(budget.usd, used.usd) };
}

/** With a part of it held for work that is about to begin. */
export function withHolding(allowance: Allowance, holding: Holding): Allowance {
  return { ...allowance, open: [...allowance.open, holding] };
}

/** The holding is the run's from now on. */
export function heldByRun(allowance: Allowance, id: string, run: string): Allowance {
  return { ...allowance, open: allowance.open.map((one) => (one.id === id ? { ...one, run } : one)) };
}

/** The work of the holding is over, and came to this. */
export function withSpent(allowance: Allowance, id: string, spent: AllowedSpent): Allowance {
  if (!allowance.open.some((one) => one.id === id)) return allowance;
  return {
    ...allowance,
    spent: plus(allowance.spent, spent),
    open: allowance.open.filter((one) => one.id !== id),
  };
}
