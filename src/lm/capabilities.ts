import { APIConnectionError, APIError } from 'openai';
import * as z from 'zod';
import type { Capabilities, LmAnswer } from '../data/lm.ts';
import type { LmRequest } from '../data/requestBody.ts';
import { HumanError } from '../data/errors.ts';
import type { BudgetGate } from '../engine/budget.ts';
import { CallRejected, EndpointRefused } from '../engine/errors.ts';
import { AttemptBudget } from './attemptBudget.ts';
import { send } from './client.ts';
import type { Completion } from './client.ts';
import type { Connection } from './connection.ts';
import { whereToLook } from './endpoint.ts';
import { AnswerTooLarge, classify, mayBePaid, type Failure } from './failures.ts';
import { priceOf, usdAtMost, usdOfUsage, type PriceTable } from './prices.ts';
import { completionTokensAtMost, promptTokensAtMost } from './requestBounds.ts';
import { EndpointHealth, withRetries, type RetryOptions } from './retry.ts';
import { withOwnSignal } from './ownSignal.ts';

/** What `/v1/models` says. Servers add fields as they like. */
const modelsSchema = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      owned_by: z.string().nullish().catch(null),
      bettertogether: z.record(z.string(), z.unknown()).nullish().catch(null),
    }),
  ),
});
type ServedModel = z.infer<typeof modelsSchema>['data'][number];

/** Where the calls of a probe are entered: they are on the endpoint's bill like all others. */
export interface ProbeAccount {
  readonly gate: BudgetGate;
  readonly prices: PriceTable | null;
  readonly onPaid: (answer: LmAnswer) => void;
}

/** For who keeps no account. */
const noAccount: ProbeAccount = {
  gate: { reserve: () => Promise.resolve({ settle: () => undefined, release: () => undefined }) },
  prices: null,
  onPaid: () => undefined,
};

interface Probe {
  readonly account: ProbeAccount;
  readonly connection: Connection;
  readonly signal: AbortSignal;
  readonly retry: RetryOptions;
  readonly health: EndpointHealth;
}

/**
 * Finds out what an endpoint can do, with a handful of one-token requests: what it advertises (`bettertogether` in
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
  account: ProbeAccount = noAccount,
): Promise<Capabilities> {
  const probe: Probe = { account, connection, signal, retry, health: new EndpointHealth() };
  const served = await servedModels(probe);
  const own = served?.find((one) => one.id === model) ?? served?.[0];
  const advertised = own?.bettertogether ?? null;
  if (advertised !== null) return advertisedCapabilities(advertised);
  const completions = await shows(probe, model, completionsProbe(model), () => true);
  if (own?.owned_by === 'vllm') {
    return { completions, continueFinal: true, structuredChoice: true, jsonSchema: true };
  }
  const structuredChoice = await shows(probe, model, choiceProbe(model), (text) => text === choiceWord);
  const jsonSchema = await shows(probe, model, schemaProbe(model), isProbeJson);
  // Unknown keys are ignored by most servers, so an answer shows nothing about going on from an opened turn.
  return { completions, continueFinal: false, structuredChoice, jsonSchema };
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
  const probe = { account: noAccount, connection, signal, retry, health: new EndpointHealth() };
  const served = await servedModels(probe);
  return served?.some(({ bettertogether }) => bettertogether != null) ?? false;
}

/** The models an endpoint lists; `null` where it lists none. */
async function servedModels(probe: Probe): Promise<readonly ServedModel[] | null> {
  const { openai } = probe.connection;
  const answer = await ask(probe, 'the list of models', (own) => openai.get('/models', { signal: own }));
  const parsed = modelsSchema.safeParse(answer);
  return parsed.success ? parsed.data.data : null;
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

async function shows(
  probe: Probe,
  model: string,
  request: LmRequest,
  proves: (text: string) => boolean,
): Promise<boolean> {
  const what = `model "${model}"`;
  const room = roomFor(probe, model, request);
  try {
    const answer = await ask(probe, what, (own) => pay(probe, room, model, request, own));
    return answer !== null && answer.text !== null && proves(answer.text);
  } finally {
    room.close();
  }
}

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
  { connection, signal, retry, health }: Probe,
  what: string,
  request: (signal: AbortSignal) => Promise<T>,
): Promise<T | null> {
  const { endpoint } = connection;
  const context = {
    health,
    who: `Endpoint "${endpoint.name}" (${endpoint.baseURL}), asked for ${what},`,
    advice: `${whereToLook(endpoint)}.`,
    options: retry,
    classify: (error: unknown): Failure => {
      const failure = classify(error, connection, what);
      return failure.kind === 'retry' && saysNo(error)
        ? { kind: 'final', error: new Unsupported(failure.what) }
        : failure;
    },
  };
  try {
    return await withRetries(() => withOwnSignal(signal, request), context, signal);
  } catch (error) {
    if (error instanceof AnswerTooLarge) throw error;
    if (error instanceof Unsupported || error instanceof CallRejected) return null;
    if (error instanceof EndpointRefused && !error.key) return null;
    throw error;
  }
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

function request(path: LmRequest['path'], body: LmRequest['body']): LmRequest {
  return { path, body, leftOut: [], unsent: {} };
}

function completionsProbe(model: string): LmRequest {
  return request('/completions', { model, prompt: 'Hello', max_tokens: 1, temperature: 0 });
}

function choiceProbe(model: string): LmRequest {
  const messages = [{ role: 'user', content: 'Say hello.' }];
  return request('/chat/completions', {
    model,
    messages,
    max_tokens: 8,
    temperature: 0,
    structured_outputs: { choice: [choiceWord] },
  });
}

function schemaProbe(model: string): LmRequest {
  const messages = [{ role: 'user', content: 'Say hello.' }];
  const schema = {
    type: 'object',
    properties: { [choiceWord]: { type: 'boolean' } },
    required: [choiceWord],
    additionalProperties: false,
  };
  return request('/chat/completions', {
    model,
    messages,
    max_tokens: 32,
    temperature: 0,
    response_format: { type: 'json_schema', json_schema: { name: 'probe', schema, strict: true } },
  });
}

function isProbeJson(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && choiceWord in value;
  } catch {
    return false;
  }
}
