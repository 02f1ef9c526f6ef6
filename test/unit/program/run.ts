import type { LmAnswer, LmCall } from '../../../src/data/lm.ts';
import type { PredictorState } from '../../../src/data/program.ts';
import type { TraceCall } from '../../../src/data/trace.ts';
import { namedPredictors } from '../../../src/program/predictors.ts';
import { withRuntime } from '../../../src/program/runtime/runtime.ts';
import type { Runtime } from '../../../src/program/runtime/runtime.ts';

export interface Recorded<T> {
  readonly result: T;
  readonly calls: readonly LmCall[];
  readonly trace: readonly TraceCall[];
}

type Reply = string | (Partial<LmAnswer> & { readonly text: string });

/** Runs `body` in a runtime whose LM is `reply`; every predictor of `root` answers in its own state on `base`. */
export async function run<T>(
  root: object,
  reply: (call: LmCall, n: number) => Reply | Promise<Reply>,
  body: () => Promise<T>,
  options: Partial<Pick<Runtime, 'format' | 'guided'>> & {
    readonly state?: Readonly<Record<string, PredictorState>>;
  } = {},
): Promise<Recorded<T>> {
  const calls: LmCall[] = [];
  const trace: TraceCall[] = [];
  const known = new Map<object, { readonly name: string; readonly state: PredictorState }>();
  for (const { name, predictor } of namedPredictors(root)) {
    known.set(predictor, { name, state: options.state?.[name] ?? { ...predictor.ownState(), model: 'base' } });
  }
  const runtime: Runtime = {
    format: options.format ?? 'chat',
    guided: options.guided ?? 'auto',
    startedAt: performance.now(),
    lookup: (predictor) => known.get(predictor),
    record: (call) => void trace.push(call),
    complete: async (call) => {
      calls.push(call);
      const said = await reply(call, calls.length);
      return answer(typeof said === 'string' ? { text: said } : said, call.model, `key${calls.length}`);
    },
  };
  return { result: await withRuntime(runtime, body), calls, trace };
}

function answer(given: Partial<LmAnswer> & { readonly text: string }, model: string, key: string): LmAnswer {
  const usage = { inputTokens: 10, cachedInputTokens: 0, outputTokens: 5 };
  return { finishReason: 'stop', usage, key, model, cached: false, seconds: 0, ...given };
}

/** A ChatAdapter answer. */
export function chat(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `[[ ## ${name} ## ]]\n${value}\n\n`)
    .join('');
}

/** The last turn, or the whole text. */
export function asked(call: LmCall): string {
  return call.prompt.kind === 'text' ? call.prompt.prompt : call.prompt.messages.at(-1)!.content;
}
