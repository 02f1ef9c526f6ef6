import { readFile } from 'node:fs/promises';
import writeFileAtomic from 'write-file-atomic';
import * as z from 'zod';
import { HumanError, UsageError, messageOf } from '../data/errors.ts';
import type { ProgramState } from '../data/program.ts';
import { programStateSchema } from '../protocol.ts';
import { runFiles } from './runFolder.ts';

const namedStateSchema = z.object({ prefix: z.string(), state: programStateSchema });

/** `state.json` of a run. */
const runStatesSchema = z.object({
  final: namedStateSchema,
  best: namedStateSchema,
  steps: z.record(z.string(), programStateSchema).exactOptional(),
});
export interface RunStates {
  /** The state the paper's algorithm returns, and the prefix of the strategy it completes. */
  readonly final: { readonly prefix: string; readonly state: ProgramState };
  /** The one with the best dev score. */
  readonly best: { readonly prefix: string; readonly state: ProgramState };
  /** The state every finished step ended in, by prefix. Runs of earlier versions have none. */
  readonly steps?: Readonly<Record<string, ProgramState>>;
}

/** @throws HumanError when the disk does not take it. */
export async function writeStates(folder: string, states: RunStates): Promise<void> {
  const { state: file } = runFiles(folder);
  try {
    await writeFileAtomic(file, `${JSON.stringify(states, null, 2)}\n`);
  } catch (error) {
    throw new HumanError(`${file} could not be written: ${messageOf(error)}.`, { cause: error });
  }
}

/** `null` while the run has not finished a step. */
export async function readStates(folder: string): Promise<RunStates | null> {
  const { state: file } = runFiles(folder);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return text === null ? null : parse(runStatesSchema, text, file);
}

/** A state a user names by file: one that was exported, or a run's `state.json` (its final state). */
export async function readStateFile(file: string): Promise<ProgramState> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new UsageError(`The state ${file} could not be read: ${messageOf(error)}.`, error);
  });
  const either = parse(z.union([programStateSchema, runStatesSchema]), text, file);
  return 'final' in either ? either.final.state : either;
}

function parse<T>(schema: z.ZodType<T>, text: string, file: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new UsageError(`${file} does not hold the state of a program: ${why}`, error);
  }
}
