import { randomUUID } from 'node:crypto';
import type { Call } from '../../loopback/http.ts';
import { answered, ApiError, EventStream } from '../../loopback/http.ts';
import type { Engine, EngineAnswer, EngineRequest } from '../llama/engine.ts';
import { ContextLengthError } from '../llama/engine.ts';
import type { Token } from '../llama/nodeLlamaCpp.ts';
import type { ServedModels } from '../models/servedModels.ts';
import type { GenerationBody } from './generationSchema.ts';
import { constraintOf, stopsOf } from './generationSchema.ts';

/** How one wire shape (chat or text) writes answers. */
export interface Shape {
  readonly idPrefix: string;
  readonly object: string;
  readonly chunkObject: string;
  /** A finished choice, less index and finish_reason. */
  choice(text: string): object;
  /** A piece of a choice; `first` opens it. */
  delta(text: string, first: boolean): object;
}

export interface GenerateServices {
  readonly engine: Engine;
  readonly models: ServedModels;
}

/** Tokens of an answer where the request names no limit: a small model does not always find an end of its own. */
const defaultMaxTokens = 1024;

/** Generates for `prompts` (each `n` times) and answers in `shape`, at once or as a stream. */
export async function generate(
  call: Call,
  services: GenerateServices,
  body: GenerationBody,
  prompts: readonly (readonly Token[])[],
  shape: Shape,
): Promise<unknown> {
  const model = await services.models.find(body.model);
  if (prompts.some((prompt) => prompt.length === 0))
    throw new ApiError(400, 'The prompt is empty.', { param: 'prompt' });
  const request = engineRequest(call, body, model.adapter);
  const head = { id: `${shape.idPrefix}-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model: body.model };
  const run = (onText?: EngineRequest['onText']): Promise<(readonly EngineAnswer[])[]> =>
    Promise.all(
      prompts.map((prompt, place) => {
        const offset = place * request.n;
        const listen = onText && { onText: (index: number, text: string) => onText(offset + index, text) };
        return services.engine.generate({ ...request, prompt, ...listen });
      }),
    ).catch(asApiError);
  if (body.stream === true) return await stream(call, body, prompts, shape, head, run);

  const answers = await run();
  const choices = answers.flat().map((answer, index) => {
    return { index, ...shape.choice(answer.text), logprobs: null, finish_reason: answer.finishReason };
  });
  return { ...head, object: shape.object, choices, usage: usageOf(prompts, answers) };
}

function engineRequest(call: Call, body: GenerationBody, adapter: string | null): EngineRequest {
  return {
    adapter,
    prompt: [],
    n: body.n ?? 1,
    maxTokens: body.max_completion_tokens ?? body.max_tokens ?? defaultMaxTokens,
    temperature: body.temperature ?? 1,
    topP: body.top_p ?? 1,
    topK: Math.max(0, body.top_k ?? 0),
    minP: body.min_p ?? 0,
    seed: body.seed ?? null,
    stops: stopsOf(body),
    ...constraintOf(body),
    signal: call.signal,
  };
}

async function stream(
  call: Call,
  body: GenerationBody,
  prompts: readonly (readonly Token[])[],
  shape: Shape,
  head: { readonly id: string; readonly created: number; readonly model: string },
  run: (onText: NonNullable<EngineRequest['onText']>) => Promise<(readonly EngineAnswer[])[]>,
): Promise<typeof answered> {
  // The stream opens with the first text: until then an error can still be answered as one.
  let events: EventStream | null = null;
  const begun = new Set<number>();
  const chunk = (choices: readonly object[], usage?: object): void => {
    events ??= new EventStream(call.response);
    events.send({ ...head, object: shape.chunkObject, choices, ...(usage === undefined ? {} : { usage }) });
  };
  const piece = (index: number, text: string, finish: string | null): void => {
    const delta = shape.delta(text, !begun.has(index));
    begun.add(index);
    chunk([{ index, ...delta, logprobs: null, finish_reason: finish }]);
  };
  const answers = await run((index, text) => {
    piece(index, text, null);
  });
  for (const [index, answer] of answers.flat().entries()) piece(index, '', answer.finishReason);
  if (body.stream_options?.include_usage === true) chunk([], usageOf(prompts, answers));
  (events as EventStream | null)?.end();
  return answered;
}

function usageOf(prompts: readonly (readonly Token[])[], answers: readonly (readonly EngineAnswer[])[]): object {
  const prompt = prompts.reduce((sum, tokens) => sum + tokens.length, 0);
  const completion = answers.flat().reduce((sum, answer) => sum + answer.tokens.length, 0);
  // The prompt is counted once for its n answers, so what was reused of it is the first answer's.
  const cached = answers.reduce((sum, [first]) => sum + (first?.cachedTokens ?? 0), 0);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: cached },
  };
}

function asApiError(error: unknown): never {
  if (error instanceof ContextLengthError) {
    throw new ApiError(400, error.message, { param: 'messages', code: 'context_length_exceeded' });
  }
  throw error;
}
