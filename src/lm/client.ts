import type { LmRequest } from '../wire/requestBody.ts';
import { completionIn, type Completion } from '../wire/completion.ts';
import type { Connection } from './connection.ts';

/**
 * Sends a request once. The answer is asked for whole, where a server does not refuse that: some stream without being
 * asked to.
 *
 * @throws ErrorAnswer for a 200 that is an error, BrokenAnswer for one that is nothing known; else what the `openai`
 *   package throws (`classify`).
 */
export async function send(connection: Connection, request: LmRequest, signal: AbortSignal): Promise<Completion> {
  const body = { ...request.body, stream: request.body['stream'] === true };
  return completionIn(await connection.openai.post<unknown>(request.path, { body, signal }));
}
