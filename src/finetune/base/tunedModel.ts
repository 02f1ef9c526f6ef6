/** Whether a tuned model is there: in a list, which not every service has it in, or else by one small call. */
import { APIError } from 'openai';
import * as z from 'zod';
import { callTokensSchema } from '../../base/counts.ts';
import { HumanError } from '../../base/errors.ts';
import type { TokenUsage } from '../../data/lm.ts';
import { AttemptBudget } from '../../lm/attemptBudget.ts';
import type { ProbeAccount } from '../../lm/capabilities.ts';
import { classify, mayBePaid } from '../../lm/failures.ts';
import { hasNoSuchModelCode, saysOfModel, wordsNoSuchModel } from '../../wire/noSuchModel.ts';
import { priceOf, usdAtMost, usdOfUsage } from '../../lm/prices.ts';
import type { RetryOptions } from '../../lm/retry.ts';
import { sendPlain, wordsOf, type PlainAnswer } from './plainRequest.ts';
import { pageIn } from './lists.ts';
import { isUnanswered } from './serviceClient.ts';
import type { ServiceClient } from './serviceClient.ts';

const idSchema = z.object({ id: z.string() });

/** Whether the service shows the model among its models. */
export async function isListed(
  client: ServiceClient,
  model: string,
  signal: AbortSignal,
  retry?: RetryOptions,
): Promise<boolean> {
  const get = (path: string) => {
    const request = async (attempt: AbortSignal) => {
      try {
        return await client.read(path, {}, attempt);
      } catch (error) {
        if (error instanceof APIError && (error.status === 404 || error.status === 405)) return null;
        throw error;
      }
    };
    return client.ask('the list of models', signal, request, retry === undefined ? {} : { retry });
  };
  if ((await get(`/models/${encodeURIComponent(model)}`)) !== null) return true;
  // vLLM lists models but has no route for a single one.
  const listed = pageIn(await get('/models'))?.items ?? [];
  return listed.some((one) => idSchema.safeParse(one).data?.id === model);
}

/** What the small call is entered in, as any call of the run. */
export interface ModelQuestion {
  readonly model: string;
  /** The model it was tuned from, whose price is used. */
  readonly base: string | null;
  readonly account: ProbeAccount;
}

/**
 * Whether the model is there. Where no list shows it, one call of one token decides, counted and capped like any call:
 * only the answer that there is no such model means no.
 *
 * @throws EndpointUnavailable when nothing answers; EndpointRefused when the answer says nothing of the model;
 *   BudgetExhausted when the call does not fit under the cap.
 */
export async function isThere(client: ServiceClient, question: ModelQuestion, signal: AbortSignal): Promise<boolean> {
  try {
    if (await isListed(client, question.model, signal)) return true;
  } catch (error) {
    // A list is not what decides.
    if (signal.aborted || !isUnanswered(error)) throw error;
  }
  return answers(client, question, signal);
}

/**
 * Whether the small call gets the answer that there is no such model, whatever lists say: a model that waits to be
 * deployed is listed too. Any other answer, or none, leaves the list in the right.
 */
export async function isGone(client: ServiceClient, question: ModelQuestion, signal: AbortSignal): Promise<boolean> {
  try {
    return !(await answers(client, question, signal));
  } catch (error) {
    if (signal.aborted || !isUnanswered(error)) throw error;
    return false;
  }
}

/** The call, and what it takes at most: its bytes as tokens, and one. */
const prompt = 'Hello';
const worst = { input: 64, output: 1 } as const;

async function answers(client: ServiceClient, question: ModelQuestion, signal: AbortSignal): Promise<boolean> {
  const { model, base, account } = question;
  const usd = usdAtMost(priceOf(account.prices, model, base), worst.input, worst.output);
  const room = new AttemptBudget(account.gate, { calls: 1, tokens: worst.input + worst.output, usd });
  try {
    await client.ask(`model "${model}"`, signal, (attempt) => pay(client, question, room, attempt), {
      also: (error) => (error instanceof NoSuchModel ? error : null),
    });
    return true;
  } catch (error) {
    if (error instanceof NoSuchModel) return false;
    throw error;
  } finally {
    room.close();
  }
}

/** One attempt. What the service dislikes in the question itself, it says of a model that it has. */
async function pay(
  { connection }: ServiceClient,
  { model, base, account }: ModelQuestion,
  room: AttemptBudget,
  signal: AbortSignal,
): Promise<void> {
  await room.take(signal);
  const started = performance.now();
  const url = `${connection.endpoint.baseURL}/chat/completions`;
  const json = { model, messages: [{ role: 'user', content: prompt }], max_tokens: 1, temperature: 0, stream: false };
  try {
    const answer = await sendPlain(connection, { method: 'POST', url, json, take: isAboutRequest }, signal);
    if (answer.status >= 300) return;
    const usage = usageIn(answer.text);
    const { inputTokens = null, outputTokens = null } = usage ?? {};
    room.answered({ inputTokens, outputTokens, usd: usdOfUsage(priceOf(account.prices, model, base), usage) });
    const seconds = (performance.now() - started) / 1000;
    account.onPaid({ text: '', finishReason: 'length', usage, key: '', model, cached: false, seconds });
  } catch (error) {
    if (error instanceof APIError && saysNoSuchModel(error as APIError<number>)) throw new NoSuchModel(error.message);
    if (signal.aborted || mayBePaid(classify(error, connection, `model "${model}"`))) room.lost();
    throw error;
  }
}

class NoSuchModel extends HumanError {
  override readonly name = 'NoSuchModel';
}

const isAboutRequest = (answer: PlainAnswer): boolean =>
  [400, 413, 422].includes(answer.status) && !saysNoSuchModel({ status: answer.status, message: wordsOf(answer.text) });

/** Whether a service says that it has no such model, in any of the ways that services have for it. */
export function saysNoSuchModel({
  status,
  code,
  message,
}: {
  readonly status: number | undefined;
  readonly code?: string | null | undefined;
  readonly message: string;
}): boolean {
  if (status === undefined || ![400, 404, 410, 422].includes(status)) return false;
  if (hasNoSuchModelCode({ codes: [code ?? ''] })) return true;
  return status === 400 || status === 422 ? wordsNoSuchModel(message) : saysOfModel(message);
}

const usageSchema = z.object({
  usage: z.object({ prompt_tokens: callTokensSchema, completion_tokens: callTokensSchema }),
});

function usageIn(text: string): TokenUsage | null {
  try {
    const usage = usageSchema.safeParse(JSON.parse(text)).data?.usage;
    if (usage === undefined) return null;
    return { inputTokens: usage.prompt_tokens, cachedInputTokens: 0, outputTokens: usage.completion_tokens };
  } catch {
    return null;
  }
}
