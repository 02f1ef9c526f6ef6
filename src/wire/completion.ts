/** What an endpoint answered to a request for a completion: one reading for runs and for a program on its own. */
import * as z from 'zod';
import { contentSchema, textOfContent } from './answerText.ts';
import { callTokensSchema } from '../base/counts.ts';
import { shown } from '../base/keys.ts';
import type { FinishReason, TokenUsage } from '../data/lm.ts';
import { BrokenAnswer, ErrorAnswer } from './answerErrors.ts';
import { isStreamed, wholeOf } from './streamedAnswer.ts';

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

/** Some write numbers as texts. */
const tokensSchema = z.preprocess(
  (value) => (typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value),
  callTokensSchema,
);
const usageSchema = z.object({
  prompt_tokens: tokensSchema,
  completion_tokens: tokensSchema,
  prompt_tokens_details: z.object({ cached_tokens: tokensSchema.nullish() }).nullish().catch(null),
});
/** Of an endpoint that reports tokens, whatever it says of them. */
const reportedSchema = z.object({ prompt_tokens: z.unknown().refine((tokens) => tokens != null) });

/** Some say `input_tokens` and `output_tokens`, as Anthropic and OpenAI's newer wire do. */
function inOpenAisNames(usage: unknown): unknown {
  if (typeof usage !== 'object' || usage === null) return usage;
  const { prompt_tokens, input_tokens, output_tokens, input_tokens_details } = usage as Readonly<
    Record<string, unknown>
  >;
  if (prompt_tokens != null || input_tokens == null) return usage;
  return {
    prompt_tokens: input_tokens,
    completion_tokens: output_tokens,
    prompt_tokens_details: input_tokens_details,
  };
}

const messageSchema = z.object({
  content: contentSchema.nullish(),
  refusal: z.string().nullish().catch(null),
  // What the model thought, beside its answer. Never a part of it.
  reasoning_content: z.unknown().optional(),
  reasoning: z.unknown().optional(),
  tool_calls: z.array(z.unknown()).nullish().catch(null),
});

const choiceSchema = z.object({
  text: z.string().nullish(),
  message: messageSchema.nullish(),
  // Numbers and objects stand here too.
  finish_reason: z.string().nullish().catch(null),
  index: z.number().nullish().catch(null),
  error: z.unknown().optional(),
});
type Choice = z.infer<typeof choiceSchema>;

const answerSchema = z.object({
  choices: z.array(choiceSchema),
  // Usage in a shape of the endpoint's own is unknown usage, not a broken answer.
  usage: z.unknown().transform(inOpenAisNames).optional(),
  model: z.string().nullish().catch(null),
});
type Answer = z.infer<typeof answerSchema>;

/** Answers without a choice that say of an error, in one of the places where servers do. */
const errorSchema = z.union([
  z.object({ error: z.union([z.string().min(1), z.record(z.string(), z.unknown())]) }),
  z.object({ detail: z.union([z.string().min(1), z.array(z.unknown()).min(1)]) }),
  z.object({ errors: z.array(z.unknown()).min(1) }),
  z.object({ detail: z.record(z.string(), z.unknown()) }),
  z.object({ message: z.string().min(1) }),
  z.object({ msg: z.string().min(1) }),
  z.object({ error_msg: z.string().min(1) }),
  z.object({ base_resp: z.object({ status_code: z.number().refine((code) => code !== 0) }) }),
  z.array(z.object({ error: z.record(z.string(), z.unknown()) })).min(1),
]);

/**
 * Reads an answer with status 200, also one that was streamed.
 *
 * @param answer as it was parsed; text where it is no JSON.
 * @throws ErrorAnswer for one that is an error, BrokenAnswer for one that is nothing known.
 */
export function completionIn(answer: unknown): Completion {
  const isStream = typeof answer === 'string' && isStreamed(answer);
  const whole = unwrapped(isStream ? wholeOf(answer) : answer);
  const parsed = answerSchema.safeParse(whole);
  const isEmpty = !parsed.success || parsed.data.choices.length === 0;
  if (isEmpty && errorSchema.safeParse(whole).success) throw new ErrorAnswer(whole, false);
  if (parsed.success) return completionOf(parsed.data);
  throw isStream ? new BrokenAnswer(streams, answer, streamAdvice) : new BrokenAnswer('not a completion', answer);
}

/** Gateways put what they pass on under a key of their own, beside their own word on how it went, and sometimes the usage. */
function unwrapped(whole: unknown): unknown {
  if (typeof whole !== 'object' || whole === null || 'choices' in whole) return whole;
  const outer = whole as Readonly<Record<string, unknown>>;
  const inner = wrappers.map((key) => outer[key]).find((value) => wrappedSchema.safeParse(value).success);
  return inner === undefined ? whole : { usage: outer['usage'], model: outer['model'], ...(inner as object) };
}

const wrappers = ['result', 'data', 'response', 'output', 'body'] as const;
const wrappedSchema = z.object({ choices: z.array(z.unknown()).min(1) });

const streams = 'it streams, though "stream": false was sent, and not as OpenAI does';
const streamAdvice = 'Turn streaming off there, or in what stands between here and there.';

function completionOf(answer: Answer): Completion {
  const usage = possibleUsage(answer);
  const usageRefused = usage === null && reportedSchema.safeParse(answer.usage).success;
  const said = { usage: usageOf(usage), usageRefused, answeredBy: answer.model ?? null };
  const choice = answer.choices.find(({ index }) => index === 0) ?? answer.choices[0];
  if (choice === undefined) return { text: null, whyNoText: 'no choices', finishReason: 'other', ...said };
  checkNotBroken(choice);
  const text = textOf(choice);
  const whyNoText = text === null ? shown(whyWithoutText(choice), 1000) : null;
  return { text, whyNoText, finishReason: finishReasonOf(choice.finish_reason ?? null), ...said };
}

/** Some report 0 tokens of every answer, which would keep to any cap. */
function possibleUsage({ usage, choices }: Answer): z.infer<typeof usageSchema> | null {
  const reported = usageSchema.safeParse(usage).data ?? null;
  const isNothing = reported?.prompt_tokens === 0 && reported.completion_tokens === 0;
  return isNothing && choices.some((choice) => (textOf(choice) ?? '') !== '') ? null : reported;
}

/** Of routers, of DeepSeek where it has no room, and of SGLang and vLLM where a request was ended. */
const brokenOff = new Set(['error', 'network_error', 'insufficient_system_resource', 'abort', 'aborted']);

/** A choice that its service did not finish. @throws ErrorAnswer: what there is of it is no answer. */
function checkNotBroken({ error, finish_reason }: Choice): void {
  if (typeof error === 'object' && error !== null) throw new ErrorAnswer(error, true);
  if (brokenOff.has(finish_reason?.toLowerCase() ?? '')) {
    throw new ErrorAnswer({ message: `the answer broke off (finish_reason ${finish_reason})` }, true);
  }
}

/** An empty text is no answer where something is said of why: the model stopped while it thought, or was stopped. */
function textOf(choice: Choice): string | null {
  const { message, text } = choice;
  const answered = textOfContent(message?.content) ?? text ?? null;
  return answered === '' && (hasThoughts(message) || wasStopped(choice)) ? null : answered;
}

const wasStopped = ({ message, finish_reason }: Choice): boolean =>
  (message?.refusal ?? '') !== '' ||
  (message?.tool_calls ?? []).length > 0 ||
  ['length', 'content_filter'].includes(finishReasonOf(finish_reason ?? null));

const hasThoughts = (message: Choice['message']): boolean =>
  [message?.reasoning_content, message?.reasoning].some((thoughts) => typeof thoughts === 'string' && thoughts !== '');

function whyWithoutText({ message, finish_reason }: Choice): string {
  const thoughts = hasThoughts(message) ? 'thoughts alone, ' : '';
  const tools = (message?.tool_calls ?? []).length > 0 ? 'a call of a tool alone, ' : '';
  // Empty where there is none.
  return message?.refusal || `${thoughts}${tools}finish_reason ${finish_reason ?? 'unknown'}`;
}

function usageOf(usage: z.infer<typeof usageSchema> | null): TokenUsage | null {
  if (usage === null) return null;
  return {
    inputTokens: usage.prompt_tokens,
    cachedInputTokens: Math.min(usage.prompt_tokens, usage.prompt_tokens_details?.cached_tokens ?? 0),
    outputTokens: usage.completion_tokens,
  };
}

function finishReasonOf(given: string | null): FinishReason {
  const reason = given?.toLowerCase() ?? '';
  return finishReasons.find(([, names]) => names.test(reason))?.[0] ?? 'other';
}

/** Also in the words of TGI, Mistral, Anthropic, Zhipu and Gemini (`content_filter: PROHIBITED_CONTENT`). */
const finishReasons = [
  ['stop', /^(stop|eos|eos_token|stop_sequence|end_turn)$/],
  ['length', /^(length|max_tokens|max_output_tokens|model_length|model_context_window_exceeded)$/],
  ['content_filter', /^(content_filter\b|sensitive$|safety$|recitation$|prohibited_content$|blocklist$|spii$)/],
] as const satisfies readonly (readonly [FinishReason, RegExp])[];
