import { canonicalJson } from '../base/json.ts';
import type { LmAnswer, LmCall } from '../data/lm.ts';
import type { UserCodeError } from '../data/trace.ts';
import { CallRejected } from '../engine/errors.ts';
import type { CallLm, ProgramRun, RunRequest } from '../engine/interfaces.ts';

type Purpose = 'program' | 'metric';

interface LmRecord {
  readonly call: LmCall;
  readonly purpose: Purpose;
  readonly answer: Promise<LmAnswer>;
}

/**
 * One program run on its way to an outcome, over however many host processes that takes. Its LM answers are kept: a
 * second try (another example took the host down) asks for nothing that the first was answered, and the k-th
 * identical call of the run stays the k-th.
 */
export class RunTicket {
  readonly id: number;
  readonly request: RunRequest;
  readonly stateHash: string;
  readonly outcome: Promise<ProgramRun>;
  /** Seconds of this try in which the run waited for no LM. */
  busySeconds = 0;
  private readonly lm: CallLm;
  private readonly began = performance.now();
  private readonly records: LmRecord[] = [];
  private earlier: Map<string, Promise<LmAnswer>[]> | null = null;
  private openCalls = 0;
  private tries = 1;
  private done = false;
  private readonly resolve: (outcome: ProgramRun) => void;
  private readonly reject: (error: unknown) => void;
  private onSettled: (() => void)[] = [];

  constructor(id: number, request: RunRequest, stateHash: string, lm: CallLm) {
    this.id = id;
    this.request = request;
    this.stateHash = stateHash;
    this.lm = lm;
    const { promise, resolve, reject } = deferred<ProgramRun>();
    this.outcome = promise;
    this.resolve = resolve;
    this.reject = reject;
  }

  get settled(): boolean {
    return this.done;
  }

  get waitsForLm(): boolean {
    return this.openCalls > 0;
  }

  /**
   * Answers an LM call of the run. An error that leaves the run without a result (all but `CallRejected`) also ends
   * the run, whatever user code does with it.
   */
  async complete(call: LmCall, purpose: Purpose): Promise<LmAnswer> {
    const ofTry = this.tries;
    this.openCalls++;
    try {
      const answer = this.replay(call, purpose) ?? this.lm(call, purpose);
      this.records.push({ call, purpose, answer });
      return await answer;
    } catch (error) {
      if (!(error instanceof CallRejected)) this.fail(error);
      throw error;
    } finally {
      if (ofTry === this.tries) this.openCalls--;
    }
  }

  /** Makes the answers so far available to another try. */
  startAgain(): void {
    const earlier = new Map<string, Promise<LmAnswer>[]>();
    const left = this.earlier === null ? [] : [...this.earlier];
    for (const record of this.records) {
      const key = keyOf(record.call, record.purpose);
      const answers = earlier.get(key) ?? [];
      answers.push(record.answer);
      earlier.set(key, answers);
    }
    // Answers of an earlier try that the last one did not get to come after those it used.
    for (const [key, answers] of left) earlier.set(key, [...(earlier.get(key) ?? []), ...answers]);
    this.earlier = earlier;
    this.records.length = 0;
    this.tries++;
    this.openCalls = 0;
    this.busySeconds = 0;
  }

  finish(outcome: ProgramRun): void {
    if (this.settle()) this.resolve(outcome);
  }

  /** Ends the run as its own user code's fault. */
  blame(error: UserCodeError): void {
    const seconds = (performance.now() - this.began) / 1000;
    this.finish({ prediction: null, score: 0, error, trace: [], seconds });
  }

  fail(error: unknown): void {
    if (this.settle()) this.reject(error);
  }

  /** Called once, when there is an outcome or an error. */
  whenSettled(listener: () => void): void {
    if (this.done) listener();
    else this.onSettled.push(listener);
  }

  private replay(call: LmCall, purpose: Purpose): Promise<LmAnswer> | undefined {
    if (this.earlier === null || this.earlier.size === 0) return undefined;
    const key = keyOf(call, purpose);
    const answers = this.earlier.get(key);
    const answer = answers?.shift();
    if (answers?.length === 0) this.earlier.delete(key);
    return answer;
  }

  private settle(): boolean {
    if (this.done) return false;
    this.done = true;
    const listeners = this.onSettled;
    this.onSettled = [];
    for (const listener of listeners) listener();
    return true;
  }
}

function keyOf(call: LmCall, purpose: Purpose): string {
  return `${purpose} ${canonicalJson(call)}`;
}

function deferred<T>(): {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
} {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
