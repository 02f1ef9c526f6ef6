import { setMaxListeners } from 'node:events';
import * as z from 'zod';
import { bodyInText } from '../data/contentParts.ts';
import { contentHash } from '../base/contentHash.ts';
import { shown } from '../base/keys.ts';
import type { JsonValue } from '../base/json.ts';
import type { Capabilities, LmAnswer, LmCall, Rollout, Sampling } from '../data/lm.ts';
import { messageOf } from '../base/errors.ts';
import { buildRequest, maxTokensKeyOf } from '../wire/requestBody.ts';
import type { LeftOut, LmRequest, MaxTokensKey } from '../wire/requestBody.ts';
import type { RequestPart } from '../wire/requestParts.ts';
import type { Completion } from '../wire/completion.ts';
import { saidIn } from '../wire/saidIn.ts';
import { finishReasonSchema, tokenUsageSchema } from '../data/lm.ts';
import { stopped } from '../engine/abort.ts';
import type { BudgetGate, Cost } from '../engine/budget.ts';
import { CallRejected, EndpointRefused } from '../engine/errors.ts';
import type { LanguageModel } from '../engine/interfaces.ts';
import { AttemptBudget } from './attemptBudget.ts';
import { send } from './client.ts';
import type { Connection } from './connection.ts';
import { named, whereToLook } from './endpoint.ts';
import { mayBePaid, rejectedAdvice } from './failures.ts';
import type { Failure } from './failures.ts';
import { Limiter } from './limiter.ts';
import type { Memo } from './memo.ts';
import { OtherCalls, plainQuestion } from './otherCalls.ts';
import { priceOf, usdAtMost, usdOfUsage, type PriceTable } from './prices.ts';
import { classifyCall } from './refusal.ts';
import { askModel, passingRefusals, type Refusals } from './refusals.ts';
import { completionTokensAtMost, leftOutMeaning, promptTokensAtMost } from './requestBounds.ts';
import { EndpointHealth, withRetries, type RetryOptions } from './retry.ts';
import { isSameModel, isSameName } from './sameModel.ts';
import { SingleFlight } from './singleFlight.ts';

export interface LanguageModelOptions {
  readonly connection: Connection;
  readonly capabilities: Capabilities;
  /** Parts of requests that the endpoint does not take. Default: what this model is refused, forgotten with it. */
  readonly refusals?: Refusals;
  /** The run's sampling; calls may have their own. */
  readonly sampling: Sampling;
  readonly memo: Memo;
  readonly gate: BudgetGate;
  /** Requests in flight at most. Default 32. */
  readonly concurrency?: number;
  readonly prices?: PriceTable | null;
  /** The model that a tuned one was trained from, where it is known: its price is used. */
  readonly baseOf?: (model: string) => string | null;
  readonly retry?: RetryOptions;
  /** Resolves when the endpoint answers as the model: one may have to be deployed first. Default: it does. */
  readonly ready?: (model: string, signal: AbortSignal) => Promise<void>;
  /** Something the user should know, once each: what is left out of requests, a memo that cannot be written. */
  readonly onWarning: (message: string) => void;
  /** An answer that cost nothing: from the memo, or shared with an identical call in flight. */
  readonly onCached?: (answer: LmAnswer) => void;
  /** An answer that was paid for, with its price (`null`: unknown). */
  readonly onPaid?: (answer: LmAnswer, usd: number | null) => void;
}

/** What the memo keeps under an answer's `key`: the trace viewer shows messages from here. */
export const rememberedAnswerSchema = z.object({
  request: z.object({ path: z.string(), body: z.record(z.string(), z.unknown()) }),
  answer: z.object({
    text: z.string().nullable(),
    whyNoText: z.string().nullable(),
    finishReason: finishReasonSchema,
    usage: tokenUsageSchema.nullable().catch(null),
    seconds: z.number(),
  }),
});
export type RememberedAnswer = z.infer<typeof rememberedAnswerSchema>;
type Answered = Omit<Completion, 'answeredBy' | 'usageRefused'> & { readonly seconds: number };

/**
 * An endpoint as the engine uses it: memo, then one request for identical concurrent ones, then the budget, then the
 * limit of requests in flight, with retries around each attempt.
 */
export function createLanguageModel(options: LanguageModelOptions): LanguageModel {
  return new EndpointLanguageModel(options);
}

class EndpointLanguageModel implements LanguageModel {
  readonly #options: LanguageModelOptions;
  readonly #limiter: Limiter;
  readonly #health = new EndpointHealth();
  readonly #calls = new Map<string, OtherCalls>();
  readonly #flights = new SingleFlight<Answered>();
  readonly #warned = new Set<string>();
  readonly #maxTokensKey: MaxTokensKey;
  readonly #refusals: Refusals;

  constructor(options: LanguageModelOptions) {
    this.#options = options;
    this.#limiter = new Limiter(options.concurrency ?? 32);
    this.#maxTokensKey = maxTokensKeyOf(options.connection.endpoint.baseURL);
    this.#refusals = options.refusals ?? passingRefusals();
  }

  async complete(call: LmCall, rollout: Rollout, signal: AbortSignal): Promise<LmAnswer> {
    if (signal.aborted) throw stopped(signal);
    // Hundreds of calls listen to one signal at once, and each stops listening when it ends: no leak to warn of.
    setMaxListeners(0, signal);
    return askModel(this.#refusals, call.model, (refused) => this.#complete(call, rollout, refused, signal));
  }

  async #complete(
    call: LmCall,
    rollout: Rollout,
    refused: ReadonlySet<RequestPart>,
    signal: AbortSignal,
  ): Promise<LmAnswer> {
    const { memo, onCached } = this.#options;
    const request = this.#requestOf(call, rollout, refused);
    for (const left of request.leftOut) this.#sayLeftOut(left);
    const key = this.#keyOf(request, rollout);
    // Between this look and the flight nothing else runs, so an answer cannot arrive unseen in between.
    const remembered = read(await memo.get(key));
    if (remembered !== null) {
      const answer = this.#answerOf(saidIn(remembered.answer, request), key, call.model, true);
      onCached?.(answer);
      return answer;
    }
    const { value, leader } = await this.#flights.run(key, signal, (shared) => this.#pay(request, key, shared));
    const answer = this.#answerOf(saidIn(value, request), key, call.model, !leader);
    if (!leader) onCached?.(answer);
    return answer;
  }

  #requestOf(call: LmCall, rollout: Rollout, refused: ReadonlySet<RequestPart>): LmRequest {
    const { sampling, capabilities, connection } = this.#options;
    const { request: furtherKeys } = connection.endpoint;
    return buildRequest(call, {
      ...{ sampling, capabilities, refused, rollout, furtherKeys },
      maxTokensKey: this.#maxTokensKey,
    });
  }

  /**
   * The memo key, and what of the call could not be sent. The rollout's temperature is in the
   * body.
   */
  #keyOf({ path, body, unsent }: LmRequest, { round, repeat, rolloutId }: Rollout): string {
    const { identity } = this.#options.connection.endpoint;
    const beside = Object.keys(unsent).length === 0 ? {} : { unsent };
    const rollout = { round, repeat, ...(rolloutId === undefined ? {} : { rolloutId }) };
    return contentHash({ endpoint: identity, path, body, rollout, ...beside });
  }

  async #pay(request: LmRequest, key: string, signal: AbortSignal): Promise<Answered> {
    const answered = await this.#ask(request, key, signal);
    await this.#remember(key, request, answered);
    return answered;
  }

  async #ask(request: LmRequest, key: string, signal: AbortSignal): Promise<Answered> {
    const { connection, retry, gate } = this.#options;
    const { endpoint } = connection;
    const model = String(request.body['model']);
    const budget = new AttemptBudget(gate, this.#worst(request));
    const plain = plainQuestion(request, endpoint.request);
    const context = {
      health: this.#health,
      who: `${named(endpoint)}, model "${model}",`,
      advice: `${whereToLook(endpoint)}.`,
      classify: (error: unknown) => this.#classify(request, error),
      others: {
        calls: this.#callsOf(model),
        ask: async () => this.#settle(budget, plain, '', await this.#attempt(plain, 2, budget, signal)),
      },
      ...(retry === undefined ? {} : { options: retry }),
    };
    try {
      const answered = await withRetries((number) => this.#attempt(request, number, budget, signal), context, signal);
      this.#settle(budget, request, key, answered);
      this.#checkModel(model, answered.answeredBy);
      return answered;
    } finally {
      budget.close();
    }
  }

  async #attempt(
    request: LmRequest,
    number: number,
    budget: AttemptBudget,
    signal: AbortSignal,
  ): Promise<Completion & { readonly seconds: number }> {
    const { connection, ready } = this.#options;
    await budget.take(signal);
    await ready?.(String(request.body['model']), signal);
    const slot = await this.#limiter.acquire(signal, number === 1 ? 'fresh' : 'retry');
    const started = performance.now();
    try {
      const completion = await send(connection, request, signal);
      slot.done('answered');
      return { ...completion, seconds: (performance.now() - started) / 1000 };
    } catch (error) {
      const failure = this.#classify(request, error);
      if (signal.aborted || mayBePaid(failure)) budget.lost();
      if (failure.kind === 'retry' && failure.throttled) slot.done('throttled', failure.retryAfter);
      else slot.done('failed');
      throw error;
    }
  }

  #classify(request: LmRequest, error: unknown): Failure {
    const { connection, sampling } = this.#options;
    return classifyCall(error, connection, request, sampling);
  }

  #callsOf(model: string): OtherCalls {
    const calls = this.#calls.get(model) ?? new OtherCalls();
    this.#calls.set(model, calls);
    return calls;
  }

  #settle(
    budget: AttemptBudget,
    request: LmRequest,
    key: string,
    answered: Answered & Pick<Completion, 'usageRefused'>,
  ): void {
    const model = String(request.body['model']);
    const usd = usdOfUsage(this.#price(model), answered.usage);
    const { inputTokens = null, outputTokens = null } = answered.usage ?? {};
    budget.answered({ inputTokens, outputTokens, usd });
    if (answered.usageRefused) this.#sayUsageRefused();
    this.#options.onPaid?.(lmAnswer(answered, answered.text ?? '', key, model, false), usd);
  }

  /**
   * A server that knows one model alone answers to any name. Answers of the base model must not be scored, nor
   * remembered, as those of the tuned one; any other model is reported to the user.
   */
  #checkModel(asked: string, answeredBy: string | null): void {
    if (answeredBy === null || isSameName(asked, answeredBy)) return;
    const { connection, baseOf } = this.#options;
    const { endpoint } = connection;
    const who = shown(answeredBy);
    const base = baseOf?.(asked) ?? null;
    if (base !== null && base !== asked && isSameModel(base, answeredBy)) {
      throw new EndpointRefused(
        `${named(endpoint)} was asked for the tuned model "${asked}", and the base ` +
          `model "${who}" answered. Load the adapter there under this name.`,
      );
    }
    if (isSameModel(asked, answeredBy)) return;
    this.#warnOnce(
      `Endpoint "${endpoint.name}" was asked for model "${asked}" and says that "${who}" answered: the scores are of that one.`,
    );
  }

  async #remember(key: string, request: LmRequest, answered: Answered): Promise<void> {
    const { path, body } = request;
    const { text, whyNoText, finishReason, usage, seconds } = answered;
    const value = {
      request: { path, body: bodyInText(body) },
      answer: { text, whyNoText, finishReason, usage, seconds },
    };
    try {
      await this.#options.memo.put(key, value);
    } catch (error) {
      // The answer in hand is good and paid for: it is used, and the user is notified of paying for it again.
      this.#warnOnce(messageOf(error));
    }
  }

  #answerOf(answered: Answered, key: string, model: string, cached: boolean): LmAnswer {
    if (answered.text !== null) return lmAnswer(answered, answered.text, key, model, cached);
    const { connection } = this.#options;
    const why = shown(answered.whyNoText ?? 'unknown');
    throw new CallRejected(
      `Endpoint "${connection.endpoint.name}", model "${model}", answered without text (${why}). ${adviceWithoutText(answered)}`,
    );
  }

  #worst(request: LmRequest): Cost {
    const input = promptTokensAtMost(request);
    const output = completionTokensAtMost(request);
    return {
      calls: 1,
      tokens: input + output,
      usd: usdAtMost(this.#price(String(request.body['model'])), input, output),
    };
  }

  #price(model: string) {
    return priceOf(this.#options.prices ?? null, model, this.#options.baseOf?.(model) ?? null);
  }

  #sayUsageRefused(): void {
    this.#warnOnce(
      `${named(this.#options.connection.endpoint)} reports numbers of tokens that cannot be. They are not taken: tokens and dollars ` +
        'of these calls are unknown, and count against a cap at their worst.',
    );
  }

  #sayLeftOut(left: LeftOut): void {
    this.#warnOnce(`Endpoint "${this.#options.connection.endpoint.name}": ${leftOutMeaning[left]}.`);
  }

  #warnOnce(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#options.onWarning(message);
  }
}

function adviceWithoutText({ finishReason, whyNoText }: Answered): string {
  if (finishReason === 'content_filter') return rejectedAdvice.flagged;
  if (whyNoText?.includes('a call of a tool') === true) {
    return 'No tools were offered: turn off what reads tools out of answers there (a tool parser), or ask another model.';
  }
  if (whyNoText !== null && !/finish_reason|no choices/.test(whyNoText)) {
    return 'The model itself refuses: change the row, or what the program asks.';
  }
  return rejectedAdvice.unfinished;
}

function lmAnswer(answered: Answered, text: string, key: string, model: string, cached: boolean): LmAnswer {
  const { finishReason, usage, seconds } = answered;
  return { text, finishReason, usage, key, model, cached, seconds };
}

/** A value of another shape (of another version, say) is not an answer. */
function read(value: JsonValue | undefined): RememberedAnswer | null {
  if (value === undefined) return null;
  const parsed = rememberedAnswerSchema.safeParse(value);
  return parsed.success ? parsed.data : null;
}
