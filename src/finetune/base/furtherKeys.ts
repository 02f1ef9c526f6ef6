import type { JsonValue } from '../../base/json.ts';

/** Keys of a body, as they are sent. */
export type Keys = Readonly<Record<string, JsonValue>>;

/** Ours, and over them those that the user wrote; `null` leaves one of ours out. */
export function withKeys(ours: Keys, theirs: Keys): Keys {
  return Object.fromEntries(
    Object.entries({ ...ours, ...theirs }).filter(([key, value]) => value !== null || !(key in theirs)),
  );
}
