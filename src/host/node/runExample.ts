import type { Fields } from '../../base/json.ts';
import type { ProgramOutcome, TraceCall } from '../../data/trace.ts';
import { fieldsFromJson } from '../../program/values/fromJson.ts';
import { withRuntime } from '../../program/runtime/runtime.ts';
import type { RunParams } from '../protocol.ts';
import { plainFields } from './plainFields.ts';
import { rowValues } from './rowValues.ts';
import type { KnownTypes } from './rowValues.ts';
import type { LoadedProgram, UserMetric } from './program.ts';
import type { RunContext } from './runContext.ts';
import { ratingOf } from './score.ts';
import type { Rating } from './score.ts';
import { userError } from './userError.ts';

export interface Loaded {
  readonly program: LoadedProgram;
  readonly metric: UserMetric;
  readonly types: KnownTypes;
  /** As written in `bettertogether.json`. */
  readonly metricSpec: string;
  readonly metricRange: readonly [number, number];
  /** Real path. */
  readonly workspace: string;
}

/** Runs the program on one example and scores it. Whatever user code throws is an outcome. */
export async function runExample(loaded: Loaded, context: RunContext, params: RunParams): Promise<ProgramOutcome> {
  let prediction: Fields | null = null;
  try {
    prediction = await within(context, context.program, () => predict(loaded, params));
    const made = prediction;
    context.phase = 'metric';
    const rating = await within(context, context.metric, () => measure(loaded, context, params, made));
    const [left] = context.unhandled.values();
    if (context.unhandled.size > 0) throw left;
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

async function measure(loaded: Loaded, context: RunContext, params: RunParams, made: Fields): Promise<Rating> {
  const fields = rowValues(params.fields, loaded.types, params.example);
  const prediction = fieldsFromJson(made) as Fields;
  const value = await (params.collecting
    ? loaded.metric(fields, prediction, context.trace().map(asValues))
    : loaded.metric(fields, prediction));
  return ratingOf(value, loaded.metricRange, loaded.metricSpec, params.example);
}

/** As the program saw the call. */
function asValues(call: TraceCall): TraceCall {
  const { inputs, outputs } = call;
  return {
    ...call,
    inputs: fieldsFromJson(inputs) as Fields,
    outputs: outputs === null ? null : (fieldsFromJson(outputs) as Fields),
  };
}
