/** Training rows as a file at the service. */
import { EndpointRefused } from '../../engine/errors.ts';
import { sendRows, wireFileSchema } from '../base/fileWait.ts';
import type { FileWait, WireFile } from '../base/fileWait.ts';
import { isApiError, parsed } from '../base/serviceClient.ts';
import type { ServiceClient } from '../base/serviceClient.ts';
import { cannotTrain, hasNoRoute } from './trainingOffer.ts';

export interface RowsUpload extends FileWait {
  /** The job's content hash, which the file's name carries. */
  readonly hash: string;
  /** The rows as JSON lines. */
  readonly rows: string;
}

/**
 * Uploads the rows and waits until a job may use them; returns the file's id.
 *
 * @throws JobNotSent when the service gave up; CallRejected when it refused the rows; EndpointRefused when it takes no
 *   files at all.
 */
export function uploadRows(client: ServiceClient, upload: RowsUpload, signal: AbortSignal): Promise<string> {
  const read = (id: string) =>
    client.get('a training file', `/files/${encodeURIComponent(id)}`, wireFileSchema, signal);
  return sendRows(client, upload, () => send(client, upload, signal), read, signal);
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
