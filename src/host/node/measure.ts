/** Asks the metric: for the score, and where feedback is wanted about one predictor, for that. */
import type { Fields } from '../../base/json.ts';
import type { ProgramOutcome, TraceCall } from '../../data/trace.ts';
import { fieldsFromJson } from '../../program/values/fromJson.ts';
import type { RunParams } from '../protocol.ts';
import type { BehindPrediction, UserMetric } from './program.ts';
import { rowValues } from './rowValues.ts';
import type { RunContext } from './runContext.ts';
import type { Loaded } from './loaded.ts';
import { ratingOf } from './score.ts';
import type { Rating } from './score.ts';
import { userError } from './userError.ts';

type Measured = Pick<ProgramOutcome, 'score' | 'feedback' | 'aboutPredictor'>;

/** The metric, asked about one run of the program. */
type Ask = (...more: BehindPrediction) => Promise<Rating>;

/** Whether a metric can be asked about one predictor: it has four parameters before the first with a default value. */
export function takesPredictor(metric: UserMetric): boolean {
  return metric.length >= 4;
}

/** @param made the program's prediction, as JSON. */
export async function measure(loaded: Loaded, context: RunContext, params: RunParams, made: Fields): Promise<Measured> {
  const { metric, types, metricRange, metricSpec } = loaded;
  const ask: Ask = async (...more) => {
    // Made anew each time: a metric may change what it is given.
    const fields = rowValues(params.fields, types, params.example);
    const value = await metric(fields, fieldsFromJson(made) as Fields, ...more);
    context.throwUnhandled();
    return ratingOf(value, metricRange, metricSpec, params.example);
  };
  const rating = await (params.collecting ? ask(context.trace().map(asValues)) : ask());
  if (params.feedbackFor === undefined || !takesPredictor(metric)) return rating;
  return aboutPredictor(params.feedbackFor, rating, { ask, context, workspace: loaded.workspace });
}

/** `rating`, with feedback about a predictor in the place of that about the program, where the predictor was called. */
async function aboutPredictor(
  predictor: string,
  rating: Rating,
  { ask, context, workspace }: { readonly ask: Ask; readonly context: RunContext; readonly workspace: string },
): Promise<Measured> {
  const trace = context.trace();
  const calls = trace.filter((call) => call.predictor === predictor);
  const failed = calls.find(({ outputs }) => outputs === null);
  if (failed !== undefined)
    return withWords(rating, `A call of ${predictor} failed: ${failed.error ?? 'no reason given'}`);
  if (calls.length === 0) return rating;
  try {
    const about = await ask(trace.map(asValues), predictor, calls.slice(0, 1).map(asValues));
    const measured = { ...rating, ...about, score: rating.score };
    return about.score === rating.score ? measured : { ...measured, aboutPredictor: { score: about.score } };
  } catch (thrown) {
    const error = userError(thrown, 'metric', workspace);
    return {
      ...withWords(rating, `Asked about ${predictor}, the metric failed: ${error.message}`),
      aboutPredictor: { error },
    };
  }
}

/** What is said first, and then what the metric said about the program. */
function withWords(rating: Rating, words: string): Rating {
  return { ...rating, feedback: rating.feedback === undefined ? words : `${words}\n${rating.feedback}` };
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
