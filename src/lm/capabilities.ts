import { APIConnectionError, APIError } from 'openai';
import * as z from 'zod';
import type { Capabilities } from '../data/lm.ts';
import { HumanError } from '../data/errors.ts';
import { CallRejected, EndpointRefused } from '../engine/errors.ts';
import { send } from './client.ts';
import type { Connection } from './connection.ts';
import { whereToLook } from './endpoint.ts';
import { classify, type Failure } from './failures.ts';
import { EndpointHealth, withRetries, type RetryOptions } from './retry.ts';
import { withOwnSignal } from './ownSignal.ts';
import type { LmRequest } from './requestBody.ts';

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

interface Probe {
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
 */
export async function probeCapabilities(
  connection: Connection,
  model: string,
  signal: AbortSignal,
  retry: RetryOptions = { patienceSeconds: 20 },
): Promise<Capabilities> {
  const probe: Probe = { connection, signal, retry, health: new EndpointHealth() };
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
  const answer = await ask(probe, `model "${model}"`, (own) => send(probe.connection, request, own));
  return answer !== null && answer.text !== null && proves(answer.text);
}

/** A refusal of whatever kind means "no" (`null`); no answer at all, or a key that is not accepted, is an error. */
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
    if (error instanceof Unsupported || error instanceof CallRejected) return null;
    if (error instanceof EndpointRefused && !error.message.includes('does not accept the key')) return null;
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
