import { given } from '../../base/given.ts';
import type { Connection } from '../../lm/connection.ts';
import { trainerSetting } from '../../lm/endpoint.ts';
import type { RetryOptions } from '../../lm/retry.ts';
import { jobAdvice } from './jobAdvice.ts';
import { ServiceClient } from './serviceClient.ts';

/** A client of a service that trains, whose refusals say which setting they are about. */
export function hostedClient(
  connection: Connection,
  onWarning: (message: string) => void,
  retry?: RetryOptions,
): ServiceClient {
  const advice = (said: string) => jobAdvice(said, trainerSetting(connection.endpoint));
  return new ServiceClient({ connection, who: 'The training service of', onWarning, advice, ...given({ retry }) });
}
