import type { Fields } from '../../base/json.ts';
import type { ProgramOutcome } from '../../data/trace.ts';
import { withRuntime } from '../../program/runtime/runtime.ts';
import type { RunParams } from '../protocol.ts';
import type { Loaded } from './loaded.ts';
import { measure } from './measure.ts';
import { plainFields } from './plainFields.ts';
import { rowValues } from './rowValues.ts';
import type { RunContext } from './runContext.ts';
import { userError } from './userError.ts';

/** Runs the program on one example and scores it. Whatever user code throws is an outcome. */
export async function runExample(loaded: Loaded, context: RunContext, params: RunParams): Promise<ProgramOutcome> {
  let prediction: Fields | null = null;
  try {
    prediction = await within(context, context.program, () => predict(loaded, params));
    const made = prediction;
    context.phase = 'metric';
    const rating = await within(context, context.metric, () => measure(loaded, context, params, made));
    context.throwUnhandled();
    return { prediction, ...rating, trace: context.trace(), ...context.retrievals(), seconds: context.seconds() };
  } catch (error) {
    return {
      prediction,
      score: 0,
      error: userError(error, context.phase, loaded.workspace),
      trace: context.trace(),
      ...context.retrievals(),
      seconds: context.seconds(),
    };
  } finally {
    context.finish();
  }
}

/** Until `body` is done or the run is stopped. */
function within<T>(context: RunContext, runtime: RunContext['program'], body: () => Promise<T>): Promise<T> {
  return Promise.race([withRuntime(runtime, body), context.stopped]);
}

async function predict(loaded: Loaded, params: RunParams): Promise<Fields> {
  return plainFields(await loaded.program.run(rowValues(params.inputs, loaded.types, params.example)));
}
