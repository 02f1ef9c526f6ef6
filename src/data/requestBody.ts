/**
 * A predictor's call as the body of a request: one way for runs, which score a program, and for the program on its own
 * afterwards (`configure`), so that it asks as it was scored.
 */
import type { JsonValue } from './json.ts';
import type { Capabilities, Guide, LmCall, LmPrompt, Rollout, Sampling } from './lm.ts';

export type RequestPath = '/chat/completions' | '/completions';

type Body = Readonly<Record<string, JsonValue>>;

/** A request as it goes over the wire. */
export interface LmRequest {
  readonly path: RequestPath;
  readonly body: Body;
  /** What the call asks for and the endpoint cannot do. */
  readonly leftOut: readonly LeftOut[];
  /**
   * The contents of what is left out. Part of the memo key, never of the body: two calls of a program run that differ
   * here alone send equal bodies, and each is owed an answer of its own.
   */
  readonly unsent: Body;
}

export type LeftOut = 'completions' | 'opened' | 'choice' | 'jsonSchema';

export interface RequestContext {
  /** The run's sampling; the call's own settings come first. */
  readonly sampling: Sampling;
  readonly capabilities: Capabilities;
  readonly rollout: Rollout;
  /** See `maxTokensKeyOf`. */
  readonly maxTokensKey: MaxTokensKey;
}

export type MaxTokensKey = 'max_tokens' | 'max_completion_tokens';

/** OpenAI's own service takes `max_completion_tokens` in chats; everybody else takes `max_tokens`. */
export function maxTokensKeyOf(baseURL: string): MaxTokensKey {
  return new URL(baseURL).hostname === 'api.openai.com' ? 'max_completion_tokens' : 'max_tokens';
}

/** Turns a predictor's call into the request body. Pure: equal input gives equal bodies, and so equal memo keys. */
export function buildRequest(call: LmCall, context: RequestContext): LmRequest {
  const { sampling, rollout, capabilities } = context;
  const prompt = promptFields(call.prompt, capabilities);
  const guide = guideFields(call.guide, capabilities);
  const maxTokensKey = prompt.path === '/completions' ? 'max_tokens' : context.maxTokensKey;
  const seed = rolloutSeed(rollout);
  const body: Body = {
    model: call.model,
    ...prompt.fields,
    temperature: rollout.temperature ?? call.sampling?.temperature ?? sampling.temperature,
    top_p: call.sampling?.topP ?? sampling.topP,
    [maxTokensKey]: call.sampling?.maxTokens ?? sampling.maxTokens,
    ...(call.stop.length > 0 ? { stop: call.stop } : {}),
    ...(seed === null ? {} : { seed }),
    ...guide.fields,
  };
  return {
    path: prompt.path,
    body,
    leftOut: [...prompt.leftOut, ...guide.leftOut],
    unsent: { ...prompt.unsent, ...guide.unsent },
  };
}

/**
 * The `seed` sent for a rollout: none for the first answer to a request (round 0, repeat 0), another one for each
 * other, so that an endpoint which samples by seed, or caches, gives another answer. Below 2^31 for every rollout
 * a run can make. The run's own seed is no part of it (DESIGN section 3.2).
 */
export function rolloutSeed(rollout: Pick<Rollout, 'round' | 'repeat'>): number | null {
  const { round, repeat } = rollout;
  return round === 0 && repeat === 0 ? null : (round * 65_536 + repeat) % 0x7fff_ffff;
}

interface Part {
  readonly fields: Body;
  readonly leftOut: readonly LeftOut[];
  readonly unsent: Body;
}

/** Of a part that is sent as it is. */
const whole = { leftOut: [], unsent: {} };

function promptFields(prompt: LmPrompt, can: Capabilities): Part & { readonly path: RequestPath } {
  if (prompt.kind === 'text') {
    if (can.completions) return { path: '/completions', fields: { prompt: prompt.prompt }, ...whole };
    const messages = [{ role: 'user', content: prompt.prompt }];
    return { path: '/chat/completions', fields: { messages }, leftOut: ['completions'], unsent: { kind: 'text' } };
  }
  const messages = prompt.messages.map(({ role, content, parts }) => ({ role, content: parts ?? content }));
  const { opened } = prompt;
  if (opened === undefined || opened === '') return { path: '/chat/completions', fields: { messages }, ...whole };
  if (!can.continueFinal) {
    return { path: '/chat/completions', fields: { messages }, leftOut: ['opened'], unsent: { opened } };
  }
  const fields = {
    messages: [...messages, { role: 'assistant', content: opened }],
    continue_final_message: true,
    add_generation_prompt: false,
  };
  return { path: '/chat/completions', fields, ...whole };
}

function guideFields(guide: Guide | undefined, can: Capabilities): Part {
  if (guide === undefined) return { fields: {}, ...whole };
  const unsent = { guide: { ...guide } };
  if (guide.kind === 'choice') {
    // vLLM's present form; `guided_choice` was removed there.
    if (can.structuredChoice) return { fields: { structured_outputs: { choice: guide.choices } }, ...whole };
    return { fields: {}, leftOut: ['choice'], unsent };
  }
  if (!can.jsonSchema) return { fields: {}, leftOut: ['jsonSchema'], unsent };
  if (guide.kind === 'jsonObject') return { fields: { response_format: { type: 'json_object' } }, ...whole };
  const { name, schema } = guide;
  const strict = isStrictSchema(schema) ? { strict: true } : {};
  return {
    fields: { response_format: { type: 'json_schema', json_schema: { name, schema, ...strict } } },
    ...whole,
  };
}

/** Whether a schema is one of those OpenAI enforces: every object is closed and requires all of its properties. */
function isStrictSchema(schema: JsonValue | undefined): boolean {
  if (schema === null || typeof schema !== 'object') return true;
  if (Array.isArray(schema)) return schema.every(isStrictSchema);
  const record = schema as Readonly<Record<string, JsonValue>>;
  if (record['type'] === 'object') {
    const properties = Object.keys((record['properties'] ?? {}) as object);
    const required = (record['required'] ?? []) as readonly JsonValue[];
    if (record['additionalProperties'] !== false) return false;
    if (!properties.every((property) => required.includes(property))) return false;
  }
  return Object.values(record).every(isStrictSchema);
}
