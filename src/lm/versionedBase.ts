/** Base URLs that are written without the `/v1` under which servers answer. */
import { APIConnectionError, APIError } from 'openai';
import * as z from 'zod';
import { contentHash } from '../base/contentHash.ts';
import type { Connection } from './connection.ts';
import type { Memo } from './memo.ts';
import { readModels } from './servedModels.ts';

/**
 * Where nothing answers under a base URL without a version, and a list of models does under `/v1`, requests go there: the
 * same origin, with the same key. What was found is kept in the memo.
 *
 * @returns what to say of it; `null` where requests go to the base URL as it is set. Never rejects: an endpoint that does
 *   not answer at all says so at the next request.
 */
export async function addVersion(
  connection: Connection,
  memo: Pick<Memo, 'get' | 'put'>,
  signal: AbortSignal,
): Promise<string | null> {
  const { baseURL, name } = connection.endpoint;
  if (/\/v\d/.test(new URL(baseURL).pathname)) return null;
  const versioned = `${baseURL}/v1`;
  if (!(await answersUnderVersion(connection, memo, signal))) return null;
  connection.moveTo(versioned);
  return (
    `Endpoint "${name}" answers under ${versioned}, and not under ${baseURL}: requests go there. ` +
    `Set endpoints.${name}.baseURL in bettertogether.json to it.`
  );
}

async function answersUnderVersion(
  connection: Connection,
  memo: Pick<Memo, 'get' | 'put'>,
  signal: AbortSignal,
): Promise<boolean> {
  const key = contentHash(['answers under /v1', connection.endpoint.baseURL]);
  const remembered = z.boolean().safeParse(await memo.get(key)).data;
  if (remembered !== undefined) return remembered;
  const plain = await listsModels(connection, '/models', signal);
  const found = plain === 'no' ? await listsModels(connection, '/v1/models', signal) : plain;
  if (found === 'unknown') return false;
  const isVersioned = plain === 'no' && found === 'yes';
  // On a full disk, say: it is found out again the next time.
  await memo.put(key, isVersioned).catch(() => undefined);
  return isVersioned;
}

/** `unknown`: it is not there now, or wants another key. */
async function listsModels(
  connection: Connection,
  path: string,
  signal: AbortSignal,
): Promise<'yes' | 'no' | 'unknown'> {
  try {
    const answer = await connection.openai.get<unknown>(path, { signal, timeout: patienceMs });
    return readModels(answer) === null ? 'no' : 'yes';
  } catch (error) {
    if (error instanceof APIConnectionError) return 'unknown';
    if (error instanceof APIError) return [404, 405].includes(Number(error.status)) ? 'no' : 'unknown';
    // A page for people, say.
    return error instanceof SyntaxError ? 'no' : 'unknown';
  }
}

const patienceMs = 10_000;
