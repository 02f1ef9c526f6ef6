import { textOfContent } from '../wire/answerText.ts';
import type { MessageContent } from '../wire/answerText.ts';
import { HumanError, messageOf, UsageError } from '../base/errors.ts';
import type { JsonValue } from '../base/json.ts';
import { knowKey, shown } from '../base/keys.ts';
import type { Capabilities, FinishReason, LmAnswer, LmCall, Sampling, TokenUsage } from '../data/lm.ts';
import { buildRequest, maxTokensKeyOf, withoutRepeated } from '../wire/requestBody.ts';
import { headersWith } from '../data/requestHeaders.ts';
import { responseText } from '../base/responseText.ts';
import { tokenUsageSchema } from '../data/lm.ts';
import type { OpenAI } from 'openai';
import { isPredictor } from './brands.ts';
import { defaultFormat, formatNameOf } from './formats/registry.ts';
import type { FormatName } from './formats/registry.ts';
import type { Retriever } from './retrieval/retriever.ts';
import type { Runtime } from './runtime/runtime.ts';

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
  /** Further keys of each request, sent as they are: `{ reasoning_effort: 'low' }`; `null` leaves one out. Default: none. */
  readonly request?: Readonly<Record<string, JsonValue>>;
  /**
   * Further headers of each request: `{ 'X-Title': 'qa' }`. `{key}` in a value is `apiKey`: `{ 'api-key': '{key}' }` sends it
   * there, and not as `Authorization: Bearer`. Default: none.
   */
  readonly headers?: Readonly<Record<string, string>>;
  /** What the service can do beyond chat completions; take what the run's manifest says. Default: nothing. */
  readonly capabilities?: Partial<Capabilities>;
  /** Constrain answers where the format and the service can. Default `auto`. */
  readonly guided?: 'auto' | 'off';
  /** Where `Retrieve` looks things up. */
  readonly retriever?: Retriever;
}

/** The paper's sampling. */
const paperSampling: Sampling = { temperature: 0.1, topP: 0.97, maxTokens: 1024 };

let configured: Runtime | undefined;
let retriever: Retriever | undefined;

/**
 * Says which service answers when the program runs on its own, in production say (within a run of `bettertogether`
 * the run's endpoint does), and where `Retrieve` looks things up, in a run and on its own. What a further call does
 * not name stays as it was.
 *
 * @throws UsageError when `baseURL` is not a URL or there is no such adapter.
 * @example
 * configure({ baseURL: 'http://localhost:8000/v1', model: 'llama-3-8b-instruct' });
 * const program = new HotPotQA();
 * program.load(JSON.parse(await readFile(new URL('best.json', import.meta.url), 'utf8')));
 * const { answer } = await program.call({ question: 'Who wrote Dune?' });
 * @example
 * // beside the program, so that it also holds within a run
 * configure({ retriever: bm25({ corpus: new URL('passages.jsonl', import.meta.url) }) });
 */
export function configure(configuration: Configuration | Required<Pick<Configuration, 'retriever'>>): void {
  retriever = configuration.retriever ?? retriever;
  if ('baseURL' in configuration || configuration.retriever === undefined) configureLm(configuration as Configuration);
}

function configureLm(configuration: Configuration): void {
  if (!URL.canParse(configuration.baseURL)) {
    throw new UsageError(`configure: baseURL '${configuration.baseURL}' is not a URL like http://localhost:8000/v1.`);
  }
  const format = formatNameOf(configuration.adapter ?? defaultFormat);
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

/** @throws UsageError before `configure` named one. */
export function configuredRetriever(): Retriever {
  if (retriever !== undefined) return retriever;
  throw new UsageError(
    'Retrieve has nowhere to look. Call configure({ retriever: bm25({ corpus: … }) }) from bettertogether beside the ' +
      'program, or give new Retrieve({ k, retriever }) one of its own.',
  );
}

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

/**
 * The client is loaded at the first call only: most programs that import the SDK never need it. As in a run, nothing
 * that the environment holds for OpenAI goes to `baseURL`, and no key but the one given.
 */
async function connect({ baseURL, apiKey, headers = {} }: Configuration): Promise<OpenAI> {
  if (apiKey !== undefined) knowKey(apiKey);
  const { OpenAI: Client } = await import('openai');
  return new Client({
    baseURL,
    apiKey: apiKey ?? 'none',
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    // The key stands where `headersWith` puts it.
    defaultHeaders: { Authorization: null, ...headersWith(headers, apiKey ?? null) },
    logLevel: 'off',
    fetch: boundedFetch,
  });
}

/** An answer is read whole, as far as it is one. */
const boundedFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, init);
  const { status, headers } = response;
  return new Response(await responseText(response), { status, headers });
};

const noCapabilities: Capabilities = {
  completions: false,
  continueFinal: false,
  structuredChoice: false,
  jsonSchema: false,
};

async function complete(client: OpenAI, configuration: Configuration, call: LmCall): Promise<LmAnswer> {
  const began = performance.now();
  const request = buildRequest(call, {
    sampling: { ...paperSampling, ...configuration.sampling },
    capabilities: { ...noCapabilities, ...configuration.capabilities },
    rollout: { round: 0, repeat: 0 },
    maxTokensKey: maxTokensKeyOf(configuration.baseURL),
    ...(configuration.request === undefined ? {} : { furtherKeys: configuration.request }),
  });
  const reply = await explained(configuration, async () =>
    replyOf(await client.post<Partial<Answer>>(request.path, { body: { ...request.body, stream: false } })),
  );
  return {
    ...reply,
    text: withoutRepeated(reply.text, request),
    key: '',
    model: call.model,
    cached: false,
    seconds: (performance.now() - began) / 1000,
  };
}

/** As much as is read of an answer to a chat or of a completed text. */
interface Answer {
  readonly choices: readonly {
    readonly text?: string;
    readonly message?: { readonly content: MessageContent | null };
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: OpenAI.CompletionUsage | null;
}

function replyOf({ choices, usage }: Partial<Answer>): Pick<LmAnswer, 'text' | 'finishReason' | 'usage'> {
  const choice = choices?.[0];
  if (choice === undefined) throw new Error('not a completion');
  const text = textOfContent(choice.message?.content) ?? choice.text ?? '';
  return { text, finishReason: reason(choice.finish_reason), usage: usageOf(usage) };
}

function reason(given: string | null | undefined): FinishReason {
  return given === 'stop' || given === 'length' || given === 'content_filter' ? given : 'other';
}

/** As reported; `null` also where the numbers cannot be. */
function usageOf(usage: OpenAI.CompletionUsage | null | undefined): TokenUsage | null {
  const used = tokenUsageSchema.safeParse({
    inputTokens: usage?.prompt_tokens,
    cachedInputTokens: usage?.prompt_tokens_details?.cached_tokens ?? 0,
    outputTokens: usage?.completion_tokens,
  });
  return used.data ?? null;
}

async function explained<T>({ baseURL }: Configuration, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw new HumanError(`The LM at ${baseURL} (see configure) did not answer: ${shown(messageOf(error), 1000)}`, {
      cause: error,
    });
  }
}
