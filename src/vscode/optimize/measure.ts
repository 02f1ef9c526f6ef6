/** Measuring a program with its metric: a process of the command line, with the consents and keys that it takes. */
import { hashOfSource } from '../../editor/sourceHashes.ts';
import type { CancellationToken } from 'vscode';
import * as z from 'zod';
import type { BudgetCaps } from '../../config/resolved.ts';
import { programId } from '../../editor/items/programItem.ts';
import type { ProgramItem } from '../../editor/items/programItem.ts';
import { usageSchema } from '../../protocol.ts';
import type { Usage } from '../../protocol.ts';
import { otlpArguments } from '../base/otlp.ts';
import { keyEnvironment } from '../keys/askApiKey.ts';
import { runCli } from '../processes/childProcess.ts';
import { prepareEmbedded } from '../processes/embeddedModel.ts';
import type { Session } from '../session/session.ts';
import type { Configured } from './configured.ts';

/** The object that `evaluate --json` prints, as far as it is used here. */
const measuredSchema = z.object({
  score: z.number(),
  low: z.number(),
  high: z.number(),
  n: z.number(),
  failures: z.array(z.object({ example: z.number(), error: z.object({ kind: z.string(), message: z.string() }) })),
  usage: usageSchema,
  sources: z.record(z.string(), z.string()),
});
export type MeasuredProgram = z.infer<typeof measuredSchema>;

export interface Measuring {
  readonly split: 'dev' | 'test';
  /** The id of a run, of which it is the final state; left out: the program as it is written. */
  readonly state?: string;
  /** As `--rows` takes them; left out: all of the split. */
  readonly rows?: string;
  /** Left out: the caps of the configuration. */
  readonly caps?: BudgetCaps;
  /** A folder that is not there yet, for traces of the rows; left out: none are kept. */
  readonly traces?: string;
}

export interface MeasuringHooks {
  readonly token: CancellationToken;
  /** A line for people. */
  onLine(line: string): void;
  /** See `CliOptions.onSpent`. */
  onSpent?(usage: Usage): void;
}

/**
 * Asks what has to be agreed to, and sets the embedded model up where the program runs on it.
 *
 * @throws Dismissed when the person does not agree.
 */
export async function agreeToMeasure(session: Session, { config }: Configured): Promise<void> {
  await session.consents.ask(config, 'evaluation');
  await prepareEmbedded(session, config);
}

/** After `agreeToMeasure`. @throws HumanError saying what went wrong; Dismissed when it was cancelled. */
export async function measure(
  session: Session,
  { root, key, config }: Configured,
  { split, state, rows, caps, traces }: Measuring,
  hooks: MeasuringHooks,
): Promise<MeasuredProgram> {
  const env = await session.environment(root, await keyEnvironment(session.keys, config));
  const args = [
    ...['evaluate', key, '--split', split, '--yes', '--json'],
    ...otlpArguments(),
    ...(state === undefined ? [] : ['--state', state]),
    ...(rows === undefined ? [] : ['--rows', rows]),
    ...(traces === undefined ? [] : ['--traces', traces]),
    ...(caps === undefined ? [] : capArguments(caps)),
  ];
  return measuredSchema.parse(JSON.parse(await runCli(args, { cli: session.cli, cwd: root, env, ...hooks })));
}

function capArguments({ calls, tokens, usd }: BudgetCaps): readonly string[] {
  return [
    ...(calls === null ? [] : ['--budget-calls', String(calls)]),
    ...(tokens === null ? [] : ['--budget-tokens', String(tokens)]),
    ...(usd === null ? [] : ['--budget-usd', String(usd)]),
  ];
}

/** SHA-256 of the program's source as it is now: before it is measured, so that a change meanwhile is noticed. */
export function sourceOf({ file }: Pick<ProgramItem, 'file'>): Promise<string> {
  return hashOfSource(file);
}

/** Makes it the score of the program as it is written, wherever that is shown. @param source `sourceOf` before. */
export async function rememberScore(
  session: Session,
  program: ProgramItem,
  { split }: Pick<Measuring, 'split'>,
  { score, low, high, n }: MeasuredProgram,
  source: string,
): Promise<void> {
  const time = new Date().toISOString();
  await session.evaluations.remember(programId(program), { score, low, high, n, split, time, source });
  await session.knowledge.refresh();
}
