/** Asks an endpoint which models it serves. */
import * as z from 'zod';
import type { ResolvedEndpoint } from '../../config/resolved.ts';
import { HumanError, messageOf } from '../../base/errors.ts';
import { knowKey, shown } from '../../base/keys.ts';
import { nameProblem } from '../../data/names.ts';
import { headersWith } from '../../data/requestHeaders.ts';
import { responseText } from '../../base/responseText.ts';

const timeoutMs = 8000;
const modelsSchema = z.object({ data: z.array(z.object({ id: z.string() })) });

export type OpenAiEndpoint = Extract<ResolvedEndpoint, { kind: 'openai' }>;

export interface ServedModels {
  /** Where they were listed: the address that was asked, or its `/v1` where only that answers. */
  readonly baseURL: string;
  /** Names that may be in a configuration. */
  readonly names: readonly string[];
}

/** It answers, and lists no models: another path of it may, or none. */
export class NoListThere extends HumanError {
  override readonly name = 'NoListThere';
}

/**
 * The models that an endpoint lists. Most serve under `/v1`, which is often left out of an address: there they are looked
 * for too, at the same host with the same key.
 *
 * @throws HumanError saying what the endpoint said; NoListThere where it lists none anywhere.
 */
export async function modelsOf(
  { baseURL, headers }: Pick<OpenAiEndpoint, 'baseURL' | 'headers'>,
  key: string | undefined,
): Promise<ServedModels> {
  if (key !== undefined) knowKey(key);
  const sent = headersWith(headers ?? {}, key ?? null);
  try {
    return { baseURL, names: await modelsAt(baseURL, sent) };
  } catch (error) {
    if (!(error instanceof NoListThere) || /\/v\d+$/.test(baseURL)) throw error;
    const longer = `${baseURL}/v1`;
    const names = await modelsAt(longer, sent).catch(() => {
      throw error;
    });
    return { baseURL: longer, names };
  }
}

async function modelsAt(baseURL: string, headers: Sent): Promise<readonly string[]> {
  const body = await ask(`${baseURL}/models`, headers);
  const parsed = modelsSchema.safeParse(body);
  if (!parsed.success) throw new NoListThere(`${baseURL}/models did not answer with a list of models.`);
  return parsed.data.data.map(({ id }) => id).filter((id) => nameProblem(id) === null);
}

type Sent = Readonly<Record<string, string>>;

async function ask(url: string, headers: Sent): Promise<unknown> {
  // No redirects: a key goes to the host it was entered for, and to no other.
  const request = { headers, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) } as const;
  let response: Response;
  try {
    response = await fetch(url, request);
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
    throw new HumanError(`${url} does not answer: ${shown(cause)}. Is the server up, and is the base URL right?`, {
      cause: error,
      mends: [{ kind: 'endpoint' }],
    });
  }
  const text = await responseText(response).catch((error: unknown) => {
    throw new HumanError(`${url} does not answer as an OpenAI endpoint does: ${messageOf(error)}.`, { cause: error });
  });
  if (!response.ok) {
    const { status } = response;
    const said = `${url} answered ${status}: ${shown(text)}.`;
    // It does not say without a key, or not with this one.
    if (status === 401 || status === 403) {
      throw new HumanError(`${said} Set its key with "BetterTogether: Set API Key".`, { mends: [{ kind: 'apiKey' }] });
    }
    throw status === 404 || status === 405 ? new NoListThere(said) : new HumanError(said);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new NoListThere(`${url} did not answer with JSON: ${shown(text, 100)}`, { cause: error });
  }
}
