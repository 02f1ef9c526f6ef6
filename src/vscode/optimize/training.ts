/** Whether the endpoint that was chosen trains, asked before strategies are offered. */
import type { ResolvedEndpoint } from '../../config/resolved.ts';
import { answeringService, trainingService } from '../../config/trainer.ts';
import { messageOf } from '../../base/errors.ts';
import { whyNoTraining } from '../../run/services/trainingService.ts';
import { keyOf } from '../keys/askApiKey.ts';
import type { Session } from '../session/session.ts';

const patienceMs = 5000;

/**
 * Why nothing can be trained with an endpoint, in sentences that say what to do; `null`: it trains, or this is unknown.
 * Asked only where that goes to the address, with the key, that its models are asked at: no one agreed to more.
 */
export async function whyItCannotTrain(
  { keys, log }: Pick<Session, 'keys' | 'log'>,
  endpoint: ResolvedEndpoint,
): Promise<string | null> {
  const [answers, trains] = [answeringService(endpoint), trainingService(endpoint)];
  if (answers === null || trains?.baseURL !== answers.baseURL || trains.apiKeyEnv !== answers.apiKeyEnv) return null;
  try {
    const key = await keyOf(keys, endpoint);
    return await whyNoTraining(endpoint, { signal: AbortSignal.timeout(patienceMs), resolveKey: () => key });
  } catch (error) {
    // The question was a kindness: the price, and the run before its first call, ask again.
    log.debug(`whether "${endpoint.name}" trains is not known: ${messageOf(error)}`);
    return null;
  }
}
