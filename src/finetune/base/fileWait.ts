/** The wait until a service has looked at the rows that it was sent. */
import * as z from 'zod';
import { shown } from '../../base/keys.ts';
import { sleep } from '../../engine/abort.ts';
import { EndpointUnavailable, JobNotSent } from '../../engine/errors.ts';
import { minutesOf } from '../../engine/training.ts';
import { idSchema } from './jobEvents.ts';
import type { ServiceClient } from './serviceClient.ts';
import { fileState } from './stateWords.ts';

/** An uploaded file; services that look at it first say so in `status`. */
export const wireFileSchema = z.object({
  id: idSchema,
  status: z.string().nullish().catch(null),
  status_details: z.string().nullish().catch(null),
});
export type WireFile = z.infer<typeof wireFileSchema>;

export interface FileWait {
  readonly pollSeconds: number;
  /** Seconds that the file may stay in one status. */
  readonly stallSeconds: number;
}

/**
 * Sends rows and waits until a job may use them; returns the file's id.
 *
 * @param read what the service says of the file now.
 * @throws JobNotSent when the service gave up; CallRejected when it refused the rows.
 */
export async function sendRows(
  client: ServiceClient,
  wait: FileWait,
  send: () => Promise<WireFile>,
  read: (id: string) => Promise<WireFile>,
  signal: AbortSignal,
): Promise<string> {
  try {
    const file = await send();
    await untilTaken(client, file, wait, read, signal);
    return file.id;
  } catch (error) {
    throw error instanceof EndpointUnavailable ? new JobNotSent(error.message, { cause: error }) : error;
  }
}

/**
 * Waits until the service has looked at the file, where it says that it does (Azure, Together, Fireworks).
 *
 * @throws EndpointUnavailable when it has been in the same status for too long. Only a status that is new starts the time
 *   again: what is said beside it may change for ever.
 */
async function untilTaken(
  client: ServiceClient,
  uploaded: WireFile,
  { pollSeconds, stallSeconds }: FileWait,
  read: (id: string) => Promise<WireFile>,
  signal: AbortSignal,
): Promise<void> {
  const seen = new Set<string>();
  let since = performance.now();
  for (let file = uploaded; ;) {
    const state = fileState(file.status);
    if (state === 'ready') return;
    if (state === 'refused') {
      throw client.refusal('the training file', file.status_details ?? `it is "${file.status}"`);
    }
    const status = file.status?.toLowerCase() ?? '';
    if (!seen.has(status)) since = performance.now();
    seen.add(status);
    const seconds = (performance.now() - since) / 1000;
    if (seconds > stallSeconds) throw notTaken(client, file, seconds);
    await sleep(pollSeconds * 1000, signal);
    file = await read(uploaded.id);
  }
}

function notTaken(client: ServiceClient, { id, status }: WireFile, seconds: number): EndpointUnavailable {
  return new EndpointUnavailable(
    `${client.who} has had the training file ${shown(id)} as ` +
      `"${shown(status ?? '')}" for ${minutesOf(seconds)}, and has begun nothing. Look at the training ` +
      'service. `bettertogether resume` sends the rows again; "stallMinutes" of the endpoint\'s "fineTune" says how ' +
      'long to wait.',
  );
}
