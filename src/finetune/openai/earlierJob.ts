/** Jobs that were sent before, found again by the content hash that they carry. */
import * as z from 'zod';
import { CannotList } from '../../engine/errors.ts';
import { marks } from './jobMark.ts';
import { jobState } from '../base/stateWords.ts';
import { wireJobSchema } from './jobWire.ts';
import type { WireJob } from './jobWire.ts';
import { itemsOf } from '../base/lists.ts';
import { isRefusal } from '../base/serviceClient.ts';
import type { ServiceClient } from '../base/serviceClient.ts';

/** Jobs that carry nothing but a file id are asked for the file's name; of so many at most. */
const filesAskedAtMost = 200;

const what = 'the list of fine-tuning jobs';

/**
 * The id of a job that carries the hash and has not ended badly; `null`: there is none.
 *
 * @throws CannotList when the service does not say, even for one job.
 */
export async function findJob(client: ServiceClient, hash: string, signal: AbortSignal): Promise<string | null> {
  let asked = 0;
  let unread = 0;
  const list = { path: '/fine_tuning/jobs', schema: wireJobSchema, what };
  for await (const job of itemsOf(client, list, signal)) {
    if (job === null) {
      unread++;
      continue;
    }
    const state = jobState(job.status);
    // One that failed or was cancelled is not a job to go on with.
    if (state === 'failed' || state === 'cancelled') continue;
    const marked = marks(job, hash);
    if (marked === true) return job.id;
    if (marked === null && asked++ < filesAskedAtMost && (await fileCarries(client, job, hash, signal))) return job.id;
  }
  if (unread > 0) throw new CannotList(`${client.who} shows ${unread} of its jobs in a shape that cannot be read.`);
  return null;
}

const namedFileSchema = z.object({ filename: z.string() });

async function fileCarries(
  client: ServiceClient,
  { training_file: file }: WireJob,
  hash: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (file == null || file === '') return false;
  try {
    const path = `/files/${encodeURIComponent(file)}`;
    const found = await client.ask('a training file', signal, (attempt) => client.read(path, {}, attempt));
    return namedFileSchema.safeParse(found).data?.filename.includes(hash) ?? false;
  } catch (error) {
    // Files may be deleted once a job has run.
    if (isRefusal(error)) return false;
    throw error;
  }
}
