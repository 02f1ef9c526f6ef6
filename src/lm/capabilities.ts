import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai';
import type { Capabilities, LmAnswer, LmCall, Rollout } from '../data/lm.ts';
import { meaningOf } from '../wire/errorMeaning.ts';
import { buildRequest, maxTokensKeyOf, type LmRequest } from '../wire/requestBody.ts';
import type { RequestPart } from '../wire/requestParts.ts';
import { HumanError } from '../base/errors.ts';
import type { BudgetGate } from '../engine/budget.ts';
import { CallRejected, EndpointRefused } from '../engine/errors.ts';
import { AttemptBudget } from './attemptBudget.ts';
import { send } from './client.ts';
import type { Completion } from '../wire/completion.ts';
import type { Connection } from './connection.ts';
import { named, whereToLook } from './endpoint.ts';
import { AnswerTooLarge, classify, mayBePaid, saidOf, type Failure } from './failures.ts';
import { priceOf, usdAtMost, usdOfUsage, type PriceTable } from './prices.ts';
import { classifyCall, PartRefused } from './refusal.ts';
import { askModel, passingRefusals, type Refusals } from './refusals.ts';
import { completionTokensAtMost, promptTokensAtMost } from './requestBounds.ts';
import { EndpointHealth, withRetries, type RetryOptions } from './retry.ts';
import { entryOf, readModels, type ServedModel } from './servedModels.ts';

/** Where the calls of a probe are entered: they are on the endpoint's bill like all others. */
export interface ProbeAccount {
  readonly gate: BudgetGate;
  readonly prices: PriceTable | null;
  readonly onPaid: (answer: LmAnswer) => void;
}

/** For who keeps no account. */
export const unmetered: ProbeAccount = {
  gate: { reserve: () => Promise.resolve({ settle: () => undefined, release: () => undefined }) },
  prices: null,
  onPaid: () => undefined,
};

/** What any request of a probe takes. */
interface Asking {
  readonly connection: Connection;
  readonly signal: AbortSignal;
  readonly retry: RetryOptions;
  readonly health: EndpointHealth;
}

interface Probe extends Asking {
  readonly account: ProbeAccount;
  readonly refusals: Refusals;
}

/**
 * Finds out what an endpoint can do, with a handful of short requests: what it advertises (`bettertogether` in
 * `/v1/models`: the embedded endpoint), what is known of its kind (vLLM), or what requests show. What cannot be shown
 * counts as missing: then a prompt is sent without it, and said so.
 *
 * @throws EndpointUnavailable when nothing answers there: that says nothing about what it can do, and must not be kept.
 * @throws EndpointRefused for a wrong key or an unknown model.
 * @throws BudgetExhausted when not even these requests fit under the cap.
 */
export async function probeCapabilities(
  connection: Connection,
  model: string,
  signal: AbortSignal,
  retry: RetryOptions = { patienceSeconds: 20 },
  account: ProbeAccount = unmetered,
  refusals: Refusals = passingRefusals(),
): Promise<Capabilities> {
  const probe: Probe = { account, connection, signal, retry, health: new EndpointHealth(), refusals };
  const served = await servedModels(probe);
  const own = entryOf(served, model);
  const advertised = own?.bettertogether ?? null;
  if (advertised !== null) return advertisedCapabilities(advertised);
  const completions = await shows(probe, completionsProbe(model), () => true);
  if (own?.owned_by === 'vllm') {
    return { completions, continueFinal: true, structuredChoice: true, jsonSchema: true };
  }
  const structuredChoice = await shows(probe, choiceProbe(model), (text) => text === choiceWord, 'choice');
  const jsonSchema = await shows(probe, schemaProbe(model), isProbeJson, 'jsonSchema', thinkingTokens);
  const continueFinal = await knowsOpenedTurns(probe, model);
  const repeats = continueFinal && (await shows(probe, openedProbe(model), (text) => text.startsWith(choiceWord)));
  return { completions, continueFinal, ...(repeats ? { repeatsOpened: true } : {}), structuredChoice, jsonSchema };
}

/**
 * Whether an endpoint says of its models that it is ours (`bettertogether` in `/v1/models`).
 *
 * @throws EndpointUnavailable when nothing answers there.
 */
export async function advertisesItself(
  connection: Connection,
  signal: AbortSignal,
  retry: RetryOptions = { patienceSeconds: 20 },
): Promise<boolean> {
  const probe = { connection, signal, retry, health: new EndpointHealth() };
  const served = await servedModels(probe);
  return served?.some(({ bettertogether }) => bettertogether != null) ?? false;
}

/**
 * Asks for a few tokens with all that a run may send, so that what the endpoint refuses of it is known.
 *
 * @returns milliseconds that the answer took.
 * @throws as `probeCapabilities`; CallRejected when the model does not answer at all, however little is sent.
 */
export async function learnRefusals(
  connection: Connection,
  model: string,
  signal: AbortSignal,
  retry: RetryOptions,
  account: ProbeAccount,
  refusals: Refusals,
): Promise<number> {
  const probe: Probe = { account, connection, signal, retry, health: new EndpointHealth(), refusals };
  const rollout = { round: 0, repeat: 1 };
  const asked = (refused: ReadonlySet<RequestPart>, maxTokens: number) => {
    const request = probeRequest(connection, everythingProbe(model, maxTokens), refused, rollout);
    return withRoom(probe, model, request, (...how) => answered(probe, ...how));
  };
  return askModel(refusals, model, async (refused) => {
    const began = performance.now();
    const answer = await asked(refused, fewTokens);
    if (answer === unfinished) await asked(refused, thinkingTokens);
    return Math.round(performance.now() - began);
  });
}

/** Names of the models an endpoint lists; `null` where it lists none. @throws EndpointUnavailable when nothing answers. */
export async function listedModels(
  connection: Connection,
  signal: AbortSignal,
  retry: RetryOptions,
): Promise<readonly string[] | null> {
  const served = await servedModels({ connection, signal, retry, health: new EndpointHealth() });
  return served?.map(({ id }) => id) ?? null;
}

/** The models an endpoint lists; `null` where it lists none. */
async function servedModels(probe: Asking): Promise<readonly ServedModel[] | null> {
  const { openai } = probe.connection;
  const answer = await ask(probe, 'the list of models', (own) =>
    openai.get('/models', { signal: own, timeout: listMs }).catch(unlessLate),
  );
  return readModels(answer);
}

/** A list that never comes is none: whether anything answers there, the next request shows. */
const listMs = 20_000;

function unlessLate(error: unknown): null {
  if (error instanceof APIConnectionTimeoutError) return null;
  throw error;
}

/** Both `{"bettertogether": {"completions": true, …}}` and `{"bettertogether": {"capabilities": {…}}}` are read. */
function advertisedCapabilities(advertised: Readonly<Record<string, unknown>>): Capabilities {
  const nested = advertised['capabilities'];
  const record = (typeof nested === 'object' && nested !== null ? nested : advertised) as Record<string, unknown>;
  return {
    completions: record['completions'] === true,
    continueFinal: record['continueFinal'] === true,
    structuredChoice: record['structuredChoice'] === true,
    jsonSchema: record['jsonSchema'] === true,
  };
}

/**
 * Whether an answer to a call proves what it is to prove.
 *
 * @param part what is asked for: without it nothing is proven.
 * @param longer tokens with which an answer that was cut off is asked for again. Default: it is not.
 */
function shows(
  probe: Probe,
  call: LmCall,
  proves: (text: string) => boolean,
  part?: RequestPart,
  longer?: number,
): Promise<boolean> {
  /** `null`: it was refused. */
  const asked = (refused: ReadonlySet<RequestPart>, sent: LmCall): Promise<Completion | null> =>
    withRoom(probe, call.model, probeRequest(probe.connection, sent, refused), (...how) => ask(probe, ...how));
  return askModel(probe.refusals, call.model, async (refused) => {
    if (part !== undefined && refused.has(part)) return false;
    const first = await asked(refused, call);
    const isCutOff = longer !== undefined && first?.finishReason === 'length';
    const answer = isCutOff ? await asked(refused, { ...call, sampling: { maxTokens: longer } }) : first;
    return answer !== null && answer.text !== null && proves(answer.text);
  }).catch((error: unknown) => {
    // Nothing of it can be left out any more.
    if (error instanceof PartRefused) return false;
    throw error;
  });
}

/**
 * Whether an endpoint goes on from an opened turn. Most servers ignore keys that they do not know, so an answer shows
 * nothing; one that knows these refuses them where they contradict each other (vLLM, llama-server, also behind a proxy).
 */
function knowsOpenedTurns(probe: Probe, model: string): Promise<boolean> {
  return askModel(probe.refusals, model, async (refused) => {
    const { body, ...request } = probeRequest(probe.connection, greeting(model, fewTokens), refused);
    const contradiction = { ...body, continue_final_message: true, add_generation_prompt: true };
    try {
      await withRoom(probe, model, { ...request, body: contradiction }, (...asked) => answered(probe, ...asked));
      return false;
    } catch (error) {
      // Said first of another part, it may be said of these keys without that one.
      if (error instanceof PartRefused && error.refusal.part !== 'opened' && !refused.has(error.refusal.part))
        throw error;
      if (error instanceof Unsupported || error instanceof CallRejected) return contradicted.test(error.message);
      if (error instanceof EndpointRefused && !error.key) return false;
      throw error;
    }
  });
}

const contradicted = /cannot set both\b.*continue_final_message|continue_final_message asks for/is;

function probeRequest(
  { endpoint }: Connection,
  call: LmCall,
  refused: ReadonlySet<RequestPart>,
  rollout: Rollout = { round: 0, repeat: 0 },
): LmRequest {
  return buildRequest(call, {
    sampling: { temperature: 0, topP: null, maxTokens: 1 },
    capabilities: { completions: true, continueFinal: true, structuredChoice: true, jsonSchema: true },
    refused,
    rollout,
    maxTokensKey: maxTokensKeyOf(endpoint.baseURL),
    furtherKeys: endpoint.request,
  });
}

/** @param way how it is asked: where a refusal is an answer (`ask`), or where it is an error (`answered`). */
async function withRoom<T>(
  probe: Probe,
  model: string,
  request: LmRequest,
  way: (
    what: string,
    once: (own: AbortSignal) => Promise<Completion>,
    means: (error: unknown) => Failure,
  ) => Promise<T>,
): Promise<T> {
  const room = roomFor(probe, model, request);
  const means = (error: unknown) => classifyCall(error, probe.connection, request);
  try {
    const once = (own: AbortSignal) => pay(probe, room, model, request, own).catch(asCutOff);
    return await way(`model "${model}"`, once, means);
  } finally {
    room.close();
  }
}

/** What OpenAI's models that think say by an error: all that was asked of them was taken, and the limit was too small. */
function asCutOff(error: unknown): Completion {
  const said = saidOf(error);
  if (said !== null && meaningOf(said.status, said.words) === 'unfinished') return unfinished;
  throw error;
}

const unfinished: Completion = {
  text: '',
  whyNoText: null,
  finishReason: 'length',
  usage: null,
  usageRefused: false,
  answeredBy: null,
};

function roomFor({ account: { gate, prices } }: Probe, model: string, request: LmRequest): AttemptBudget {
  const [input, output] = [promptTokensAtMost(request), completionTokensAtMost(request)];
  const usd = usdAtMost(priceOf(prices, model, null), input, output);
  return new AttemptBudget(gate, { calls: 1, tokens: input + output, usd });
}

/** One attempt, accounted for as the language model does it. */
async function pay(
  { account, connection, signal }: Probe,
  room: AttemptBudget,
  model: string,
  request: LmRequest,
  own: AbortSignal,
): Promise<Completion> {
  await room.take(signal);
  const started = performance.now();
  try {
    const answer = await send(connection, request, own);
    const { text, finishReason, usage } = answer;
    const { inputTokens = null, outputTokens = null } = usage ?? {};
    room.answered({ inputTokens, outputTokens, usd: usdOfUsage(priceOf(account.prices, model, null), usage) });
    const seconds = (performance.now() - started) / 1000;
    account.onPaid({ text: text ?? '', finishReason, usage, key: '', model, cached: false, seconds });
    return answer;
  } catch (error) {
    const failure = classify(error, connection, `model "${model}"`);
    if (signal.aborted || mayBePaid(failure)) room.lost();
    throw error;
  }
}

/**
 * A refusal of whatever kind means "no" (`null`), a key without the right to list models (403) too; no answer at all, or
 * a key that is not accepted (401), is an error.
 */
async function ask<T>(
  asking: Asking,
  what: string,
  request: (signal: AbortSignal) => Promise<T>,
  means?: (error: unknown) => Failure,
): Promise<T | null> {
  try {
    return await answered(asking, what, request, means);
  } catch (error) {
    if (error instanceof AnswerTooLarge || error instanceof PartRefused) throw error;
    if (error instanceof Unsupported || error instanceof CallRejected) return null;
    if (error instanceof EndpointRefused && !error.key) return null;
    throw error;
  }
}

/** The answer, where there is one. @throws as the language model's calls do; Unsupported where a server fails at it. */
function answered<T>(
  { connection, signal, retry, health }: Asking,
  what: string,
  request: (signal: AbortSignal) => Promise<T>,
  means = (error: unknown): Failure => classify(error, connection, what),
): Promise<T> {
  const { endpoint } = connection;
  const context = {
    health,
    who: `${named(endpoint)}, asked for ${what},`,
    advice: `${whereToLook(endpoint)}.`,
    options: retry,
    classify: (error: unknown): Failure => {
      const failure = means(error);
      return failure.kind === 'retry' && saysNo(error)
        ? { kind: 'final', error: new Unsupported(failure.what) }
        : failure;
    },
  };
  return withRetries(() => request(signal), context, signal);
}

class Unsupported extends HumanError {
  override readonly name = 'Unsupported';
}

/** Servers fail in many ways at what they do not know; an overloaded or starting one has said nothing yet. */
function saysNo(error: unknown): boolean {
  if (error instanceof APIConnectionError) return false;
  return !(error instanceof APIError) || ![408, 429, 502, 503, 504, 529].includes(Number(error.status));
}

/** A word no model says by itself. */
const choiceWord = 'zyxtrim';

function completionsProbe(model: string): LmCall {
  return { model, prompt: { kind: 'text', prompt: 'Hello' }, stop: [] };
}

/** Of an answer in a chat: OpenAI's newer models, as Azure and routers serve them, take no smaller limit. */
const fewTokens = 16;

/** With room for what a model thinks before it answers. */
const thinkingTokens = 1024;

function greeting(model: string, maxTokens: number): Omit<LmCall, 'guide'> {
  const prompt = { kind: 'chat', messages: [{ role: 'user', content: 'Say hello.' }] } as const;
  return { model, prompt, stop: [], sampling: { maxTokens } };
}

function openedProbe(model: string): LmCall {
  const messages = [{ role: 'user', content: 'Say hello.' }] as const;
  return {
    model,
    prompt: { kind: 'chat', messages, opened: choiceWord },
    stop: [],
    sampling: { maxTokens: fewTokens },
  };
}

function choiceProbe(model: string): LmCall {
  return { ...greeting(model, fewTokens), guide: { kind: 'choice', choices: [choiceWord] } };
}

function schemaProbe(model: string): LmCall {
  const schema = {
    type: 'object',
    properties: { [choiceWord]: { type: 'boolean' } },
    required: [choiceWord],
    additionalProperties: false,
  };
  return { ...greeting(model, 32), guide: { kind: 'jsonSchema', name: 'probe', schema } };
}

/** A system role, stop sequences, all of the sampling, JSON of any kind. */
function everythingProbe(model: string, maxTokens: number): LmCall {
  const messages = [
    { role: 'system', content: 'Answer in JSON.' },
    { role: 'user', content: 'Say hello.' },
  ] as const;
  const sampling = { temperature: 0.1, topP: 0.97, maxTokens };
  return { model, prompt: { kind: 'chat', messages }, stop: [choiceWord], sampling, guide: { kind: 'jsonObject' } };
}

function isProbeJson(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && choiceWord in value;
  } catch {
    return false;
  }
}
