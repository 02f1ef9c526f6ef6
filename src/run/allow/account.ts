/** What agents have spent of an allowance, or may still spend: of a run that is what its own account says. */
import { existsSync } from 'node:fs';
import { inspectManifest } from '../record/manifest.ts';
import { runFiles, runLocation } from '../record/runFolder.ts';
import { readSpent } from '../record/spendLedger.ts';
import { readRun, workerOf } from '../reading/summary.ts';
import type { AllowedCaps, AllowedSpent, Allowance, Holding } from './allowance.ts';

const plus = (a: AllowedSpent, b: AllowedSpent): AllowedSpent => ({ calls: a.calls + b.calls, usd: a.usd + b.usd });

/** At its worst: all that it was given. A unit without a cap is not counted against one. */
const worst = ({ calls, usd }: AllowedCaps): AllowedSpent => ({ calls: calls ?? 0, usd: usd ?? 0 });

const atLeast = (a: AllowedSpent, b: AllowedSpent): AllowedSpent => ({
  calls: Math.max(a.calls, b.calls),
  usd: Math.max(a.usd, b.usd),
});

interface Counted {
  readonly spent: AllowedSpent;
  /** It cannot come to more any more. */
  readonly over: boolean;
}

/**
 * A run that is worked on counts as its cap, one that stopped as what its account says: whoever goes on with it spends more, and
 * that is counted when it does. One whose account cannot be read, or that was removed, counts as its cap for good.
 */
async function countOf(workspace: string, { run, caps }: Holding): Promise<Counted> {
  if (run === null) return { spent: worst(caps), over: false };
  const location = runLocation(workspace, run);
  if (!existsSync(location.folder)) return { spent: worst(caps), over: true };
  try {
    const { manifest, madeHere } = await inspectManifest(location.folder);
    if (!madeHere) return { spent: worst(caps), over: false };
    const { calls, usd } = readSpent(runFiles(location.folder).spent, manifest.program !== null);
    const spent = { calls, usd };
    if (workerOf(location) !== null) return { spent: atLeast(worst(caps), spent), over: false };
    const { status } = await readRun(location);
    return { spent, over: status === 'finished' };
  } catch {
    return { spent: worst(caps), over: false };
  }
}

/** The same allowance, with what is over counted as spent. */
export async function settled(allowance: Allowance): Promise<Allowance> {
  const counted = await Promise.all(allowance.open.map((one) => countOf(allowance.workspace, one)));
  const spent = counted.filter(({ over }) => over).reduce((sum, one) => plus(sum, one.spent), allowance.spent);
  return { ...allowance, spent, open: allowance.open.filter((_, i) => !counted[i]!.over) };
}

/** What is spent and held of an allowance. */
export async function usedOf(allowance: Allowance): Promise<AllowedSpent> {
  const counted = await Promise.all(allowance.open.map((one) => countOf(allowance.workspace, one)));
  return counted.reduce((sum, one) => plus(sum, one.spent), allowance.spent);
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
