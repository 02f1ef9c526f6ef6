import { UsageError } from '../base/errors.ts';
import { normaliseBaseURL } from '../data/baseUrl.ts';
import type { JsonValue } from '../base/json.ts';
import type { Capabilities, Sampling } from '../data/lm.ts';
import { isPredictor } from './brands.ts';
import { configuredLm } from './configuredLm.ts';
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
  const baseURL = normaliseBaseURL(configuration.baseURL, 'baseURL of configure');
  const format = formatNameOf(configuration.adapter ?? defaultFormat);
  configured = {
    format,
    guided: configuration.guided ?? 'auto',
    complete: configuredLm({ ...configuration, baseURL }),
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
