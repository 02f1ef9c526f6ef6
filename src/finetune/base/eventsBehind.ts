import { jobEventsAtMost } from '../../base/limits.ts';

/** Of a list that is given whole each time, oldest first, what is new; of more than are kept, the newest. */
export function eventsBehind<T extends { readonly id: string }>(all: readonly T[], after: string | null): readonly T[] {
  return all.slice(all.findIndex(({ id }) => id === after) + 1).slice(-jobEventsAtMost);
}
