/** Training rows as a data set at Fireworks. Its id is made of the job's hash, so that the same rows are sent once. */
import { sendRows } from '../base/fileWait.ts';
import type { FileWait, WireFile } from '../base/fileWait.ts';
import { asRecord } from './gateway.ts';
import type { Gateway } from './gateway.ts';
import { datasetSchema, idIn } from './wire.ts';
import type { Dataset } from './wire.ts';

/** Bytes that one upload takes. */
const uploadBytesAtMost = 150_000_000;

export interface RowsUpload extends FileWait {
  readonly id: string;
  /** JSON lines. */
  readonly rows: string;
}

/**
 * Returns the data set's id, once a job may use it.
 *
 * @throws JobNotSent when the service gave up; CallRejected when it refused the rows.
 */
export function uploadRows(gateway: Gateway, upload: RowsUpload, signal: AbortSignal): Promise<string> {
  const path = `/datasets/${upload.id}`;
  const read = async () => fileOf(await gateway.read('a data set', path, datasetSchema, signal));
  return sendRows(gateway.client, upload, () => send(gateway, upload, signal), read, signal);
}

async function send(gateway: Gateway, { id, rows }: RowsUpload, signal: AbortSignal): Promise<WireFile> {
  const content = Buffer.from(rows);
  const what = 'the upload of training rows';
  if (content.length > uploadBytesAtMost) {
    const said = `they are ${Math.ceil(content.length / 1e6)} MB, and one upload takes ${uploadBytesAtMost / 1e6} MB`;
    throw gateway.client.refusal('the training rows', said);
  }
  const path = `/datasets/${id}`;
  const found = await gateway.find(what, path, signal);
  if (found !== null) {
    const file = fileOf(asRecord(datasetSchema, found));
    if (file.status === 'READY') return file;
  } else {
    const dataset = { userUploaded: {}, format: 'CHAT', exampleCount: String(rows.split('\n').length - 1) };
    await gateway.ask(what, 'POST', '/datasets', { json: { datasetId: id, dataset }, taken: [409] }, signal);
  }
  const form = new FormData();
  form.set('file', new File([content], `${id}.jsonl`, { type: 'application/jsonl' }));
  await gateway.ask(what, 'POST', `${path}:upload`, { form }, signal);
  return fileOf(await gateway.read(what, path, datasetSchema, signal));
}

/** Its state is `UPLOADING` also once the rows were refused: then its status says so. */
function fileOf({ name, state, status }: Dataset): WireFile {
  const refused = status?.code != null && status.code !== 'OK';
  return { id: idIn(name), status: refused ? 'failed' : state, status_details: status?.message ?? null };
}
