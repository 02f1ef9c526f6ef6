/** The models of an endpoint that was chosen, and the address at which it lists them. */
import { messageOf } from '../../base/errors.ts';
import { modelsOf } from '../../editor/settings/models.ts';
import type { OpenAiEndpoint, ServedModels } from '../../editor/settings/models.ts';
import { Dismissed } from '../base/errors.ts';
import { back, choose } from '../base/picker.ts';
import type { Choice } from '../base/picker.ts';
import { keysNeeded } from '../keys/apiKeys.ts';
import { keyOf } from '../keys/askApiKey.ts';
import type { Session } from '../session/session.ts';

type Asked = Pick<Session, 'keys' | 'log'>;

/**
 * No names where the endpoint lists none, or without a key: then a name can still be typed. Where it lists them under
 * another address than the one that was given, the person chooses between the two.
 */
export async function servedModels(session: Asked, title: string, endpoint: OpenAiEndpoint): Promise<ServedModels> {
  const served = await listed(session, endpoint);
  if (served.baseURL === endpoint.baseURL) return served;
  const baseURL = await askAddress(title, endpoint.baseURL, served.baseURL);
  if (baseURL !== endpoint.baseURL) await takeKeyAlong(session, endpoint, baseURL);
  return { ...served, baseURL };
}

async function listed({ keys, log }: Asked, endpoint: OpenAiEndpoint): Promise<ServedModels> {
  try {
    return await modelsOf(endpoint, await keyOf(keys, endpoint));
  } catch (error) {
    log.warn(error instanceof Dismissed ? `no key was given for ${endpoint.name}` : messageOf(error));
    return { baseURL: endpoint.baseURL, names: [] };
  }
}

async function askAddress(title: string, given: string, answers: string): Promise<string> {
  const choices: Choice<string>[] = [
    { label: `Use ${answers}`, description: 'the address that answers', value: answers },
    { label: `Keep ${given}`, value: given },
  ];
  const chosen = await choose({ title, placeholder: `${given} lists no models, ${answers} does`, choices });
  return chosen === back ? given : chosen;
}

/** It was entered for this host, and is not asked for again because of a path. */
async function takeKeyAlong({ keys }: Asked, endpoint: OpenAiEndpoint, baseURL: string): Promise<void> {
  const need = keysNeeded(endpoint).find((each) => each.baseURL === endpoint.baseURL);
  const key = need === undefined ? undefined : await keys.get(need);
  if (need !== undefined && key !== undefined) await keys.set({ ...need, baseURL }, key);
}
