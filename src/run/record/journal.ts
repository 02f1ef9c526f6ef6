import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { rowsFileName } from '../../data/rowsFile.ts';
import { replaceFile } from '../../base/replaceFile.ts';
import { HumanError } from '../../base/errors.ts';
import type { JsonValue } from '../../base/json.ts';
import type { ProgramState } from '../../data/program.ts';
import type { Journal, TraceRecord } from '../../engine/interfaces.ts';
import type { LoggedEvent, RunEvent } from '../../protocol.ts';
import { cannotWrite } from './diskError.ts';
import { EventLog } from './eventLog.ts';
import { KeptStates } from './keptStates.ts';
import { elsewhere, inTurn, isLock, nameOf, tryLock } from './lock.ts';
import type { Lock } from './lock.ts';
import { sealLog } from './logSeal.ts';
import { lockFile, runFiles } from './runFolder.ts';
import type { RunLocation } from './runFolder.ts';
import { TraceStore } from './traceStore.ts';

/** The memo as `src/lm/memo.ts` keeps it, shared by all runs of a workspace. */
export interface MemoStore {
  get(key: string): Promise<JsonValue | undefined>;
  put(key: string, value: JsonValue): Promise<void>;
  /** Looks at once at what other processes have put. */
  refresh(): Promise<void>;
}

export interface JournalOptions {
  readonly workspace: string;
  readonly run: RunLocation;
  /** Stays the caller's: `close` leaves it open. */
  readonly memo: MemoStore;
  onEvent(event: LoggedEvent): void;
  /** Every program run, right after it was put in the trace store. */
  onTrace?(record: TraceRecord): void;
  readonly now?: () => Date;
}

/** The record of a run on the disk. Holds the run's lock until it is closed. */
export class RunJournal implements Journal {
  readonly #options: JournalOptions;
  readonly #lock: Lock;
  readonly #log: EventLog;
  readonly #traces: TraceStore;
  readonly #states: KeptStates;

  private constructor(options: JournalOptions, lock: Lock) {
    const files = runFiles(options.run.folder);
    this.#options = options;
    this.#lock = lock;
    this.#log = new EventLog(files.events, options.now);
    this.#traces = new TraceStore(files.traces);
    this.#states = new KeptStates(files.states);
  }

  /**
   * Takes the run's lock and fixes what a crash left.
   *
   * @throws HumanError when another process works on the run; the message names it.
   */
  static async open(options: JournalOptions): Promise<RunJournal> {
    const files = runFiles(options.run.folder);
    const lock = tryLock(files.lock);
    if (!isLock(lock)) {
      throw new HumanError(
        `${nameOf(lock)} is working on run ${options.run.id}. Wait for it, or stop it with ` +
          `\`bettertogether cancel ${options.run.id}\`.${elsewhere(lock, files.lock)}`,
      );
    }
    try {
      return new RunJournal(options, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /**
   * The result is what a finished run is asked for later on: it is sealed, with the log up to it. So is a stop, so that nobody
   * else can say that a run has stopped.
   */
  append(event: RunEvent): void {
    const { onEvent } = this.#options;
    onEvent(this.#log.append(event, this.#sealOf(event.type)));
  }

  #sealOf(type: RunEvent['type']): ((line: string) => void) | undefined {
    const { folder } = this.#options.run;
    const seal = (line: string): void => {
      sealLog(folder, line);
    };
    if (type === 'run.finished') return seal;
    if (type !== 'run.stopped') return undefined;
    // Why it stopped is said also where the disk takes no seal any more.
    return (line) => {
      try {
        seal(line);
      } catch {
        return;
      }
    };
  }

  trace(record: TraceRecord): void {
    this.#traces.append(record);
    this.#options.onTrace?.(record);
  }

  state(state: ProgramState): void {
    this.#states.keep(state);
  }

  /** @param name of the file, or of the step: see `rowsFileName`. */
  async rows(name: string, content: string): Promise<void> {
    const { rows: folder } = runFiles(this.#options.run.folder);
    const file = join(folder, rowsFileName(name));
    try {
      await mkdir(folder, { recursive: true });
      await replaceFile(file, content);
    } catch (error) {
      throw cannotWrite(`The training rows ${file}`, error);
    }
  }

  recall(key: string): Promise<JsonValue | undefined> {
    return this.#options.memo.get(key);
  }

  remember(key: string, value: JsonValue): Promise<void> {
    return this.#options.memo.put(key, value);
  }

  exclusively<T>(key: string, body: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const { workspace, memo } = this.#options;
    return inTurn(lockFile(workspace, key), memo, body, signal, (message) => {
      this.append({ type: 'warning', message });
    });
  }

  /** Everything on the disk, the lock free. */
  close(): void {
    const failures: unknown[] = [];
    for (const close of [
      () => this.#traces.close(),
      () => this.#states.close(),
      () => this.#log.close(),
      () => this.#lock.release(),
    ]) {
      try {
        close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
