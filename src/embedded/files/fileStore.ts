import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Home } from '../../home/home.ts';
import { makePrivateFolder, replacePrivateFile } from '../../home/private.ts';
import { notFound } from '../../loopback/http.ts';

const storedFileSchema = z.object({
  id: z.string(),
  object: z.literal('file'),
  bytes: z.int(),
  created_at: z.int(),
  filename: z.string(),
  purpose: z.string(),
  status: z.literal('processed'),
});
export type StoredFile = z.infer<typeof storedFileSchema>;

/** Uploaded files: `<id>` with the content and `<id>.json` with what is known about it. */
export class FileStore {
  readonly #folder: string;

  constructor(home: Home) {
    this.#folder = home.files;
  }

  async create(filename: string, purpose: string, content: Buffer): Promise<StoredFile> {
    await makePrivateFolder(this.#folder);
    const file: StoredFile = {
      id: `file-${randomBytes(12).toString('hex')}`,
      object: 'file',
      bytes: content.length,
      created_at: Math.floor(Date.now() / 1000),
      filename,
      purpose,
      status: 'processed',
    };
    await replacePrivateFile(this.#path(file.id), content);
    // Last: a file is there once its description is.
    await replacePrivateFile(`${this.#path(file.id)}.json`, JSON.stringify(file));
    return file;
  }

  /** @throws ApiError 404 */
  async find(id: string): Promise<StoredFile> {
    try {
      if (!/^file-[0-9a-f]+$/.test(id)) throw new Error('not an id of ours');
      return storedFileSchema.parse(JSON.parse(await readFile(`${this.#path(id)}.json`, 'utf8')));
    } catch {
      throw notFound(`No such File object: ${id}`, 'file_not_found', 'id');
    }
  }

  /** @throws ApiError 404 */
  async content(id: string): Promise<Buffer> {
    const file = await this.find(id);
    return await readFile(this.#path(file.id));
  }

  /** Newest first. */
  async list(): Promise<readonly StoredFile[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const ids = names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));
    const files = await Promise.all(ids.map((id) => this.find(id).catch(() => null)));
    return files.filter((file) => file !== null).sort((a, b) => b.created_at - a.created_at || (a.id < b.id ? -1 : 1));
  }

  /** @throws ApiError 404 */
  async remove(id: string): Promise<void> {
    const file = await this.find(id);
    await rm(`${this.#path(file.id)}.json`);
    await rm(this.#path(file.id), { force: true });
  }

  #path(id: string): string {
    return join(this.#folder, id);
  }
}
