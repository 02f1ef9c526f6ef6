import { AsyncLocalStorage } from 'node:async_hooks';
import type { LmAnswer, LmCall } from '../../data/lm.ts';
import type { PredictorState } from '../../data/program.ts';
import type { Retrieval, TraceCall } from '../../data/trace.ts';
import type { FormatName } from '../formats/registry.ts';

/** What a predictor finds around it while a program runs: where its LM calls go and in which state it answers. */
export interface Runtime {
  readonly format: FormatName;
  /** `auto`: constrain answers where format and endpoint can; `off`: never. */
  readonly guided: 'auto' | 'off';
  complete(call: LmCall): Promise<LmAnswer>;
  /** Name and state of a predictor object; `undefined` for one the program's discovery did not find. */
  lookup(predictor: object): { readonly name: string; readonly state: PredictorState } | undefined;
  /** Called once per finished predictor call, failed ones included. */
  record(call: TraceCall): void;
  /** Called once per look-up of passages; another copy of the SDK or the host may not know it. */
  recordRetrieval?(retrieval: Retrieval): void;
  /** `performance.now()` when the program run began. */
  readonly startedAt: number;
}

/**
 * The user's code may load another copy of this module than the host does (an installed `bettertogether`), so the
 * storage is shared by a process-wide symbol. Bump the version when `Runtime` changes.
 */
const key = Symbol.for('bettertogether.runtime.1');
const shared = globalThis as typeof globalThis & { [key]?: AsyncLocalStorage<Runtime> };
const storage = (shared[key] ??= new AsyncLocalStorage<Runtime>());

/** Runs `body` with `runtime` around every predictor call in it, however deep and however concurrent. */
export function withRuntime<T>(runtime: Runtime, body: () => T): T {
  return storage.run(runtime, body);
}

export function currentRuntime(): Runtime | undefined {
  return storage.getStore();
}
