import * as z from 'zod';
import { contentHash } from '../../base/contentHash.ts';
import type { JsonValue } from '../../base/json.ts';
import type { Connection } from '../../lm/connection.ts';
import type { RetryOptions } from '../../lm/retry.ts';
import type { BackEndQuestion } from './backEnd.ts';

/**
 * Asks a free question before anything is paid, with short patience. A service that passed is not asked again in this
 * workspace; one that did not is, for it may have been put right.
 *
 * @param key what passed, beside the service itself.
 * @param ask rejects where the service does not pass.
 */
export async function onceAllowed(
  key: JsonValue,
  { service, memo, retry = {} }: BackEndQuestion,
  ask: (service: Connection, retry: RetryOptions) => Promise<void>,
): Promise<void> {
  if (service === null) return;
  const place = contentHash(['passed', key, service.endpoint.identity]);
  if (z.literal(true).safeParse(await memo.get(place)).success) return;
  await ask(service, { ...retry, patienceSeconds: Math.min(20, retry.patienceSeconds ?? 20) });
  await memo.put(place, true);
}
