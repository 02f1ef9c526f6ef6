/** The `openai` client of `configure`. */
import type { OpenAI } from 'openai';
import { knowKey, unquotedKey, withoutBearer } from '../base/keys.ts';
import { responseText } from '../base/responseText.ts';
import { headersWith } from '../data/requestHeaders.ts';
import { underError } from '../wire/answerBody.ts';
import { slashedTarget } from '../wire/slashedTarget.ts';

export interface ClientConfiguration {
  readonly baseURL: string;
  readonly apiKey?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The client is loaded at the first call only: most programs that import the SDK never need it. As in a run, nothing
 * that the environment holds for OpenAI goes to `baseURL`, and no key but the one given.
 */
export async function connect({ baseURL, apiKey: given, headers = {} }: ClientConfiguration): Promise<OpenAI> {
  const apiKey = unquotedKey(given ?? '');
  if (apiKey !== '') knowKey(withoutBearer(apiKey));
  const { OpenAI: Client } = await import('openai');
  return new Client({
    baseURL,
    apiKey: 'none',
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    // The key stands where `headersWith` puts it.
    defaultHeaders: { Authorization: null, ...headersWith(headers, apiKey === '' ? null : apiKey) },
    logLevel: 'off',
    fetch: boundedFetch,
  });
}

/**
 * An answer is read whole, as far as it is one; of an error the package keeps what is under `error` alone. No redirect is
 * followed but to the same address with a slash: prompts, and a key in a header of its own, would go with it.
 */
const boundedFetch: typeof fetch = async (input, init) => {
  const ask = (url: typeof input) => fetch(url, { ...init, redirect: 'manual' });
  const first = await ask(input);
  const slashed = slashedTarget(String(input), first);
  const response = slashed === null ? first : await ask(slashed);
  const { status, headers } = response;
  const text = await responseText(response);
  return new Response(text === '' ? null : response.ok ? text : underError(text), { status, headers });
};
