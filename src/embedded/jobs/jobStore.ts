import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Home } from '../../home/home.ts';
import { appendPrivateFile, makePrivateFolder, replacePrivateFile } from '../../home/private.ts';
import { metricsSchema } from '../../base/counts.ts';
import { notFound } from '../../loopback/http.ts';
import { hyperParametersSchema } from '../models/hyperParameters.ts';
import { trainingMethodSchema } from '../models/trainingMethod.ts';
import type { TokenRow } from './trainingRows.ts';

const jobStatusSchema = z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']);

const jobSchema = z.object({
  id: z.string(),
  status: jobStatusSchema,
  /** The served name of the model that is trained: the base's or a tuned one's. */
  model: z.string(),
  /** SHA-256 of the base's model file: a server of another model leaves the job alone. */
  modelHash: z.string(),
  /** The name the tuned model gets. */
  tunedName: z.string(),
  trainingFile: z.string(),
  suffix: z.string().nullable(),
  metadata: z.record(z.string(), z.string()),
  hyperParameters: hyperParametersSchema,
  method: trainingMethodSchema.default({ type: 'supervised' }),
  rows: z.int(),
  /** Milliseconds since 1970, so that jobs of the same second keep their order. */
  created: z.number(),
  finished: z.number().nullable(),
  trainedTokens: z.int().nullable(),
  error: z.string().nullable(),
  /** How often its trainer was killed, whichever server it worked for. */
  kills: z.int().default(0),
});
export type Job = z.infer<typeof jobSchema>;

const jobEventSchema = z.object({
  id: z.string(),
  created: z.number(),
  level: z.enum(['info', 'warn', 'error']),
  message: z.string(),
  /** Training steps only. */
  data: z
    .object({
      step: z.int(),
      steps: z.int(),
      epoch: z.number(),
      loss: z.number(),
      metrics: metricsSchema.exactOptional(),
    })
    .nullable(),
});
export type StoredJobEvent = z.infer<typeof jobEventSchema>;

export function isOver(job: Job): boolean {
  return job.status === 'succeeded' || job.status === 'failed' || job.status === 'cancelled';
}

/** Jobs on disk, one folder each: `job.json` (replaced as a whole), `events.jsonl` (appended to), `rows.jsonl`. */
export class JobStore {
  readonly #root: string;

  constructor(home: Home) {
    this.#root = home.jobs;
  }

  folder(id: string): string {
    return join(this.#root, id);
  }

  rowsFile(id: string): string {
    return join(this.folder(id), 'rows.jsonl');
  }

  async create(job: Omit<Job, 'id'>, rows: readonly TokenRow[]): Promise<Job> {
    const created: Job = { ...job, id: `ftjob-${randomBytes(12).toString('hex')}` };
    await makePrivateFolder(this.folder(created.id));
    await replacePrivateFile(this.rowsFile(created.id), rows.map((row) => JSON.stringify(row) + '\n').join(''));
    await this.put(created);
    return created;
  }

  async put(job: Job): Promise<void> {
    await replacePrivateFile(join(this.folder(job.id), 'job.json'), JSON.stringify(job));
  }

  /** @throws ApiError 404 */
  async find(id: string): Promise<Job> {
    const job = await this.peek(id);
    if (job === null) throw notFound(`Could not find fine-tune: ${id}`, 'fine_tune_not_found', 'fine_tune_id');
    return job;
  }

  async peek(id: string): Promise<Job | null> {
    if (!/^ftjob-[0-9a-f]+$/.test(id)) return null;
    try {
      return jobSchema.parse(JSON.parse(await readFile(join(this.folder(id), 'job.json'), 'utf8')));
    } catch {
      return null;
    }
  }

  async ids(): Promise<readonly string[]> {
    return await readdir(this.#root).catch(() => []);
  }

  /** Newest first. */
  async list(): Promise<readonly Job[]> {
    const jobs = await Promise.all((await this.ids()).map((id) => this.peek(id)));
    return jobs.filter((job) => job !== null).sort((a, b) => b.created - a.created || (a.id < b.id ? -1 : 1));
  }

  async addEvent(id: string, event: Omit<StoredJobEvent, 'id' | 'created'>): Promise<void> {
    const line: StoredJobEvent = { id: `ftevent-${randomBytes(12).toString('hex')}`, created: Date.now(), ...event };
    await appendPrivateFile(join(this.folder(id), 'events.jsonl'), JSON.stringify(line) + '\n');
  }

  /** Oldest first. A line that a crash cut off is left out. */
  async events(id: string): Promise<readonly StoredJobEvent[]> {
    const text = await readFile(join(this.folder(id), 'events.jsonl'), 'utf8').catch(() => '');
    return text.split('\n').flatMap((line) => {
      try {
        return [jobEventSchema.parse(JSON.parse(line))];
      } catch {
        return [];
      }
    });
  }

  /** Asks whichever process runs the job to cancel it. */
  async markCancelled(id: string): Promise<void> {
    await replacePrivateFile(join(this.folder(id), 'cancel'), '');
  }

  isMarkedCancelled(id: string): boolean {
    return existsSync(join(this.folder(id), 'cancel'));
  }
}
