/** The cap of what is about to be started: what was asked for, under what the configuration and the permission say. Pure. */
import { UsageError } from '../../base/errors.ts';
import type { BudgetCaps } from '../../config/resolved.ts';
import type { Left } from './host.ts';

export interface AskedCaps {
  readonly budget_calls?: number | undefined;
  readonly budget_usd?: number | undefined;
}

/**
 * @param configured the program's "budget", which no tool goes over.
 * @throws UsageError naming the argument that is missing or too high.
 */
export function capsFor(asked: AskedCaps, configured: BudgetCaps, left: Left): BudgetCaps {
  const calls = capIn('budget_calls', asked.budget_calls, configured.calls, left.calls);
  const usd = capIn('budget_usd', asked.budget_usd, configured.usd, left.usd);
  if (calls === null && usd === null && configured.tokens === null) {
    throw new UsageError(
      'A cap is needed: give "budget_calls" (LM calls paid for at most), or "budget_usd" where the endpoint has prices.',
    );
  }
  return { calls, usd, tokens: configured.tokens };
}

function capIn(
  argument: keyof AskedCaps,
  asked: number | undefined,
  configured: number | null,
  left: number | null,
): number | null {
  if (asked !== undefined && configured !== null && asked > configured) {
    throw new UsageError(
      `"${argument}" is ${asked}, over the program's own cap of ${configured} ("budget" in bettertogether.json). Give ${configured} or less.`,
    );
  }
  if (left === null) return asked ?? configured;
  requireSome(argument, left);
  if (asked === undefined) {
    throw new UsageError(`"${argument}" is needed: at most ${shownCap(left)} of what was allowed is left.`);
  }
  if (asked > left) {
    throw new UsageError(
      `"${argument}" is ${asked}, and ${shownCap(left)} of what was allowed is left. Give that or less, or ask the person to allow more.`,
    );
  }
  return asked;
}

/** @throws UsageError where nothing is left in a unit that is capped: then nothing may be paid for. */
export function requireSomeLeft({ calls, usd }: Left): void {
  requireSome('budget_calls', calls);
  requireSome('budget_usd', usd);
}

function requireSome(argument: keyof AskedCaps, left: number | null): void {
  // There is no part of a call.
  if (left === null || left >= (argument === 'budget_calls' ? 1 : Number.MIN_VALUE)) return;
  throw new UsageError(
    `Nothing is left of what was allowed (${argument}). Stop here and tell the person: they can run \`bettertogether allow\` again.`,
  );
}

const shownCap = (value: number): string => String(Math.floor(value * 10_000) / 10_000);
