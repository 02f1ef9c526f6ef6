/**
 * What a person allowed agents to do with a program without being asked again: a sealed record in the user's home, one for each
 * program of a workspace. It holds what was agreed to, the cap over all that agents start, and what they have spent or may
 * still spend of it.
 */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { readBounded } from '../../base/boundedFile.ts';
import { amountSchema } from '../../base/counts.ts';
import { HumanError, isMissing, messageOf } from '../../base/errors.ts';
import { parseRecord } from '../../data/record.ts';
import { userFolder } from '../../home/home.ts';
import { makePrivateFolderSync, replacePrivateFile } from '../../home/private.ts';
import { sealAt } from '../../home/seal.ts';
import { isSealedText, sealedText } from '../../home/sealedText.ts';
import { workspaceId } from '../../home/workspaces.ts';
import { lockInTurn } from '../record/lock.ts';
import { stateFolder } from '../record/runFolder.ts';

const spentSchema = z.object({ calls: amountSchema, usd: amountSchema });
export type AllowedSpent = z.infer<typeof spentSchema>;

/** `null`: not capped in this unit. */
const capsSchema = z.object({ calls: amountSchema.nullable(), usd: amountSchema.nullable() });
export type AllowedCaps = z.infer<typeof capsSchema>;

const holdingSchema = z.object({
  id: z.string(),
  /** The most that it may come to. */
  caps: capsSchema,
  /** The run that it is; `null`: work without a run, or one that was never made. */
  run: z.string().nullable(),
  /** The most that the run was seen to have spent: an older account that is put back makes it no less. Left out: nothing yet. */
  seen: spentSchema.exactOptional(),
  /** What the run had spent when the allowance was given anew: what comes on top counts. Left out: it all does. */
  before: spentSchema.exactOptional(),
});
export type Holding = z.infer<typeof holdingSchema>;

const allowanceSchema = z.object({
  v: z.literal(1),
  workspace: z.string(),
  program: z.string(),
  /** ISO 8601. */
  created: z.string(),
  terms: z.array(z.string()).max(10_000),
  /** Over all that is started with it. */
  budget: capsSchema,
  /** Of what is over. */
  spent: spentSchema,
  /** What is under way, or could go on. */
  open: z.array(holdingSchema).max(10_000),
});
export type Allowance = z.infer<typeof allowanceSchema>;

/** Bytes of such a record, many times over. */
const bytesAtMost = 8 * 1024 * 1024;

/** Where the allowance of a program lies: in the user's home, so that no folder can bring one along. */
export function allowanceFile(workspace: string, program: string): string {
  const name = createHash('sha256')
    .update(JSON.stringify([workspaceId(workspace), program]))
    .digest('hex')
    .slice(0, 32);
  return join(userFolder(), 'allowances', `${name}.json`);
}

/** `null`: there is none. @throws HumanError where there is one that this user did not write, or that was changed. */
export async function readAllowance(workspace: string, program: string): Promise<Allowance | null> {
  const file = allowanceFile(workspace, program);
  let text: string;
  try {
    text = (await readBounded(file, bytesAtMost)).toString('utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw new HumanError(`The allowance ${file} could not be read: ${messageOf(error)}.`, { cause: error });
  }
  if (!isSealedText(sealOf(workspace), 'allowance', basename(file), text)) {
    throw new HumanError(
      `${file} was not written by \`bettertogether allow\`, or was changed since, so it allows nothing. ` +
        'A person has to run `bettertogether allow` again.',
    );
  }
  return parseRecord(allowanceSchema, text);
}

async function writeAllowance(allowance: Allowance): Promise<void> {
  const { workspace, program } = allowance;
  const file = allowanceFile(workspace, program);
  makePrivateFolderSync(join(file, '..'));
  await replacePrivateFile(file, sealedText(sealOf(workspace), 'allowance', basename(file), allowance));
}

/**
 * Replaces the allowance of a program by what `change` makes of it.
 *
 * @returns what `change` gave; `null`: there is none to change.
 * @throws as `readAllowance`, and what `change` throws: then it stays as it was.
 */
export function changeAllowance(
  workspace: string,
  program: string,
  change: (now: Allowance) => Allowance | Promise<Allowance>,
): Promise<Allowance | null> {
  return inItsTurn(workspace, program, async () => {
    const now = await readAllowance(workspace, program);
    if (now === null) return null;
    const after = await change(now);
    await writeAllowance(after);
    return after;
  });
}

/**
 * A person allowed this: it takes the place of what was allowed before, and of a record that allows nothing.
 *
 * @param goesOn what is under way, or could go on, under the one before, as it counts under this one.
 */
export async function putAllowance(
  allowance: Omit<Allowance, 'v' | 'spent' | 'open'>,
  goesOn: (before: Allowance) => Promise<readonly Holding[]>,
): Promise<Allowance> {
  const { workspace, program } = allowance;
  return inItsTurn(workspace, program, async () => {
    const before = await readAllowance(workspace, program).catch(() => null);
    const open = before === null ? [] : [...(await goesOn(before))];
    const after = { v: 1, ...allowance, spent: { calls: 0, usd: 0 }, open } as const;
    await writeAllowance(after);
    return after;
  });
}

/** A person took back what they allowed. */
export async function removeAllowance(workspace: string, program: string): Promise<void> {
  await inItsTurn(workspace, program, () =>
    Promise.resolve(rmSync(allowanceFile(workspace, program), { force: true })),
  );
}

/** One process at a time: two that hold a part of the same money at once would hold it twice. */
async function inItsTurn<T>(workspace: string, program: string, body: () => Promise<T>): Promise<T> {
  const file = allowanceFile(workspace, program);
  makePrivateFolderSync(join(file, '..'));
  // Never given up: what was spent has to be entered.
  const lock = await lockInTurn(`${file}.lock`, new AbortController().signal);
  try {
    return await body();
  } finally {
    lock.release();
  }
}

const sealOf = (workspace: string) => sealAt(join(stateFolder(workspace), 'allowance'));
