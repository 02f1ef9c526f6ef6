/** Lists as services on the OpenAI wire give them: in pages, under several names, or bare. */
import type * as z from 'zod';
import { messageOf } from '../../base/errors.ts';
import { listPagesAtMost } from '../../base/limits.ts';
import { CannotList } from '../../engine/errors.ts';
import type { RetryOptions } from '../../lm/retry.ts';
import { isRefusal, OtherShape } from './serviceClient.ts';
import type { ServiceClient } from './serviceClient.ts';

const pageSize = 100;

export interface ListRequest<T> {
  readonly path: string;
  /** Of one item. */
  readonly schema: z.ZodType<T>;
  /** For people: `the events of a job`. */
  readonly what: string;
  readonly retry?: RetryOptions;
}

/**
 * The items of a list, page by page, in the order of the service; `null` for one that cannot be read.
 *
 * @throws CannotList when the service refuses; OtherShape when what it gives is not a list.
 */
export async function* itemsOf<T extends { readonly id: string }>(
  client: ServiceClient,
  request: ListRequest<T>,
  signal: AbortSignal,
): AsyncGenerator<T | null> {
  let after: string | null = null;
  for (let pages = 0; pages < listPagesAtMost; pages++) {
    const { items, hasMore }: Page = await pageOf(client, request, after, signal);
    const read: readonly (T | null)[] = items.map((item) => request.schema.safeParse(item).data ?? null);
    yield* read;
    const last: string | null = read.at(-1)?.id ?? null;
    // A service that ignores `after` would give the same page for ever.
    if (!hasMore || last === null || last === after) return;
    after = last;
  }
}

/** The items of the first page that can be read. */
export async function firstItems<T>(
  client: ServiceClient,
  request: ListRequest<T>,
  signal: AbortSignal,
): Promise<readonly T[]> {
  const { items } = await pageOf(client, request, null, signal);
  return items.flatMap((item) => request.schema.safeParse(item).data ?? []);
}

interface Page {
  readonly items: readonly unknown[];
  readonly hasMore: boolean;
}

async function pageOf<T>(
  client: ServiceClient,
  { path, what, retry }: ListRequest<T>,
  after: string | null,
  signal: AbortSignal,
): Promise<Page> {
  const query = { limit: String(pageSize), ...(after === null ? {} : { after }) };
  const given = retry === undefined ? {} : { retry };
  const answer = await client
    .ask(what, signal, (own) => client.read(path, query, own), given)
    .catch((error: unknown) => {
      if (!isRefusal(error)) throw error;
      throw new CannotList(`The training service does not give ${what}: ${messageOf(error)}`, { cause: error });
    });
  const page = pageIn(answer);
  if (page === null) throw new OtherShape(`${client.who} gives ${what} in a shape that cannot be read.`);
  return page;
}

/** Where services put the items. */
const names = ['data', 'jobs', 'events', 'checkpoints', 'models', 'items', 'results'] as const;

/** `null` for what is not a list. */
export function pageIn(answer: unknown): Page | null {
  if (Array.isArray(answer)) return { items: answer, hasMore: false };
  if (typeof answer !== 'object' || answer === null) return null;
  const fields = answer as Readonly<Record<string, unknown>>;
  const items = names.map((name) => fields[name]).find((value): value is unknown[] => Array.isArray(value));
  if (items !== undefined) return { items, hasMore: fields['has_more'] === true };
  // What servers in Go make of an empty list.
  return names.some((name) => fields[name] === null) ? { items: [], hasMore: false } : null;
}
