/** The models of an endpoint that was chosen, and the address at which it lists them. */
import * as l10n from '../../base/l10n.ts';
import { HumanError, messageOf } from '../../base/errors.ts';
import { modelsOf } from '../../run/services/listedModels.ts';
import type { OpenAiEndpoint, ServedModels } from '../../run/services/listedModels.ts';
import { Dismissed } from '../base/errors.ts';
import { keysNeeded } from '../keys/apiKeys.ts';
import { keyOf } from '../keys/askApiKey.ts';
import type { Session } from '../session/session.ts';

type Asked = Pick<Session, 'keys' | 'log'>;

export interface Listing extends ServedModels {
  /** Why it names none; `null` where it answered. */
  readonly problem: HumanError | null;
}

/** Where it lists them under `/v1` of the address that was given alone, the address is that. */
export async function servedModels({ keys, log }: Asked, endpoint: OpenAiEndpoint): Promise<Listing> {
  try {
    return { ...(await modelsOf(endpoint, await keyOf(keys, endpoint))), problem: null };
  } catch (error) {
    const said = error instanceof Dismissed ? l10n.t`No key was given for ${endpoint.name}.` : messageOf(error);
    log.warn(said);
    const problem = error instanceof HumanError ? error : new HumanError(said, { cause: error });
    return { baseURL: endpoint.baseURL, names: [], problem };
  }
}

/** The key was entered for this host, and is not asked for again because of a path. */
export async function takeKeyAlong(
  { keys }: Pick<Asked, 'keys'>,
  endpoint: OpenAiEndpoint,
  baseURL: string,
): Promise<void> {
  const need = keysNeeded(endpoint).find((each) => each.baseURL === endpoint.baseURL);
  const key = need === undefined ? undefined : await keys.get(need);
  if (need !== undefined && key !== undefined) await keys.set({ ...need, baseURL }, key);
}
