import { basename } from 'node:path';
import * as z from 'zod';
import { LaterForm, parseRecord } from '../../data/record.ts';
import { replaceFile } from '../../base/replaceFile.ts';
import { UsageError, messageOf } from '../../base/errors.ts';
import { readPlainFile } from '../../base/plainFile.ts';
import type { ProgramState } from '../../data/program.ts';
import type { NamedState } from '../../engine/lattice.ts';
import { programStateSchema } from '../../data/program.ts';
import { sealAt } from '../../home/seal.ts';
import { isSealedText, sealedText } from '../../home/sealedText.ts';
import { cannotWrite } from './diskError.ts';
import { ForeignRecord } from './foreign.ts';
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
    await replaceFile(file, sealedText(sealAt(folder), 'state', basename(folder), states));
  } catch (error) {
    throw cannotWrite(file, error);
  }
}

/** To look at, wherever they come from; `null` while the run has not finished a step. */
export async function readStates(folder: string): Promise<RunStates | null> {
  const { state: file } = runFiles(folder);
  const text = await readPlainFile(file);
  return text === null ? null : parse(runStatesSchema, text, file);
}

/** To act on. @throws ForeignRecord when this user did not write them here. */
export async function readOwnStates(folder: string): Promise<RunStates | null> {
  const { state: file } = runFiles(folder);
  const text = await readPlainFile(file);
  return text === null ? null : parse(runStatesSchema, own('state', folder, text, file), file);
}

/** Takes over states and lattice of a run, once its owner has agreed. */
export async function adoptStates(folder: string): Promise<void> {
  const states = await readStates(folder);
  if (states !== null) await writeStates(folder, states);
  const { lattice: file } = runFiles(folder);
  const text = await readPlainFile(file);
  if (text !== null) await writeLatticeRequest(folder, parse(foundSchema, text, file).found);
}

/** The text, if its seal holds. */
function own(kind: 'state' | 'lattice', folder: string, text: string, file: string): string {
  const id = basename(folder);
  if (!isSealedText(sealAt(folder), kind, id, text)) throw new ForeignRecord(file, id);
  return text;
}

const foundSchema = z.object({ found: z.array(namedStateSchema) });

/** Asks for the lattice of the run's own states and of these; a resumed run finds it here. */
export async function writeLatticeRequest(folder: string, found: readonly NamedState[]): Promise<void> {
  const { lattice: file } = runFiles(folder);
  try {
    await replaceFile(file, sealedText(sealAt(folder), 'lattice', basename(folder), { found }));
  } catch (error) {
    throw cannotWrite(file, error);
  }
}

/** `null`: no lattice is asked for. @throws ForeignRecord when this user did not ask for it here. */
export async function readLatticeRequest(folder: string): Promise<readonly NamedState[] | null> {
  const { lattice: file } = runFiles(folder);
  const text = await readPlainFile(file);
  return text === null ? null : parse(foundSchema, own('lattice', folder, text, file), file).found;
}

function parse<T>(schema: z.ZodType<T>, text: string, file: string): T {
  try {
    return parseRecord(schema, text);
  } catch (error) {
    if (error instanceof LaterForm) throw new UsageError(`${file} cannot be read: ${error.message}.`, error);
    throw new UsageError(`${file} does not hold the state of a program: ${messageOf(error)}`, error);
  }
}
