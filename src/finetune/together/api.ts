/** Together's API: version 1 for files and jobs, version 2 for what is deployed in the project of the key. */
import type * as z from 'zod';
import { listPagesAtMost } from '../../base/limits.ts';
import { CannotList, EndpointRefused } from '../../engine/errors.ts';
import { parsed } from '../base/serviceClient.ts';
import type { RequestContent, SentRequest, ServiceClient } from '../base/serviceClient.ts';
import { listSchema, projectSchema } from './wire.ts';
import type { Project } from './wire.ts';

type More = RequestContent & Pick<SentRequest, 'taken'>;

export class TogetherApi {
  readonly client: ServiceClient;
  #project: Promise<Project> | null = null;

  constructor(client: ServiceClient) {
    this.client = client;
  }

  /** @param path with its version: `/v1/fine-tunes`. */
  ask(what: string, method: SentRequest['method'], path: string, more: More, signal: AbortSignal): Promise<unknown> {
    return this.client.ask(what, signal, (attempt) => this.once(method, path, more, attempt));
  }

  /** One attempt. */
  once(method: SentRequest['method'], path: string, more: More, signal: AbortSignal): Promise<unknown> {
    return this.client.send({ method, url: this.#url(path), ...more }, signal);
  }

  /** The other versions stand beside the base URL's, also behind a proxy. */
  #url(path: string): string {
    return this.client.connection.endpoint.baseURL.replace(/\/v1$/, '') + path;
  }

  async read<T>(what: string, path: string, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    return asRecord(schema, await this.ask(what, 'GET', path, {}, signal));
  }

  /**
   * All items of a list, page by page where it has pages.
   *
   * @throws CannotList for an item that cannot be read, and for a list that does not end: what is looked for may be there.
   */
  async list<T>(what: string, path: string, schema: z.ZodType<T>, signal: AbortSignal): Promise<readonly T[]> {
    const items: T[] = [];
    let query = '';
    for (let pages = 0; pages < listPagesAtMost; pages++) {
      const page: z.infer<typeof listSchema> = await this.read(what, path + query, listSchema, signal);
      for (const item of page.data ?? []) {
        const read = schema.safeParse(item);
        if (!read.success) throw new CannotList(`${this.client.who} gives ${what} in a shape that cannot be read.`);
        items.push(read.data);
      }
      if (page.next_cursor == null || page.next_cursor === '') return items;
      query = `${path.includes('?') ? '&' : '?'}after=${encodeURIComponent(page.next_cursor)}`;
    }
    throw new CannotList(`${this.client.who} gives ${what} in more than ${listPagesAtMost} pages.`);
  }

  /** The project that the key belongs to, in which models and deployments are named. */
  project(signal: AbortSignal): Promise<Project> {
    this.#project ??= this.#askProject(signal).catch((error: unknown) => {
      this.#project = null;
      throw error;
    });
    return this.#project;
  }

  async #askProject(signal: AbortSignal): Promise<Project> {
    const answer = projectSchema.safeParse(await this.ask('the project of the key', 'GET', '/v3/whoami', {}, signal));
    if (answer.success) return answer.data.project;
    const { name, apiKeyEnv } = this.client.connection.endpoint;
    throw new EndpointRefused(
      `${this.client.who} says of no project that the key in ${apiKeyEnv ?? 'no variable'} belongs to it, and tuned ` +
        `models are deployed in one: take the key of a project (endpoints.${name}.apiKeyEnv).`,
    );
  }
}

/** @throws BrokenAnswer for a value of another shape. */
export const asRecord = <T>(schema: z.ZodType<T>, value: unknown): T => parsed(schema, value, "Together's shape");
