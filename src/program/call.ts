/** One call of a predictor: from inputs to a prompt, to an answer, to outputs, with a trace of it. */
import { HumanError, messageOf, UsageError } from '../base/errors.ts';
import type { Fields, JsonValue } from '../base/json.ts';
import type { LmAnswer, LmCall, Sampling } from '../data/lm.ts';
import type { PredictorState } from '../data/program.ts';
import { recordOf } from '../data/trace.ts';
import type { LmRecord } from '../data/trace.ts';
import type { Predictor } from './brands.ts';
import { configuredRuntime } from './configure.ts';
import { valueIn } from './formats/demos.ts';
import type { Format, RenderedPrompt } from './formats/format.ts';
import { formatNamed } from './formats/registry.ts';
import { currentModulePath } from './modulePath.ts';
import { isParseError, ParseError } from './values/parseError.ts';
import { currentRuntime } from './runtime/runtime.ts';
import type { Runtime } from './runtime/runtime.ts';
import type { Signature } from './signature.ts';
import { toJson } from './values/toJson.ts';
import { checkedOutputs } from './zodFields.ts';

/** A predictor, as far as a call of it is concerned. */
export interface Callee {
  readonly predictor: Predictor;
  readonly signature: Signature;
  readonly sampling: Partial<Sampling>;
  /** Notifies the program's author, once. */
  warn(message: string): void;
}

interface Answered {
  /** As the trace keeps them. */
  readonly outputs: Fields;
  /** As the program gets them, checked and transformed by the signature's zod schemas. */
  readonly checked: Readonly<Record<string, unknown>>;
}

/** How often a text completion that broke off is continued (dsp/primitives/predict.py: `max_depth`). */
const maxContinuations = 2;

/** The paper's limit on a completion; what continuations are measured by where nothing else is known. */
const usualMaxTokens = 1024;

/**
 * Asks the LM for the outputs. Goes to the runtime of the run around it, or else to the endpoint of `configure`.
 *
 * @returns the outputs by name, checked against the signature's zod schemas where it has them.
 * @throws ParseError when the answer is not in the format; UsageError when there is no endpoint to ask.
 */
export async function callPredictor(callee: Callee, given: unknown): Promise<Readonly<Record<string, unknown>>> {
  const runtime = currentRuntime() ?? configuredRuntime();
  const found = runtime.lookup(callee.predictor);
  if (found === undefined) throw notFound(callee.signature);
  const { name, state } = found;
  const inputs = takeInputs(callee, given);
  const path = currentModulePath();
  const lm: LmRecord[] = [];
  const began = performance.now();
  const record = (end: { readonly outputs: Fields | null; readonly error?: string }): void => {
    const [start, seconds] = [(began - runtime.startedAt) / 1000, (performance.now() - began) / 1000];
    runtime.record({ predictor: name, inputs, ...end, lm, path, start, seconds });
  };
  try {
    const { outputs, checked } = await ask(callee, runtime, state, inputs, lm);
    record({ outputs });
    return checked;
  } catch (error) {
    record({ outputs: null, error: messageOf(error) });
    throw error;
  }
}

async function ask(
  { signature, sampling }: Callee,
  runtime: Runtime,
  state: PredictorState,
  inputs: Fields,
  lm: LmRecord[],
): Promise<Answered> {
  const format = formatNamed(runtime.format);
  const complete = async (rendered: RenderedPrompt, settings: Partial<Sampling>): Promise<LmAnswer> => {
    const answer = await runtime.complete(lmCall(rendered, state.model, settings, runtime.guided));
    lm.push(recordOf(answer));
    return answer;
  };
  try {
    return await askIn(format);
  } catch (error) {
    if (format.fallback === undefined || !isParseError(error)) throw error;
    return await askAgain(format.fallback, error);
  }

  async function askAgain(fallback: Format, first: ParseError): Promise<Answered> {
    try {
      return await askIn(fallback);
    } catch (again) {
      throw isParseError(again) ? bothUnread(first, again) : again;
    }
  }

  async function askIn(chosen: Format): Promise<Answered> {
    const first = await complete(chosen.render(signature, state, inputs), sampling);
    const text = await resumed(chosen, signature, state, inputs, first, sampling, complete);
    const outputs = chosen.parse(signature, text);
    // The trace keeps its own copy: what the user's code does to the outputs is not part of it.
    return { outputs, checked: await checkedOutputs(signature, outputs, text) };
  }
}

function bothUnread(first: ParseError, again: ParseError): ParseError {
  const { field, completion, parsed } = again;
  return new ParseError(`${first.message}. Asked again in JSON: ${again.message}`, { field, completion, parsed });
}

function lmCall(
  { prompt, stop, guide }: RenderedPrompt,
  model: string,
  sampling: Partial<Sampling>,
  guided: Runtime['guided'],
): LmCall {
  return {
    model,
    prompt,
    stop,
    ...(guide === undefined || guided === 'off' ? {} : { guide }),
    ...(Object.keys(sampling).length === 0 ? {} : { sampling }),
  };
}

/**
 * The whole text of an answer that broke off before its last field: the prompt is continued greedily with at most
 * half of the tokens, as DSPy 2.4 did, and not asked again where the same greedy request was just made.
 */
async function resumed(
  format: Format,
  signature: Signature,
  state: PredictorState,
  inputs: Fields,
  first: LmAnswer,
  sampling: Partial<Sampling>,
  complete: (rendered: RenderedPrompt, settings: Partial<Sampling>) => Promise<LmAnswer>,
): Promise<string> {
  let { text } = first;
  let asked = '';
  for (let i = 0; i < maxContinuations; i++) {
    const next = format.resume?.(signature, state, inputs, text);
    if (next === undefined || JSON.stringify(next.prompt) === asked) break;
    asked = JSON.stringify(next.prompt);
    const maxTokens = continuationTokens(first, sampling);
    text = next.before + (await complete(next, { ...sampling, temperature: 0, maxTokens })).text;
  }
  return text;
}

/** min(max(75, m / 2), m), where m is what the first request was allowed. */
function continuationTokens(first: LmAnswer, sampling: Partial<Sampling>): number {
  const used = first.finishReason === 'length' ? first.usage?.outputTokens : undefined;
  const allowed = sampling.maxTokens ?? used ?? usualMaxTokens;
  return Math.min(Math.max(75, Math.floor(allowed / 2)), allowed);
}

function notFound(signature: Signature): HumanError {
  return new HumanError(
    `The predictor '${inOut(signature)}' is not part of the program, so it has no prompt and no model in this run. ` +
      'Make it once, as an attribute of the module, not inside forward.',
  );
}

function inOut({ inputs, outputs }: Signature): string {
  const names = (fields: Signature['inputs']): string => fields.map(({ name }) => name).join(', ');
  return `${names(inputs)} -> ${names(outputs)}`;
}

/** The inputs the signature names, as JSON, apart from whatever the caller does to them later. */
function takeInputs({ signature, warn }: Callee, given: unknown): Fields {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    const example = signature.inputs.map((field) => field.name).join(', ');
    throw new UsageError(`A predictor is called with one object of inputs, as in predict({ ${example} }).`);
  }
  const inputs = signature.inputs.flatMap(({ name }) => {
    const value = valueIn(given as Fields, name);
    return value === undefined ? [] : [[name, inputValue(name, value)] as const];
  });
  const names = signature.inputs.map((field) => field.name);
  const missing = names.filter((name) => inputs.every(([present]) => present !== name));
  const unknown = Object.keys(given).filter((name) => !names.includes(name));
  if (missing.length > 0) warn(`The predictor '${inOut(signature)}' is called without: ${missing.join(', ')}.`);
  if (unknown.length > 0) warn(`The predictor '${inOut(signature)}' has no inputs: ${unknown.join(', ')}.`);
  return Object.fromEntries(inputs);
}

function inputValue(name: string, value: unknown): JsonValue {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  let copy: JsonValue | undefined;
  try {
    copy = toJson(value, name, { functions: 'left out' });
  } catch {
    // Reported below: cyclic data, or a promise.
  }
  if (copy !== undefined) return copy;
  throw new UsageError(`The input '${name}' is not JSON (a ${typeof value} or cyclic data). Give it as text or data.`);
}
