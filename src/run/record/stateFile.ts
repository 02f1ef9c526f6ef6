import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { replaceFile } from '../../data/replaceFile.ts';
import { UsageError, isMissing, messageOf } from '../../data/errors.ts';
import type { ProgramState } from '../../data/program.ts';
import type { NamedState } from '../../engine/lattice.ts';
import { programStateSchema } from '../../data/programSchema.ts';
import { cannotWrite } from './diskError.ts';
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
    await replaceFile(file, `${JSON.stringify(states, null, 2)}\n`);
  } catch (error) {
    throw cannotWrite(file, error);
  }
}

/** `null` while the run has not finished a step. */
export async function readStates(folder: string): Promise<RunStates | null> {
  const { state: file } = runFiles(folder);
  const text = await readIfThere(file);
  return text === null ? null : parse(runStatesSchema, text, file);
}

function readIfThere(file: string): Promise<string | null> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
}

const foundSchema = z.object({ found: z.array(namedStateSchema) });

/** Asks for the lattice of the run's own states and of these; a resumed run finds it here. */
export async function writeLatticeRequest(folder: string, found: readonly NamedState[]): Promise<void> {
  const { lattice: file } = runFiles(folder);
  try {
    await replaceFile(file, `${JSON.stringify({ found })}\n`);
  } catch (error) {
    throw cannotWrite(file, error);
  }
}

/** `null`: no lattice is asked for. */
export async function readLatticeRequest(folder: string): Promise<readonly NamedState[] | null> {
  const { lattice: file } = runFiles(folder);
  const text = await readIfThere(file);
  return text === null ? null : parse(foundSchema, text, file).found;
}

function parse<T>(schema: z.ZodType<T>, text: string, file: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new UsageError(`${file} does not hold the state of a program: ${why}`, error);
  }
}
