/** Training rows as a file at the service, and the wait until it has looked at them. */
import { shown } from '../../base/keys.ts';
import { EndpointRefused, EndpointUnavailable, JobNotSent } from '../../engine/errors.ts';
import { sleep } from '../../engine/abort.ts';
import { minutesOf } from '../../engine/training.ts';
import { fileState, wireFileSchema } from './jobWire.ts';
import type { WireFile } from './jobWire.ts';
import { cannotTrain, hasNoRoute } from './trainingOffer.ts';
import { isApiError, parsed } from './serviceClient.ts';
import type { ServiceClient } from './serviceClient.ts';

export interface RowsUpload {
  /** The job's content hash, which the file's name carries. */
  readonly hash: string;
  /** The rows as JSON lines. */
  readonly rows: string;
  readonly pollSeconds: number;
  /** Seconds that the file may stay in one status. */
  readonly stallSeconds: number;
}

/**
 * Uploads the rows and waits until a job may use them; returns the file's id.
 *
 * @throws JobNotSent when the service gave up; CallRejected when it refused the rows; EndpointRefused when it takes no
 *   files at all.
 */
export async function uploadRows(client: ServiceClient, upload: RowsUpload, signal: AbortSignal): Promise<string> {
  try {
    const file = await send(client, upload, signal);
    await untilTaken(client, file, upload, signal);
    return file.id;
  } catch (error) {
    throw error instanceof EndpointUnavailable ? new JobNotSent(error.message, { cause: error }) : error;
  }
}

/** Uploading twice costs nothing, so it is retried like any request. */
function send(client: ServiceClient, { hash, rows }: RowsUpload, signal: AbortSignal): Promise<WireFile> {
  const content = Buffer.from(rows);
  const request = async (attempt: AbortSignal) => {
    const form = new FormData();
    form.set('purpose', 'fine-tune');
    form.set('file', new File([content], `bettertogether-${hash}.jsonl`, { type: 'application/jsonl' }));
    return parsed(wireFileSchema, await client.post('/files', { form }, attempt));
  };
  const also = (error: unknown) =>
    isApiError(error) && hasNoRoute(error.status)
      ? new EndpointRefused(cannotTrain(client.connection.endpoint, error.message))
      : null;
  return client.ask('the upload of training rows', signal, request, { also });
}

/**
 * Waits until the service has looked at the file, where it says that it does (Azure).
 *
 * @throws EndpointUnavailable when it has been in the same status for too long. Only a status that is new starts the time
 *   again: what is said beside it may change for ever.
 */
async function untilTaken(
  client: ServiceClient,
  uploaded: WireFile,
  { pollSeconds, stallSeconds }: RowsUpload,
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
    file = await client.get('a training file', `/files/${encodeURIComponent(uploaded.id)}`, wireFileSchema, signal);
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
