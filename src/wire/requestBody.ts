/**
 * A predictor's call as the body of a request: one way for runs, which score a program, and for the program on its own
 * afterwards (`configure`), so that it asks as it was scored.
 */
import { contentHash } from '../base/contentHash.ts';
import type { JsonValue } from '../base/json.ts';
import type { Capabilities, Guide, LmCall, LmPrompt, Rollout, Sampling } from '../data/lm.ts';
import { nothingRefused } from './requestParts.ts';
import type { RequestPart } from './requestParts.ts';
import { withoutSystemRole } from './systemRole.ts';

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
  /** What was sent and the answer begins with; left out: it begins with what the model says. */
  readonly repeated?: string;
}

export type LeftOut = 'completions' | Exclude<RequestPart, MaxTokensKey>;

export interface RequestContext {
  /** The run's sampling; the call's own settings come first. */
  readonly sampling: Sampling;
  readonly capabilities: Capabilities;
  /** What the endpoint has refused for this model. Default: nothing. */
  readonly refused?: ReadonlySet<RequestPart>;
  readonly rollout: Rollout;
  /** See `maxTokensKeyOf`. */
  readonly maxTokensKey: MaxTokensKey;
  /** See `withFurtherKeys`. Default: none. */
  readonly furtherKeys?: Body;
}

export type MaxTokensKey = 'max_tokens' | 'max_completion_tokens';

/** OpenAI's own service takes `max_completion_tokens` in chats; everybody else takes `max_tokens`. */
export function maxTokensKeyOf(baseURL: string): MaxTokensKey {
  return new URL(baseURL).hostname === 'api.openai.com' ? 'max_completion_tokens' : 'max_tokens';
}

/** Turns a predictor's call into the request body. Pure: equal input gives equal bodies, and so equal memo keys. */
export function buildRequest(call: LmCall, context: RequestContext): LmRequest {
  const { sampling, capabilities, refused = nothingRefused } = context;
  const prompt = promptFields(call.prompt, capabilities, refused);
  const sampled = samplingFields(call, context);
  const guide = guideFields(call.guide, capabilities, refused);
  const body: Body = {
    model: call.model,
    ...prompt.fields,
    ...sampled.fields,
    [tokensKey(prompt.path, context)]: call.sampling?.maxTokens ?? sampling.maxTokens,
    ...guide.fields,
    ...(refused.has('whole') ? streamFields(refused) : {}),
  };
  return {
    path: prompt.path,
    body: withFurtherKeys(body, context.furtherKeys),
    leftOut: [...prompt.leftOut, ...sampled.leftOut, ...guide.leftOut],
    unsent: { ...prompt.unsent, ...sampled.unsent, ...guide.unsent },
    ...repeatedIn(prompt.fields, call.prompt, capabilities),
  };
}

function streamFields(refused: Refused): Body {
  return { stream: true, ...(refused.has('streamUsage') ? {} : { stream_options: { include_usage: true } }) };
}

/** Where an opened turn was sent, and the endpoint repeats it. */
function repeatedIn(fields: Body, prompt: LmPrompt, { repeatsOpened }: Capabilities): Pick<LmRequest, 'repeated'> {
  const isSent = prompt.kind === 'chat' && 'continue_final_message' in fields;
  return isSent && repeatsOpened === true ? { repeated: prompt.opened ?? '' } : {};
}

/** An answer without what it repeats of its request. */
export function withoutRepeated(text: string, { repeated = '' }: Pick<LmRequest, 'repeated'>): string {
  return text.startsWith(repeated) ? text.slice(repeated.length) : text;
}

/** A body with the keys that an endpoint's `request` adds; `null` leaves one of ours out. */
export function withFurtherKeys(body: Body, further: Body = {}): Body {
  return Object.fromEntries(Object.entries({ ...body, ...further }).filter(([key]) => further[key] !== null));
}

function tokensKey(path: RequestPath, { maxTokensKey, refused = nothingRefused }: RequestContext): MaxTokensKey {
  if (path === '/completions') return 'max_tokens';
  if (!refused.has(maxTokensKey)) return maxTokensKey;
  return maxTokensKey === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
}

/**
 * The `seed` sent for a rollout: none for the first answer to a request (round 0, repeat 0), another one for each
 * other, so that an endpoint which samples by seed, or caches, gives another answer. Below 2^31 for every rollout
 * a run can make. The run's own seed is no part of it.
 */
export function rolloutSeed({
  round,
  repeat,
  rolloutId,
}: Pick<Rollout, 'round' | 'repeat' | 'rolloutId'>): number | null {
  // 28 bits of a hash.
  if (rolloutId !== undefined) return Number.parseInt(contentHash([rolloutId, round, repeat]).slice(0, 7), 16);
  return round === 0 && repeat === 0 ? null : (round * 65_536 + repeat) % 0x7fff_ffff;
}

interface Part {
  readonly fields: Body;
  readonly leftOut: readonly LeftOut[];
  readonly unsent: Body;
}

/** Of a part that is sent as it is. */
const whole = { leftOut: [], unsent: {} };

type Refused = ReadonlySet<RequestPart>;

function promptFields(prompt: LmPrompt, can: Capabilities, refused: Refused): Part & { readonly path: RequestPath } {
  if (prompt.kind === 'text') {
    if (can.completions) return { path: '/completions', fields: { prompt: prompt.prompt }, ...whole };
    const messages = [{ role: 'user', content: prompt.prompt }];
    return { path: '/chat/completions', fields: { messages }, leftOut: ['completions'], unsent: { kind: 'text' } };
  }
  const given = prompt.messages.map(({ role, content, parts }) => ({ role, content: parts ?? content }));
  const folds = refused.has('systemRole') && given.some(({ role }) => role === 'system');
  const messages = folds ? withoutSystemRole(given) : given;
  const { fields, leftOut, unsent } = openedFields(messages, prompt.opened ?? '', can, refused);
  return { path: '/chat/completions', fields, leftOut: folds ? ['systemRole', ...leftOut] : leftOut, unsent };
}

function openedFields(
  messages: ReturnType<typeof withoutSystemRole>,
  opened: string,
  can: Capabilities,
  refused: Refused,
): Part {
  if (opened === '') return { fields: { messages }, ...whole };
  if (!can.continueFinal || refused.has('opened'))
    return { fields: { messages }, leftOut: ['opened'], unsent: { opened } };
  const fields = {
    messages: [...messages, { role: 'assistant', content: opened }],
    continue_final_message: true,
    add_generation_prompt: false,
  };
  return { fields, ...whole };
}

/** How an answer is sampled, and where it stops. */
function samplingFields(call: LmCall, { sampling, rollout, refused = nothingRefused }: RequestContext): Part {
  const own = call.sampling ?? {};
  const wanted = [
    ['temperature', 'temperature', rollout.temperature ?? settingOf('temperature', own, sampling), own.temperature],
    ['topP', 'top_p', settingOf('topP', own, sampling), own.topP],
    ['stop', 'stop', call.stop.length > 0 ? call.stop : null, call.stop],
    ['seed', 'seed', rolloutSeed(rollout), undefined],
  ] as const;
  const asked = wanted.filter(([, , value]) => value !== null);
  const lost = asked.filter(([part]) => refused.has(part));
  const sent = asked.filter(([part]) => !refused.has(part));
  return {
    fields: Object.fromEntries(sent.map(([, key, value]) => [key, value])),
    leftOut: lost.map(([part]) => part),
    // The run's own settings are the same for all of its calls, and the rollout is in the key by itself.
    unsent: Object.fromEntries(lost.flatMap(([part, , , calls]) => (calls === undefined ? [] : [[part, calls]]))),
  };
}

function settingOf(key: 'temperature' | 'topP', own: Partial<Sampling>, sampling: Sampling): number | null {
  const value = own[key];
  return value === undefined ? sampling[key] : value;
}

function guideFields(guide: Guide | undefined, can: Capabilities, refused: Refused): Part {
  if (guide === undefined) return { fields: {}, ...whole };
  const unsent = { guide: { ...guide } };
  if (guide.kind === 'choice') {
    // vLLM's present form; `guided_choice` was removed there.
    if (can.structuredChoice && !refused.has('choice'))
      return { fields: { structured_outputs: { choice: guide.choices } }, ...whole };
    return { fields: {}, leftOut: ['choice'], unsent };
  }
  const object = refused.has('jsonObject') ? {} : { response_format: { type: 'json_object' } };
  const lost: readonly LeftOut[] = refused.has('jsonObject') ? ['jsonObject'] : [];
  if (guide.kind === 'jsonObject') return { fields: object, leftOut: lost, unsent: lost.length === 0 ? {} : unsent };
  // As DSPy does: JSON of any kind where none of a schema can be had.
  if (!can.jsonSchema || refused.has('jsonSchema')) return { fields: object, leftOut: ['jsonSchema', ...lost], unsent };
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
