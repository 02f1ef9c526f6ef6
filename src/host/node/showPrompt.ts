import { messageOf } from '../../base/errors.ts';
import type { LmCall } from '../../data/lm.ts';
import { fieldsFromJson } from '../../program/values/fromJson.ts';
import { withRuntime } from '../../program/runtime/runtime.ts';
import type { RenderPromptParams } from '../protocol.ts';
import type { LoadedHost } from './load.ts';

/** The predictor cannot be asked that: the inputs or the predictor's name. Written for the user. */
export class PromptError extends Error {
  override readonly name = 'PromptError';
}

interface Callable {
  call(inputs: Readonly<Record<string, unknown>>): Promise<unknown>;
}

/**
 * What a predictor would ask: it is called, and the call is kept where it would leave the process.
 *
 * @throws PromptError
 */
export async function showPrompt(
  { predictors, params }: LoadedHost,
  { predictor: name, state, inputs }: RenderPromptParams,
): Promise<LmCall> {
  const predictor = predictors.get(name);
  if (predictor === undefined) {
    throw new PromptError(`The program has no predictor "${name}". It has: ${[...predictors.keys()].join(', ')}.`);
  }
  let asked: LmCall | undefined;
  const runtime = {
    format: params.adapter,
    guided: params.guided,
    startedAt: performance.now(),
    complete: (call: LmCall) => {
      asked = call;
      return Promise.reject(new Error('Only the prompt was wanted.'));
    },
    lookup: () => ({ name, state }),
    record: () => undefined,
  };
  try {
    await withRuntime(runtime, () => (predictor as unknown as Callable).call(fieldsFromJson(inputs)));
  } catch (error) {
    if (asked === undefined) throw new PromptError(messageOf(error));
  }
  return asked!;
}
