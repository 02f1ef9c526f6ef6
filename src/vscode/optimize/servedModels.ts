/** The models of an endpoint that was chosen, and the address at which it lists them. */
import { messageOf } from '../../base/errors.ts';
import { modelsOf, WantsKey } from '../../editor/settings/models.ts';
import type { OpenAiEndpoint, ServedModels } from '../../editor/settings/models.ts';
import { Dismissed } from '../base/errors.ts';
import { keysNeeded } from '../keys/apiKeys.ts';
import { keyOf } from '../keys/askApiKey.ts';
import type { Session } from '../session/session.ts';

type Asked = Pick<Session, 'keys' | 'log'>;

/**
 * No names where the endpoint lists none, or without a key: then a name can still be typed. Where it lists them under `/v1` of
 * the address that was given alone, that is its address.
 *
 * @returns `wants a key` where it does not say without one, and the endpoint names none.
 */
export async function servedModels(session: Asked, endpoint: OpenAiEndpoint): Promise<ServedModels | 'wants a key'> {
  const { keys, log } = session;
  try {
    const served = await modelsOf(endpoint, await keyOf(keys, endpoint));
    if (served.baseURL !== endpoint.baseURL) await takeKeyAlong(session, endpoint, served.baseURL);
    return served;
  } catch (error) {
    if (error instanceof WantsKey && endpoint.apiKeyEnv === null) return 'wants a key';
    log.warn(error instanceof Dismissed ? `no key was given for ${endpoint.name}` : messageOf(error));
    return { baseURL: endpoint.baseURL, names: [] };
  }
}

/** It was entered for this host, and is not asked for again because of a path. */
async function takeKeyAlong({ keys }: Asked, endpoint: OpenAiEndpoint, baseURL: string): Promise<void> {
  const need = keysNeeded(endpoint).find((each) => each.baseURL === endpoint.baseURL);
  const key = need === undefined ? undefined : await keys.get(need);
  if (need !== undefined && key !== undefined) await keys.set({ ...need, baseURL }, key);
}
