/** Starting a job that must not run twice, at a service that gives it its id. */
import type { Connection } from '../../lm/connection.ts';
import { classify } from '../../lm/failures.ts';
import { isApiError, isTaken, isUnanswered } from './serviceClient.ts';
import type { ServiceClient } from './serviceClient.ts';

export interface Sending {
  /** For people: `a fine-tuning job on "base"`. */
  readonly what: string;
  /** One request that starts the job; returns its id. */
  readonly post: (signal: AbortSignal) => Promise<string>;
  /** The id of a job that was started already; `null`: there is none. @throws CannotList where the service does not say. */
  readonly find: (signal: AbortSignal) => Promise<string | null>;
}

/**
 * Returns the job's id. A job whose creation got no clear answer is looked for before it is asked for again.
 *
 * @throws CannotList when the answer was lost and the service cannot list its jobs.
 */
export function sendOnce(client: ServiceClient, { what, post, find }: Sending, signal: AbortSignal): Promise<string> {
  let perhapsCreated = false;
  return client.ask(what, signal, async (attempt) => {
    if (perhapsCreated) {
      const created = await find(attempt);
      if (created !== null) return created;
    }
    const earlier = perhapsCreated;
    perhapsCreated = true;
    try {
      return await post(attempt);
    } catch (error) {
      // What an earlier attempt may have done is not undone by one that did nothing.
      perhapsCreated = earlier || !neverStarted(error, client.connection);
      // Its name is made of its content: what has it may be this very job.
      const created = isTaken(error) ? await find(attempt).catch(noneIfUnanswered) : null;
      if (created !== null) return created;
      throw error;
    }
  });
}

function noneIfUnanswered(error: unknown): null {
  if (isUnanswered(error)) return null;
  throw error;
}

/** Whether a failed request certainly did nothing: never sent, or turned away at the door. */
function neverStarted(error: unknown, connection: Connection): boolean {
  if (isApiError(error) && error.status !== undefined) return [400, 422, 429, 503].includes(error.status);
  const failure = classify(error, connection, '');
  return failure.kind === 'retry' && !failure.mayBePaid;
}
