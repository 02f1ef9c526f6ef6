/**
 * `states.jsonl` of a run: the states that its events name by their hash, those of candidates, whether they won or not.
 * A line is `{hash, state}`; every state is there once, however often the run is resumed. Runs of earlier versions
 * have no such file.
 */
import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod';
import { flushSync } from '../../base/fileSystems.ts';
import { statesKeptAtMost } from '../../base/limits.ts';
import { linesOf, linesOfSync } from '../../base/lines.ts';
import type { Line } from '../../base/lines.ts';
import type { ProgramState } from '../../data/program.ts';
import { stateHash } from '../../engine/state.ts';
import { programStateSchema } from '../../data/program.ts';
import { cannotWrite } from './diskError.ts';
import { writeAll } from './eventLog.ts';

const entrySchema = z.object({ hash: z.string(), state: programStateSchema });

/** Appends states. One writer at a time: hold the run's lock. The file is made with the first state. */
export class KeptStates {
  readonly #file: string;
  #open: { readonly fd: number; readonly known: Set<string> } | undefined;
  #failure: unknown;

  constructor(file: string) {
    this.#file = file;
  }

  /**
   * The operating system has the state when this returns: it survives the end of this process, however it ends.
   *
   * @throws HumanError when the disk does not take it.
   */
  keep(state: ProgramState): void {
    if (this.#failure !== undefined) throw cannotWrite(this.#file, this.#failure);
    const hash = stateHash(state);
    try {
      const { fd, known } = (this.#open ??= openFile(this.#file));
      if (known.has(hash)) return;
      writeAll(fd, Buffer.from(`${JSON.stringify({ hash, state })}\n`));
      known.add(hash);
    } catch (error) {
      // Half a line may be there now. The next process cuts it off, this one writes nothing after it.
      this.#failure = error;
      throw cannotWrite(this.#file, error);
    }
  }

  close(): void {
    this.#failure = new Error('the states are closed');
    if (this.#open === undefined) return;
    const { fd } = this.#open;
    this.#open = undefined;
    try {
      flushSync(fd);
    } finally {
      closeSync(fd);
    }
  }
}

/** Opens the file to append to. A torn last line, left by a crash, is cut off. */
function openFile(file: string): { readonly fd: number; readonly known: Set<string> } {
  mkdirSync(dirname(file), { recursive: true });
  const fd = openSync(file, 'a+');
  try {
    const known = new Set<string>();
    let whole = 0;
    for (const line of linesOfSync(file)) {
      whole = line.end;
      const entry = entryIn(line);
      if (entry !== null) known.add(entry.hash);
    }
    if (whole < fstatSync(fd).size) ftruncateSync(fd, whole);
    return { fd, known };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** The states that a run kept, by hash; none where there is no file. A line that is still being written is left out. */
export async function readKeptStates(file: string): Promise<ReadonlyMap<string, ProgramState>> {
  const states = new Map<string, ProgramState>();
  for await (const lines of linesOf(file)) {
    for (const line of lines) {
      const entry = entryIn(line);
      if (entry !== null && states.size < statesKeptAtMost) states.set(entry.hash, entry.state);
    }
  }
  return states;
}

/**
 * A line that is damaged is a state that was not kept: nothing but a look at it depends on it. Its hash proves a state,
 * whatever the line's origin.
 */
function entryIn({ bytes }: Line): z.infer<typeof entrySchema> | null {
  try {
    const entry = entrySchema.parse(JSON.parse(bytes?.toString('utf8') ?? ''));
    return stateHash(entry.state) === entry.hash ? entry : null;
  } catch {
    return null;
  }
}
