/** The gateway of a Fireworks account: datasets, jobs, models and deployments by their ids. */
import type * as z from 'zod';
import { parsed } from '../base/serviceClient.ts';
import type { RequestContent, SentRequest, ServiceClient } from '../base/serviceClient.ts';

export class Gateway {
  readonly client: ServiceClient;
  readonly #account: string;

  constructor(client: ServiceClient, account: string) {
    this.client = client;
    this.#account = account;
  }

  /** `accounts/me/datasets/rows`. */
  name(collection: string, id: string): string {
    return `accounts/${this.#account}/${collection}/${id}`;
  }

  /** @param what is asked for, for people. @returns `null`: there is no such record. */
  find(what: string, path: string, signal: AbortSignal): Promise<unknown> {
    return this.ask(what, 'GET', path, { taken: [404] }, signal);
  }

  /** @throws as `ServiceClient.ask`, where there is none too. */
  async read<T>(what: string, path: string, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    return asRecord(schema, await this.ask(what, 'GET', path, {}, signal));
  }

  /** @param path below the account, with its query. */
  ask(
    what: string,
    method: SentRequest['method'],
    path: string,
    more: RequestContent & Pick<SentRequest, 'taken'>,
    signal: AbortSignal,
  ): Promise<unknown> {
    return this.client.ask(what, signal, (attempt) => this.once(method, path, more, attempt));
  }

  /** One attempt. */
  once(
    method: SentRequest['method'],
    path: string,
    more: RequestContent & Pick<SentRequest, 'taken'>,
    signal: AbortSignal,
  ): Promise<unknown> {
    return this.client.send({ method, url: this.client.url(`/accounts/${this.#account}${path}`), ...more }, signal);
  }
}

/** @throws BrokenAnswer for a value of another shape. */
export const asRecord = <T>(schema: z.ZodType<T>, value: unknown): T => parsed(schema, value, "Fireworks' shape");
