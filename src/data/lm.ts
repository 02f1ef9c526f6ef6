/** What an LM is asked and answers, before and after the wire. */
import * as z from 'zod';
import { amountSchema, callTokensSchema } from '../base/counts.ts';
import type { Immutable } from '../base/immutable.ts';
import { fieldsSchema } from './fields.ts';

export const contentPartSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({
    type: z.literal('image_url'),
    image_url: z.object({ url: z.string(), detail: z.string().exactOptional() }),
  }),
]);
/** A picture is a `data:` URL, or an address that the endpoint fetches; no one else ever does. */
export type ContentPart = Immutable<z.infer<typeof contentPartSchema>>;

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  /** As text; pictures are given by type, size and hash. */
  readonly content: string;
  /** What is sent in the place of `content`, where the message shows pictures. */
  readonly parts?: readonly ContentPart[];
}

/**
 * A rendered prompt. `opened` is text that begins the assistant's turn and that the model goes on from
 * (`continue_final_message`); endpoints that cannot do this get the prompt without it.
 */
export type LmPrompt =
  | { readonly kind: 'chat'; readonly messages: readonly ChatMessage[]; readonly opened?: string }
  | { readonly kind: 'text'; readonly prompt: string };

export const guideSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('choice'), choices: z.array(z.string()) }),
  z.object({ kind: z.literal('jsonSchema'), name: z.string(), schema: fieldsSchema }),
  z.object({ kind: z.literal('jsonObject') }),
]);
/**
 * A constraint on the answer that a capable endpoint enforces while it decodes. Choices are matched from the very
 * first generated character, after the prompt and its opened prefix: `' banking'`, with the space that follows an
 * opened `Domain:`.
 */
export type Guide = Immutable<z.infer<typeof guideSchema>>;

export interface Sampling {
  /** `null`: none is sent, and the endpoint takes its own. */
  readonly temperature: number | null;
  /** The same. */
  readonly topP: number | null;
  /** Tokens of the completion at most. */
  readonly maxTokens: number;
}

/** What a predictor asks of an LM, before an endpoint's abilities and the run's sampling are known. */
export interface LmCall {
  readonly model: string;
  /** The program's author named this model for this call: no other takes its place, not even when a metric asks. */
  readonly authors?: true;
  /** The endpoint of bettertogether.json that serves it, by name, where its author named another than the run's. */
  readonly endpoint?: string;
  readonly prompt: LmPrompt;
  readonly stop: readonly string[];
  readonly guide?: Guide;
  /** The predictor's own sampling settings; the run's fill in what is not given. */
  readonly sampling?: Partial<Sampling>;
}

/**
 * Which of several answers to the same call is meant: the retry round and the k-th identical call of a program run. Of
 * what a step asks itself the round is the run's seed, and the k-th is counted over the step. Of an optimizer of DSPy's
 * the author's own name for a sample (`rollout_id`) counts besides.
 */
export interface Rollout {
  readonly round: number;
  readonly repeat: number;
  /** Left out: none. */
  readonly rolloutId?: string;
  /** Set in retry rounds (round > 0): overrides every other temperature. */
  readonly temperature?: number;
}

export const tokenUsageSchema = z.object({
  inputTokens: callTokensSchema,
  cachedInputTokens: callTokensSchema,
  outputTokens: callTokensSchema,
});
/** Tokens as the endpoint reported them; `null` where it reported none ("unknown"). */
export type TokenUsage = Immutable<z.infer<typeof tokenUsageSchema>>;

export const finishReasonSchema = z.enum(['stop', 'length', 'content_filter', 'other']);
export type FinishReason = z.infer<typeof finishReasonSchema>;

/** An answer without its text. */
export const lmRecordSchema = z.object({
  finishReason: finishReasonSchema,
  usage: tokenUsageSchema.nullable().catch(null),
  /** Content hash of (endpoint, request body, rollout): where the memo keeps request and answer. */
  key: z.string(),
  model: z.string(),
  /** The endpoint that was asked, by name, where it is another than the run's. */
  endpoint: z.string().exactOptional(),
  /** True when the memo answered and nothing was paid. */
  cached: z.boolean(),
  /** Wall time of the request that was paid for, seconds. */
  seconds: amountSchema,
});

export interface LmAnswer extends Immutable<z.infer<typeof lmRecordSchema>> {
  /** The completion, without the opened prefix. */
  readonly text: string;
}

/** What an endpoint can do; probed once per endpoint and kept in the run's manifest. */
export interface Capabilities {
  /** `/v1/completions`. */
  readonly completions: boolean;
  /** Goes on from an opened assistant turn (`continue_final_message`). */
  readonly continueFinal: boolean;
  /** Its answers then begin with what it went on from (llama-server). Left out: they do not. */
  readonly repeatsOpened?: true;
  /** vLLM's structured choice. */
  readonly structuredChoice: boolean;
  /** `response_format` with a JSON schema. */
  readonly jsonSchema: boolean;
}
