import * as z from 'zod';
import { HumanError, messageOf, UsageError } from '../../base/errors.ts';
import { nestsDeeper } from '../../base/nesting.ts';
import { responseText, ResponseTooLarge } from '../../base/responseText.ts';
import type { Passage, Retriever } from './retriever.ts';

export interface ColbertOptions {
  /** Of the search itself: `http://gpu-box:2017/wiki17_abstracts`. */
  readonly url: string;
  /** Send query and k as a JSON body instead of in the address. Default false. */
  readonly post?: boolean;
  /** Seconds for one try. Default 10. */
  readonly timeout?: number;
  /** Tries before it gives up. Default 4. */
  readonly attempts?: number;
  /** Seconds before the second try; each further wait is twice as long. Default 0.5. */
  readonly wait?: number;
}

/** The server gives no more. */
const mostPassages = 100;

/** Answers kept in memory at most. */
const mostRemembered = 10_000;

/** Errors come with status 200 as well (dspy/dsp/colbertv2.py). */
const replySchema = z.union([
  z.object({ topk: z.array(z.object({ text: z.string(), score: z.number().default(0) })) }),
  z.object({ error: z.union([z.literal(true), z.string()]), message: z.string().optional() }),
]);

/**
 * A ColBERTv2 server, as DSPy asks it. Equal queries are asked once; failures of the network and of a busy server are
 * tried again.
 *
 * @throws UsageError when `url` is not a URL; `search` rejects with a HumanError when the server does not answer.
 * @example configure({ retriever: colbertv2({ url: 'http://gpu-box:2017/wiki17_abstracts' }) });
 */
export function colbertv2(options: ColbertOptions): Retriever {
  if (!URL.canParse(options.url)) {
    throw new UsageError(`colbertv2: url '${options.url}' is not a URL like http://gpu-box:2017/wiki17_abstracts.`);
  }
  const remembered = new Map<string, Promise<readonly Passage[]>>();
  return {
    search: (query, k) => {
      const key = JSON.stringify([query, k]);
      const known = remembered.get(key);
      if (known !== undefined) return known.then(ownCopy);
      const asked = askUntilAnswered(options, query, Math.min(k, mostPassages)).then((found) => found.slice(0, k));
      remembered.set(key, asked);
      asked.catch(() => remembered.delete(key));
      if (remembered.size > mostRemembered) remembered.delete(remembered.keys().next().value!);
      return asked.then(ownCopy);
    },
  };
}

/** Callers that sort their copy change no other. */
const ownCopy = (found: readonly Passage[]): readonly Passage[] => found.map((passage) => ({ ...passage }));

async function askUntilAnswered(options: ColbertOptions, query: string, k: number): Promise<readonly Passage[]> {
  const { attempts = 4, wait = 0.5, url } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask(options, query, k);
    } catch (error) {
      if (attempt >= attempts || (error instanceof ServerSaid && !error.again)) {
        const tries = attempt === 1 ? '' : ` after ${attempt} tries`;
        throw new HumanError(`The ColBERT server at ${url} did not answer${tries}: ${messageOf(error)}`, {
          cause: error,
        });
      }
      await new Promise((resolve) => setTimeout(resolve, wait * 1000 * 2 ** (attempt - 1)));
    }
  }
}

class ServerSaid extends Error {
  /** Whether the same request may be answered later. */
  readonly again: boolean;

  constructor(message: string, again: boolean) {
    super(message);
    this.again = again;
  }
}

async function ask(options: ColbertOptions, query: string, k: number): Promise<readonly Passage[]> {
  const url = new URL(options.url);
  const signal = AbortSignal.timeout((options.timeout ?? 10) * 1000);
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  if (options.post !== true) {
    url.searchParams.set('query', query);
    url.searchParams.set('k', String(k));
  }
  const response = await (options.post === true
    ? fetch(url, { method: 'POST', signal, headers, body: JSON.stringify({ query, k }) })
    : fetch(url, { signal }));
  const text = await responseText(response).catch((error: unknown) => {
    throw error instanceof ResponseTooLarge ? new ServerSaid(error.message, false) : error;
  });
  if (!response.ok) {
    const again = response.status >= 500 || response.status === 429 || response.status === 408;
    throw new ServerSaid(`status ${response.status}, ${excerpt(text)}`, again);
  }
  const reply = replySchema.safeParse(jsonIn(text));
  if (!reply.success) throw new ServerSaid(`its answer is not ColBERT's: ${excerpt(text)}`, false);
  // The server's own back end failed, which passes.
  if ('error' in reply.data) throw new ServerSaid(reply.data.message ?? String(reply.data.error), true);
  return reply.data.topk;
}

function jsonIn(text: string): unknown {
  if (nestsDeeper(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function excerpt(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
