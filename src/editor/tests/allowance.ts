/** What a continuous run may spend in all, over every evaluation that it makes. Pure. */
import * as l10n from '../../base/l10n.ts';
import type { BudgetCaps } from '../../config/resolved.ts';
import type { Usage } from '../../protocol.ts';
import { count, dollars, short } from '../../view/words.ts';
import { counted, shortTokens } from '../../view/counted.ts';

type Kind = keyof BudgetCaps;
const kinds: readonly Kind[] = ['usd', 'calls', 'tokens'];

export interface Allowance {
  /** At least one of them is a number. */
  readonly cap: BudgetCaps;
  /** `null`: not known, which counts as all of it. */
  readonly spent: { readonly [kind in Kind]: number | null };
}

export function allowanceOf(cap: Partial<BudgetCaps>): Allowance {
  return { cap: { calls: null, tokens: null, usd: null, ...cap }, spent: { calls: 0, tokens: 0, usd: 0 } };
}

/** @param usage of an evaluation; `null`: it ended without a word. */
export function withSpent({ cap, spent }: Allowance, usage: Usage | null): Allowance {
  const tokens = usage === null ? null : plus(usage.inputTokens, usage.outputTokens);
  const more = { calls: usage?.calls ?? null, tokens, usd: usage?.usd ?? null };
  return {
    cap,
    spent: {
      calls: plus(spent.calls, more.calls),
      tokens: plus(spent.tokens, more.tokens),
      usd: plus(spent.usd, more.usd),
    },
  };
}

/** What the next evaluation may spend; `null`: a cap is met. */
export function leftOf({ cap, spent }: Allowance): BudgetCaps | null {
  const left = {
    calls: rest(cap.calls, spent.calls),
    tokens: rest(cap.tokens, spent.tokens),
    usd: rest(cap.usd, spent.usd),
  };
  return kinds.some((kind) => left[kind] !== null && left[kind] <= 0) ? null : left;
}

/** The lower of two caps, of each kind. */
export function lowerCaps(one: BudgetCaps, other: BudgetCaps): BudgetCaps {
  const lower = (kind: Kind): number | null => {
    const both = [one[kind], other[kind]].filter((cap) => cap !== null);
    return both.length === 0 ? null : Math.min(...both);
  };
  return { calls: lower('calls'), tokens: lower('tokens'), usd: lower('usd') };
}

/** `12 of 200 calls`, `$0.1200 of $1.00`. */
export function spentText({ cap, spent }: Allowance): string {
  const parts = kinds.flatMap((kind) => {
    const most = cap[kind];
    if (most === null) return [];
    const used = spent[kind];
    const all = whole[kind](most);
    return [
      used === null
        ? l10n.t`an unknown part of ${all}`
        : l10n.t({ message: '{0} of {1}', comment: ['spent of a cap'], args: [amount[kind](used), all] }),
    ];
  });
  return parts.join(', ');
}

const amount: Readonly<Record<Kind, (value: number) => string>> = { usd: dollars, calls: count, tokens: short };
const whole: Readonly<Record<Kind, (value: number) => string>> = {
  usd: dollars,
  calls: (value) => counted(value, 'call'),
  tokens: shortTokens,
};

function plus(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : one + other;
}

function rest(cap: number | null, spent: number | null): number | null {
  if (cap === null) return null;
  return spent === null ? 0 : cap - spent;
}
