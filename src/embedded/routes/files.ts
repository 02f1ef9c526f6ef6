import type { FileStore } from '../files/fileStore.ts';
import type { Call, Handler } from '../../loopback/http.ts';
import { answered, ApiError, readBody } from '../../loopback/http.ts';
import { page } from './page.ts';

const largest = 512 * 2 ** 20;

/** `POST /v1/files`: multipart, fields `file` and `purpose`. `onTrainingFile`: a job is likely to follow. */
export function uploadFile(files: FileStore, onTrainingFile: () => void = () => undefined): Handler {
  return async (call) => {
    const form = await readForm(call);
    const file = form.get('file');
    if (!(file instanceof Blob)) throw new ApiError(400, "The form has no field 'file'.", { param: 'file' });
    const purpose = form.get('purpose');
    if (typeof purpose !== 'string' || purpose === '') {
      throw new ApiError(400, "The form has no field 'purpose'.", { param: 'purpose' });
    }
    if (purpose === 'fine-tune') onTrainingFile();
    return await files.create(file.name, purpose, Buffer.from(await file.arrayBuffer()));
  };
}

async function readForm(call: Call): Promise<FormData> {
  const type = call.request.headers['content-type'] ?? '';
  const body = await readBody(call.request, largest);
  try {
    return await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
  } catch {
    throw new ApiError(400, 'The body of the request is not multipart/form-data.');
  }
}

/** `GET /v1/files` */
export function listFiles(files: FileStore): Handler {
  return async (call) => page(call, await files.list(), 10_000);
}

/** `GET /v1/files/:id` */
export function getFile(files: FileStore): Handler {
  return ({ params }) => files.find(params['id'] ?? '');
}

/** `GET /v1/files/:id/content` */
export function getFileContent(files: FileStore): Handler {
  return async ({ params, response }) => {
    const content = await files.content(params['id'] ?? '');
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': content.length });
    response.end(content);
    return answered;
  };
}

/** `DELETE /v1/files/:id` */
export function deleteFile(files: FileStore): Handler {
  return async ({ params }) => {
    const id = params['id'] ?? '';
    await files.remove(id);
    return { id, object: 'file', deleted: true };
  };
}
