import OpenAI from 'openai';
import type { ClientOptions } from 'openai';
import { VERSION } from 'openai/version';

type Request = Parameters<OpenAI['buildRequest']>[0];
type Built = ReturnType<OpenAI['buildRequest']>;

export interface LeanOptions extends ClientOptions {
  readonly defaultHeaders?: Readonly<Record<string, string | null>>;
  /** Its headers may be a plain object. */
  readonly fetch: typeof fetch;
}

/**
 * The `openai` package with less work around each call: by itself it puts the same dozen headers together for each request,
 * and leaves its listener on the signal it is given, where they pile up on one that lives as long as a run.
 */
export class LeanOpenAI extends OpenAI {
  readonly #send: typeof fetch;
  #headers: Readonly<Record<string, string>> | null = null;

  constructor(options: LeanOptions) {
    // The package names itself by the name of its class.
    const defaultHeaders = { 'User-Agent': `OpenAI/JS ${VERSION}`, ...options.defaultHeaders };
    super({ ...options, defaultHeaders });
    this.#send = options.fetch;
  }

  /** What posts JSON has the headers that the package makes for the first such request. */
  override async buildRequest(request: Request, more?: { retryCount?: number }): Built {
    const { method, path, query, body, signal, defaultBaseURL } = request;
    if (!isPlainPost(request)) return super.buildRequest(request, more);
    const headers = (this.#headers ??= await this.#builtHeaders(request));
    const built = { method, headers: headers as unknown as Headers, body: JSON.stringify(body) };
    const url = this.buildURL(path, query as Record<string, unknown> | null | undefined, defaultBaseURL);
    return { req: signal ? { ...built, signal } : built, url, timeout: this.timeout };
  }

  /** As the package's own, but for the listener, which goes when the request is over. */
  override async fetchWithTimeout(
    url: Parameters<typeof fetch>[0],
    { signal, method = 'GET', ...rest }: RequestInit = {},
    milliseconds: number,
    controller: AbortController,
  ): Promise<Response> {
    const abort = () => {
      controller.abort();
    };
    signal?.addEventListener('abort', abort, { once: true });
    const timer = setTimeout(abort, milliseconds);
    try {
      return await this.#send(url, { ...rest, method: method.toUpperCase(), signal: controller.signal });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }

  async #builtHeaders(request: Request): Promise<Readonly<Record<string, string>>> {
    const { req } = await super.buildRequest(request);
    return Object.fromEntries(req.headers);
  }
}

/** Nothing of it is said for this request alone. */
function isPlainPost({ method, body, headers, timeout, idempotencyKey, fetchOptions }: Request): boolean {
  const own = headers ?? timeout ?? idempotencyKey ?? fetchOptions;
  return method === 'post' && own === undefined && isPlainObject(body);
}

function isPlainObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
