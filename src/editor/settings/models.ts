/** Asks an endpoint which models it serves. */
import * as z from 'zod';
import type { ResolvedEndpoint } from '../../config/resolved.ts';
import { HumanError, messageOf } from '../../base/errors.ts';
import { knowKey, shown } from '../../base/keys.ts';
import { nameProblem } from '../../data/names.ts';
import { responseText } from '../../base/responseText.ts';

const timeoutMs = 8000;
const modelsSchema = z.object({ data: z.array(z.object({ id: z.string() })) });

export type OpenAiEndpoint = Extract<ResolvedEndpoint, { kind: 'openai' }>;

/**
 * Names of models that may be in a configuration.
 *
 * @throws HumanError saying what the endpoint said.
 */
export async function modelsOf(
  { baseURL }: Pick<OpenAiEndpoint, 'baseURL'>,
  key: string | undefined,
): Promise<readonly string[]> {
  const body = await ask(`${baseURL}/models`, key);
  const parsed = modelsSchema.safeParse(body);
  if (!parsed.success) throw new HumanError(`${baseURL}/models did not answer with a list of models.`);
  return parsed.data.data.map(({ id }) => id).filter((id) => nameProblem(id) === null);
}

async function ask(url: string, key: string | undefined): Promise<unknown> {
  if (key !== undefined) knowKey(key);
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  // No redirects: a key goes to the host it was entered for, and to no other.
  const request = { headers, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) } as const;
  let response: Response;
  try {
    response = await fetch(url, request);
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
    throw new HumanError(`${url} does not answer: ${shown(cause)}. Is the server up, and is the base URL right?`, {
      cause: error,
    });
  }
  const text = await responseText(response).catch((error: unknown) => {
    throw new HumanError(`${url} does not answer as an OpenAI endpoint does: ${messageOf(error)}.`, { cause: error });
  });
  if (!response.ok) {
    const hint =
      response.status === 401 || response.status === 403 ? ' Set its key with "BetterTogether: Set API Key".' : '';
    throw new HumanError(`${url} answered ${response.status}: ${shown(text)}.${hint}`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new HumanError(`${url} did not answer with JSON: ${shown(text, 100)}`, { cause: error });
  }
}
