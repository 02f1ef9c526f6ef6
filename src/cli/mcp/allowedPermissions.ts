/**
 * Over stdio nobody can be asked: what tools may do there was allowed by a person beforehand, at a terminal of this machine
 * (`bettertogether allow`), for one program, in one workspace, under one cap over all of it.
 */
import { randomUUID } from 'node:crypto';
import { UsageError } from '../../base/errors.ts';
import type { BudgetCaps, ResolvedProgram } from '../../config/resolved.ts';
import { heldByRun, leftOf, settled, usedOf, withHolding, withSpent } from '../../run/allow/account.ts';
import { changeAllowance, readAllowance } from '../../run/allow/allowance.ts';
import type { AllowedCaps, Allowance } from '../../run/allow/allowance.ts';
import { missingTerms, termsOf } from '../../run/allow/terms.ts';
import { shellWord } from '../../run/code/shell.ts';
import { agreementsOf, consequencesOf } from '../../run/work/consequences.ts';
import type { Hold, Permission, Permissions } from '../../tools/base/host.ts';
import { allowedText } from '../base/allowedText.ts';

/** @param readOnly the workspace is not trusted: only tools that read answer. */
export function allowedPermissions(readOnly: boolean): Permissions {
  const mayAct = (): void => {
    if (!readOnly) return;
    throw new UsageError(
      'This server was started with --read-only, as it is in a workspace that is not trusted: only tools that read answer. ' +
        'A person has to trust the workspace, or start it without --read-only.',
    );
  };
  return {
    mayAct,
    mayStop: async (root, program, run) => {
      const allowance = await readAllowance(root, program);
      if (allowance?.open.some((one) => one.run === run) === true) return;
      throw new UsageError(
        `Run ${run} was not started by an agent under an allowance, so only a person stops it: \`bettertogether cancel ${run}\`.`,
      );
    },
    ask: async ({ root, config, work }) => {
      mayAct();
      const allowance = await allowanceFor(root, config);
      return permissionOf(allowance, root, config, agreementsOf(consequencesOf(config, work)));
    },
    tell: async (root, program) => {
      const allowance = await readAllowance(root, program).catch(() => null);
      if (allowance === null) return 'nothing: a person has to run `bettertogether allow` first';
      return allowedText(allowance.budget, leftOf(allowance, await usedOf(allowance)));
    },
  };
}

async function permissionOf(
  allowance: Allowance,
  root: string,
  { key }: ResolvedProgram,
  agreements: readonly string[],
): Promise<Permission> {
  return {
    agreements,
    left: leftOf(allowance, await usedOf(allowance)),
    hold: (caps) => hold(root, key, caps),
  };
}

/** @throws UsageError with the command that a person has to run. */
async function allowanceFor(root: string, config: ResolvedProgram): Promise<Allowance> {
  const allowance = await readAllowance(root, config.key);
  if (allowance === null) {
    throw new UsageError(
      `Nobody has allowed agents to run ${JSON.stringify(config.key)} in ${root} yet, and over this connection nobody can be asked. ` +
        personHasTo(root, config),
    );
  }
  const missing = missingTerms(allowance.terms, termsOf(config));
  if (missing.length === 0) return allowance;
  throw new UsageError(
    `What was allowed for ${JSON.stringify(config.key)} does not cover this: ${missing
      .slice(0, 10)
      .map((term) => JSON.stringify(term))
      .join(', ')}. ` + personHasTo(root, config),
  );
}

function personHasTo(root: string, { key, endpoint }: ResolvedProgram): string {
  const cap = endpoint.prices === null ? '--budget-calls 1000' : '--budget-usd 5';
  return (
    `Stop here and ask the person to run, in a terminal in ${root}: \`bettertogether allow ${shellWord(key)} ${cap}\` ` +
    '(with the cap they want). It shows what is allowed and asks them; you cannot answer for them.'
  );
}

/** Held at once, so that two servers do not promise the same money twice. */
async function hold(root: string, program: string, { calls, usd }: BudgetCaps): Promise<Hold> {
  const id = randomUUID();
  const change = (next: (now: Allowance) => Allowance | Promise<Allowance>) => changeAllowance(root, program, next);
  const held = await change(async (now) => {
    const known = await settled(now);
    requireLeft(leftOf(known, await usedOf(known)), { calls, usd });
    return withHolding(known, { id, caps: { calls, usd }, run: null });
  });
  if (held === null) throw revoked();
  return {
    isRun: async (run) => {
      const now = await change((one) => heldByRun(one, id, run));
      if (now === null || !now.open.some((one) => one.id === id)) throw revoked();
    },
    spent: async (spent) => {
      await change((one) => withSpent(one, id, spent));
    },
  };
}

function requireLeft(left: AllowedCaps, wanted: AllowedCaps): void {
  for (const [unit, argument] of [
    ['calls', 'budget_calls'],
    ['usd', 'budget_usd'],
  ] as const) {
    const [there, most] = [left[unit], wanted[unit]];
    if (there === null || (there > 0 && most !== null && most <= there)) continue;
    throw new UsageError(
      `"${argument}": ${there} of what was allowed is left by now, as other work holds the rest. Give that or less, or wait until it has ended.`,
    );
  }
}

function revoked(): UsageError {
  return new UsageError('The allowance was revoked meanwhile, so nothing was started. Stop here and tell the person.');
}
