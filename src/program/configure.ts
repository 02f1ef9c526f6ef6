import { HumanError, messageOf, UsageError } from '../data/errors.ts';
import type { Capabilities, FinishReason, LmAnswer, LmCall, Sampling, TokenUsage } from '../data/lm.ts';
import type { OpenAI } from 'openai';
import { isPredictor } from './brands.ts';
import { formatNamed } from './formats/registry.ts';
import type { FormatName, Runtime } from './runtime.ts';

/** Where a program's LM calls go when it runs on its own, outside of `bettertogether`. */
export interface Configuration {
  /** Of an OpenAI-compatible service, with `/v1`: `https://api.openai.com/v1`, `http://gpu-box:8000/v1`. */
  readonly baseURL: string;
  /** Sent to `baseURL` and nowhere else. Default: none. */
  readonly apiKey?: string;
  /** Answers for predictors whose loaded state names no model. */
  readonly model: string;
  /** The prompt format; take the one the program was optimized with. Default `chat`. */
  readonly adapter?: FormatName;
  /** Default: the paper's, temperature 0.1, top-p 0.97, at most 1,024 tokens. */
  readonly sampling?: Partial<Sampling>;
  /** What the service can do beyond chat completions; take what the run's manifest says. Default: nothing. */
  readonly capabilities?: Partial<Capabilities>;
  /** Constrain answers where the format and the service can. Default `auto`. */
  readonly guided?: 'auto' | 'off';
}

/** The paper's sampling (DESIGN section 4). */
const paperSampling: Sampling = { temperature: 0.1, topP: 0.97, maxTokens: 1024 };

let configured: Runtime | undefined;

/**
 * Says which service answers when the program runs on its own, in production say. Within a run of `bettertogether`
 * it is not used.
 *
 * @throws UsageError when `baseURL` is no URL or there is no such adapter.
 * @example
 * configure({ baseURL: 'http://localhost:8000/v1', model: 'llama-3-8b-instruct' });
 * const program = new HotPotQA();
 * program.load(JSON.parse(await readFile('best.json', 'utf8')));
 * const { answer } = await program.call({ question: 'Who wrote Dune?' });
 */
export function configure(configuration: Configuration): void {
  if (!URL.canParse(configuration.baseURL)) {
    throw new UsageError(`configure: baseURL '${configuration.baseURL}' is not a URL like http://localhost:8000/v1.`);
  }
  const format = formatNamed(configuration.adapter ?? 'chat').name;
  const client = lazily(() => connect(configuration));
  configured = {
    format,
    guided: configuration.guided ?? 'auto',
    complete: async (call) => complete(await client(), configuration, call),
    lookup: (predictor) => {
      if (!isPredictor(predictor)) return undefined;
      const own = predictor.ownState();
      return { name: '', state: own.model === '' ? { ...own, model: configuration.model } : own };
    },
    record: () => undefined,
    startedAt: performance.now(),
  };
}

/** @throws UsageError before `configure` was called. */
export function configuredRuntime(): Runtime {
  if (configured !== undefined) return configured;
  throw new UsageError(
    'There is no LM to ask. Call configure({ baseURL, apiKey, model }) from bettertogether once before the program ' +
      'runs, or run it with `bettertogether evaluate`.',
  );
}

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

/** The client is loaded at the first call only: most programs that import the SDK never need it. */
async function connect({ baseURL, apiKey }: Configuration): Promise<OpenAI> {
  const { OpenAI: Client } = await import('openai');
  return new Client({ baseURL, apiKey: apiKey ?? 'none' });
}

async function complete(client: OpenAI, configuration: Configuration, call: LmCall): Promise<LmAnswer> {
  const began = performance.now();
  const can = configuration.capabilities ?? {};
  const sampling = { ...paperSampling, ...configuration.sampling, ...call.sampling };
  const common = {
    model: call.model,
    temperature: sampling.temperature,
    top_p: sampling.topP,
    max_tokens: sampling.maxTokens,
    ...(call.stop.length > 0 ? { stop: [...call.stop] } : {}),
    ...guideOf(call, can),
  };
  const asText = call.prompt.kind === 'text' && can.completions === true;
  const reply = await told(configuration, async () =>
    asText
      ? textReply(client, { ...common, prompt: promptOf(call) })
      : chatReply(client, { ...common, ...chatOf(call, can) }),
  );
  return { ...reply, key: '', model: call.model, cached: false, seconds: (performance.now() - began) / 1000 };
}

type Reply = Pick<LmAnswer, 'text' | 'finishReason' | 'usage'>;

async function chatReply(client: OpenAI, body: OpenAI.Chat.ChatCompletionCreateParamsNonStreaming): Promise<Reply> {
  const { choices, usage } = await client.chat.completions.create(body);
  const choice = choices[0];
  return { text: choice?.message.content ?? '', finishReason: reason(choice?.finish_reason), usage: usageOf(usage) };
}

async function textReply(client: OpenAI, body: OpenAI.CompletionCreateParamsNonStreaming): Promise<Reply> {
  const { choices, usage } = await client.completions.create(body);
  const choice = choices[0];
  return { text: choice?.text ?? '', finishReason: reason(choice?.finish_reason), usage: usageOf(usage) };
}

function promptOf({ prompt }: LmCall): string {
  return prompt.kind === 'text' ? prompt.prompt : '';
}

/** The turns of the prompt; a text prompt is one user turn where the service has no text completions. */
function chatOf(
  { prompt }: LmCall,
  can: Partial<Capabilities>,
): { messages: OpenAI.Chat.ChatCompletionMessageParam[] } {
  if (prompt.kind === 'text') return { messages: [{ role: 'user', content: prompt.prompt }] };
  const messages = prompt.messages.map(({ role, content }) => ({ role, content }));
  if (prompt.opened === undefined || can.continueFinal !== true) return { messages };
  // vLLM's parameters, and the embedded endpoint's.
  const opening = { continue_final_message: true, add_generation_prompt: false };
  return { messages: [...messages, { role: 'assistant', content: prompt.opened }], ...opening };
}

function guideOf({ guide }: LmCall, can: Partial<Capabilities>): Readonly<Record<string, unknown>> {
  if (guide?.kind === 'choice' && can.structuredChoice === true)
    return { structured_outputs: { choice: guide.choices } };
  if (guide?.kind === 'jsonObject' && can.jsonSchema === true) return { response_format: { type: 'json_object' } };
  if (guide?.kind !== 'jsonSchema' || can.jsonSchema !== true) return {};
  const { name, schema } = guide;
  return { response_format: { type: 'json_schema', json_schema: { name, schema, strict: true } } };
}

function reason(given: string | null | undefined): FinishReason {
  return given === 'stop' || given === 'length' || given === 'content_filter' ? given : 'other';
}

function usageOf(usage: OpenAI.CompletionUsage | undefined): TokenUsage | null {
  if (usage === undefined) return null;
  return {
    inputTokens: usage.prompt_tokens,
    cachedInputTokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
    outputTokens: usage.completion_tokens,
  };
}

async function told<T>({ baseURL }: Configuration, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw new HumanError(`The LM at ${baseURL} (see configure) did not answer: ${messageOf(error)}`, { cause: error });
  }
}
