/** Whether a Ray cluster takes jobs, found out by one free question, before anything is paid. */
import type { Connection } from '../../lm/connection.ts';
import type { RetryOptions } from '../../lm/retry.ts';
import { PlainClient, refusedBy, wordsOf, type PlainAnswer } from '../base/plainRequest.ts';

/**
 * Asks for a job that was never sent.
 *
 * @throws EndpointRefused where something else than Ray answers, or where the key is not accepted; EndpointUnavailable
 *   where nothing does.
 */
export async function requireJobsApi(connection: Connection, signal: AbortSignal, retry: RetryOptions): Promise<void> {
  const client = new PlainClient(connection, 'The Ray cluster of', retry);
  const url = `${connection.endpoint.baseURL}/api/jobs/bt-none`;
  const take = ({ status }: PlainAnswer) => status === 404;
  checkJobsApi(connection, await client.ask({ method: 'GET', url, what: 'its jobs', take }, signal));
}

/**
 * @param answer to the question for a job that is not there.
 * @throws EndpointRefused: Ray says that of the job; another server behind this address says something else.
 */
export function checkJobsApi(connection: Connection, { text }: PlainAnswer): void {
  if (/does not exist/i.test(text)) return;
  const { name } = connection.endpoint;
  const advice = `Name the address of the dashboard, such as http://ray-head:8265, in endpoints.${name}.baseURL.`;
  throw refusedBy(connection, `has no Jobs API: ${wordsOf(text)}`, advice);
}
