import * as l10n from '../../base/l10n.ts';
import { knowKey } from '../../base/keys.ts';
import { remoteHost } from '../../config/endpoint.ts';
import type { ResolvedEndpoint, ResolvedProgram } from '../../config/resolved.ts';
import { keysNeeded, keysOfServices } from './apiKeys.ts';
import type { ApiKeys, KeyNeed } from './apiKeys.ts';
import { Dismissed } from '../base/errors.ts';
import { agreesTo } from '../base/messages.ts';
import { askText } from '../base/picker.ts';
import type { TextQuestion } from '../base/picker.ts';

/** Asks for the key of a service. Returns what was entered; '' takes the kept key away. */
export function askApiKey(need: KeyNeed, why: string): Promise<string> {
  return askText(keyQuestion(need, why));
}

export function keyQuestion(need: KeyNeed, why: string): TextQuestion {
  return {
    title: l10n.t`API key for ${need.baseURL}`,
    prompt: `${why} ${l10n.t("It is kept in VS Code's secret storage for this address alone.")}`,
    placeholder: need.env,
    password: true,
  };
}

/**
 * The environment variables that the processes of a run get keys in. What is kept for the address wins over what VS
 * Code itself was started with; where there is neither, the person is asked.
 */
export async function keyEnvironment(
  keys: ApiKeys,
  { endpoint, services }: Pick<ResolvedProgram, 'endpoint' | 'services'>,
): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  const needs = keysNeeded(endpoint);
  for (const need of needs) {
    const key = (await keys.get(need)) ?? (await missing(keys, need));
    if (key !== null) found[need.env] = key;
    knowKeyOf(need, key);
  }
  for (const need of keysOfServices(services ?? [], needs)) {
    // Whether the program asks there shows when it runs, so no one is asked for a key that may not be wanted.
    const isSet = (process.env[need.env] ?? '') !== '';
    const key = (await keys.get(need)) ?? (isSet ? await missing(keys, need) : null);
    if (key !== null) found[need.env] = key;
    knowKeyOf(need, key);
  }
  return found;
}

/** What our processes get stands in no answer and no message, should one of them repeat it. */
function knowKeyOf({ env }: KeyNeed, key: string | null): void {
  const given = key ?? process.env[env] ?? '';
  if (given !== '') knowKey(given);
}

/** The key that an endpoint's models are asked with; `undefined`: it wants none. */
export async function keyOf(keys: ApiKeys, endpoint: ResolvedEndpoint): Promise<string | undefined> {
  const need = keysNeeded(endpoint)[0];
  if (need === undefined) return undefined;
  return (await keys.get(need)) ?? (await missing(keys, need)) ?? process.env[need.env];
}

/** A workspace says which variable goes where: which of them may, is for the person to say, once for each address. */
async function confirmEnvironment(keys: ApiKeys, need: KeyNeed): Promise<void> {
  if (remoteHost(need.baseURL) === null || (await keys.mayUseEnvironment(need))) return;
  const detail = l10n.t('bettertogether.json names the variable and the address. This is asked once for each address.');
  const question = l10n.t`May the key in the environment variable ${need.env} be sent to ${need.baseURL}?`;
  if (!(await agreesTo({ kind: 'warning', question, detail, action: l10n.t('Send') }))) throw new Dismissed();
  await keys.useEnvironment(need);
}

async function missing(keys: ApiKeys, need: KeyNeed): Promise<string | null> {
  const others = await keys.urlsOf(need.env);
  // With a key kept for another address, the variable's own value may just as well be meant for that one.
  if (others.length === 0 && (process.env[need.env] ?? '') !== '') {
    await confirmEnvironment(keys, need);
    return null;
  }
  const why =
    others.length === 0
      ? l10n.t`${need.env} is not set.`
      : l10n.t`The key in ${need.env} was entered for ${others.join(', ')}, and bettertogether.json now says ${need.baseURL}.`;
  const key = await askApiKey(need, why);
  if (key === '') throw new Dismissed();
  await keys.set(need, key);
  return key;
}
