import type { Refusal } from './refusedPart.ts';
import type { RequestPart } from './requestParts.ts';

/** An error that blames a part of the request: without it the request would be taken. */
export interface BlamesPart extends Error {
  readonly refusal: Refusal;
}

/** What is known of an endpoint's refusals, and how more is learned. */
export interface Learning<E extends BlamesPart> {
  readonly known: Iterable<RequestPart>;
  readonly blames: (error: unknown) => error is E;
  /** Of a part that was not this call's doing. */
  readonly learn: (part: RequestPart, error: E) => void | Promise<void>;
}

/**
 * Asks until the endpoint takes it: a part that is refused is left out of the next request, and of all further ones where it
 * was not this call's doing.
 *
 * @param ask makes the request without the parts it is given; it rejects with what blames one where one more is refused.
 */
export async function askWithout<T, E extends BlamesPart>(
  { known, blames, learn }: Learning<E>,
  ask: (refused: ReadonlySet<RequestPart>) => Promise<T>,
): Promise<T> {
  const refused = new Set(known);
  for (;;) {
    try {
      return await ask(refused);
    } catch (error) {
      if (!blames(error) || refused.has(error.refusal.part)) throw error;
      const { part, ofCall } = error.refusal;
      refused.add(part);
      if (!ofCall) await learn(part, error);
    }
  }
}
