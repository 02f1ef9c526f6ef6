/** Training rows as a file at Together: announced, then put where it says, then looked at. */
import * as z from 'zod';
import { EndpointRefused } from '../../engine/errors.ts';
import { sendRows } from '../base/fileWait.ts';
import type { FileWait, WireFile } from '../base/fileWait.ts';
import { sendPlain } from '../base/plainRequest.ts';
import { askSigned } from '../base/signedUrl.ts';
import type { TogetherApi } from './api.ts';
import { asRecord } from './api.ts';
import { fileSchema } from './wire.ts';

export interface RowsUpload extends FileWait {
  /** The job's content hash, which the file's name carries. */
  readonly hash: string;
  /** JSON lines. */
  readonly rows: string;
}

/**
 * Returns the file's id, once a job may use it.
 *
 * @throws JobNotSent when the service gave up; CallRejected when it refused the rows.
 */
export function uploadRows(api: TogetherApi, upload: RowsUpload, signal: AbortSignal): Promise<string> {
  const read = (id: string) => api.read('a training file', pathOf(id), fileSchema, signal);
  return sendRows(api.client, upload, () => send(api, upload, signal), read, signal);
}

const pathOf = (file: string): string => `/v1/files/${encodeURIComponent(file)}`;

/** Uploading twice costs nothing, so it is retried like any request. */
function send(api: TogetherApi, upload: RowsUpload, signal: AbortSignal): Promise<WireFile> {
  const { client } = api;
  const bytes = Buffer.from(upload.rows);
  return client.ask('the upload of training rows', signal, async (attempt) => {
    const { id, address } = await announce(api, upload, attempt);
    await askSigned(client, address, { method: 'PUT', bytes }, attempt);
    return asRecord(fileSchema, await api.once('POST', `${pathOf(id)}/preprocess`, {}, attempt));
  });
}

const headersSchema = z.object({ id: z.string().min(1), address: z.string().min(1) });

/** Answered by a redirect: to an address that takes the bytes without a key, with the file's id beside it. */
async function announce({ client }: TogetherApi, { hash }: RowsUpload, signal: AbortSignal) {
  const form = new FormData();
  form.set('purpose', 'fine-tune');
  form.set('file_name', `bettertogether-${hash}.jsonl`);
  form.set('file_type', 'jsonl');
  const request = { method: 'POST', url: client.url('/files'), form, take: isRedirect } as const;
  const { headers } = await sendPlain(client.connection, request, signal);
  const found = headersSchema.safeParse({ id: headers.get('x-together-file-id'), address: headers.get('location') });
  if (found.success) return found.data;
  const { name } = client.connection.endpoint;
  throw new EndpointRefused(
    `${client.who} does not take files as Together does: it names no address to send them to. Check endpoints.${name}.baseURL.`,
  );
}

const isRedirect = ({ status }: { readonly status: number }): boolean => status >= 300 && status < 400;
