import * as z from 'zod';
import { callTokensSchema } from '../data/counts.ts';
import { shown } from '../data/keys.ts';
import type { FinishReason, TokenUsage } from '../data/lm.ts';
import type { LmRequest } from '../data/requestBody.ts';
import type { Connection } from './connection.ts';
import { BrokenAnswer } from './failures.ts';

/** What an endpoint answered to one request. */
export interface Completion {
  /** `null`: an answer without text; `whyNoText` says why, as far as it is known. */
  readonly text: string | null;
  readonly whyNoText: string | null;
  readonly finishReason: FinishReason;
  /** `null` where the endpoint reports none. */
  readonly usage: TokenUsage | null;
  /** It reports some that cannot be: negative, broken or absurd ones. */
  readonly usageRefused: boolean;
  /** The model that answered, as the endpoint says it; `null` where it does not. */
  readonly answeredBy: string | null;
}

const usageSchema = z.object({
  prompt_tokens: callTokensSchema,
  completion_tokens: callTokensSchema,
  prompt_tokens_details: z.object({ cached_tokens: callTokensSchema.nullish() }).nullish().catch(null),
});
/** Of an endpoint that reports tokens, whatever it says of them. */
const reportedSchema = z.object({ prompt_tokens: z.unknown().refine((tokens) => tokens != null) });

const choiceSchema = z.object({
  text: z.string().nullish(),
  message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }).nullish(),
  finish_reason: z.string().nullish(),
});

const answerSchema = z.object({
  choices: z.array(choiceSchema),
  // Usage in a shape of the endpoint's own is unknown usage, not a broken answer.
  usage: z.unknown().optional(),
  model: z.string().nullish().catch(null),
});

/**
 * Sends a request once.
 *
 * @throws BrokenAnswer for a 200 that is not a completion; else what the `openai` package throws (`classify`).
 */
export async function send(connection: Connection, request: LmRequest, signal: AbortSignal): Promise<Completion> {
  const answer = await connection.openai.post<unknown>(request.path, { body: request.body, signal });
  const parsed = answerSchema.safeParse(answer);
  if (parsed.success) return completionOf(parsed.data);
  throw new BrokenAnswer('not a completion', answer);
}

function completionOf(answer: z.infer<typeof answerSchema>): Completion {
  const usage = usageSchema.safeParse(answer.usage).data ?? null;
  const usageRefused = usage === null && reportedSchema.safeParse(answer.usage).success;
  const said = { usage: usageOf(usage), usageRefused, answeredBy: answer.model ?? null };
  const choice = answer.choices[0];
  if (choice === undefined) return { text: null, whyNoText: 'no choices', finishReason: 'other', ...said };
  const text = choice.message?.content ?? choice.text ?? null;
  const finishReason = finishReasonOf(choice.finish_reason ?? null);
  const whyNoText =
    text === null ? shown(choice.message?.refusal ?? `finish_reason ${choice.finish_reason ?? 'unknown'}`, 1000) : null;
  return { text, whyNoText, finishReason, ...said };
}

function usageOf(usage: z.infer<typeof usageSchema> | null): TokenUsage | null {
  if (usage === null) return null;
  return {
    inputTokens: usage.prompt_tokens,
    cachedInputTokens: Math.min(usage.prompt_tokens, usage.prompt_tokens_details?.cached_tokens ?? 0),
    outputTokens: usage.completion_tokens,
  };
}

function finishReasonOf(reason: string | null): FinishReason {
  return reason === 'stop' || reason === 'length' || reason === 'content_filter' ? reason : 'other';
}
