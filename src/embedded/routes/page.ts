import * as z from 'zod';
import type { Call } from '../../loopback/http.ts';
import { ApiError, check } from '../../loopback/http.ts';

const pageSchema = z.object({
  after: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(10_000).optional(),
});

/** A page of `items` as OpenAI pages: those behind the one named by `after`, `limit` at most. */
export function page<T extends { readonly id: string }>(call: Call, items: readonly T[], usual: number): object {
  const { after, limit } = check(pageSchema, Object.fromEntries(call.query));
  const start = after === undefined ? 0 : items.findIndex((item) => item.id === after) + 1;
  if (after !== undefined && start === 0) {
    throw new ApiError(400, `Invalid 'after': there is no ${after} in this list.`, { param: 'after' });
  }
  const data = items.slice(start, start + (limit ?? usual));
  return {
    object: 'list',
    data,
    has_more: start + data.length < items.length,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  };
}
