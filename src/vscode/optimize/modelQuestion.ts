/** Which model of the endpoint answers; and what keeps an endpoint from naming its models, with what mends it. */
import * as l10n from '../../base/l10n.ts';
import { embeddedModel } from '../../config/resolve.ts';
import { nameProblem } from '../../data/names.ts';
import type { OpenAiEndpoint } from '../../run/services/listedModels.ts';
import { keyVariable } from '../../editor/settings/proposals.ts';
import { brief } from '../../view/words.ts';
import { askText, back, choose } from '../base/picker.ts';
import type { Choice, Place } from '../base/picker.ts';
import { keysNeeded } from '../keys/apiKeys.ts';
import { keyQuestion } from '../keys/askApiKey.ts';
import { askAddress, changeEndpoint, endpointOf, takeNew } from './endpointQuestion.ts';
import type { Answer, AskingEndpoint } from './endpointQuestion.ts';
import { servedModels, takeKeyAlong } from './servedModels.ts';
import type { Listing } from './servedModels.ts';

type Decision =
  | { readonly kind: 'model'; readonly name: string }
  | { readonly kind: 'other model' | 'ask again' | 'other address' | 'name a key' | 'other key' };

/** A reason stands on one line of a picker. */
const reasonAtMost = 160;

export async function askModel(asking: AskingEndpoint, place: Place): Promise<Answer> {
  const { entry, draft } = asking;
  const endpoint = endpointOf(asking);
  const before = entry?.endpoint === endpoint.name ? entry.model : undefined;
  if (endpoint.kind === 'embedded') {
    draft.model = before ?? embeddedModel;
    return 'nothing to ask';
  }
  const listing = await servedModels(asking.session, endpoint);
  if (draft.newEndpoint !== null && wantsToBeNamed(endpoint, listing)) return nameKey(asking, endpoint, place);
  const address = await settleAddress(asking, endpoint, listing, place);
  if (address === 'back') return 'back';
  const [only, ...more] = listing.names;
  if (only !== undefined && more.length === 0 && (before === undefined || before === only)) {
    draft.model = only;
    return address;
  }
  return chooseModel(asking, endpoint, choicesOf(endpoint, listing, before), place);
}

/** One that is configured is named by other programs too: its address is changed for who says so. */
async function settleAddress(
  { session, title, draft }: AskingEndpoint,
  endpoint: OpenAiEndpoint,
  { baseURL }: Listing,
  place: Place,
): Promise<Answer> {
  if (baseURL === endpoint.baseURL) return 'nothing to ask';
  if (draft.newEndpoint === null) {
    const choices = [
      { label: l10n.t`Change it to ${baseURL}`, description: changes(endpoint), value: true },
      {
        label: l10n.t`Leave it at ${endpoint.baseURL}`,
        description: l10n.t('a run looks under /v1 too'),
        value: false,
      },
    ];
    const placeholder = l10n.t`${endpoint.name} answers at ${baseURL}, and not at the address that is configured`;
    const chosen = await choose({ title, placeholder, choices, ...place });
    if (chosen === back) return 'back';
    if (!chosen) return 'answered';
  }
  await takeKeyAlong(session, endpoint, baseURL);
  changeEndpoint(draft, { baseURL });
  return draft.newEndpoint === null ? 'answered' : 'nothing to ask';
}

const changes = ({ name }: OpenAiEndpoint): string =>
  l10n.t`in bettertogether.json, for every program that uses ${name}`;

function wantsToBeNamed({ apiKeyEnv }: OpenAiEndpoint, { problem }: Listing): boolean {
  return apiKeyEnv === null && wantsKey(problem);
}

const wantsKey = (problem: Listing['problem']): boolean =>
  problem?.mends.some(({ kind }) => kind === 'apiKey') === true;

/** What mends it comes first where something is known to; an endpoint that lists no models may still serve them. */
function choicesOf(
  endpoint: OpenAiEndpoint,
  listing: Listing,
  before: string | undefined,
): readonly Choice<Decision>[] {
  const { names, problem } = listing;
  const models = [...new Set([...(before === undefined ? [] : [before]), ...names])];
  const typed: Choice<Decision>[] = [
    ...models.map((name): Choice<Decision> => ({ label: name, value: { kind: 'model', name } })),
    {
      icon: 'edit',
      label: l10n.t('Another model…'),
      ...(models.length === 0 && { description: l10n.t('the endpoint did not list its models') }),
      value: { kind: 'other model' },
    },
  ];
  if (problem === null) return typed;
  const mends = mendChoices(endpoint, listing, brief(problem.message, reasonAtMost));
  return problem.mends.length > 0 ? [...mends, ...typed] : [...typed, ...mends];
}

/** The first says what there is to mend. */
function mendChoices(endpoint: OpenAiEndpoint, listing: Listing, reason: string): readonly Choice<Decision>[] {
  const again: Choice<Decision> = { icon: 'refresh', label: l10n.t('Ask again'), value: { kind: 'ask again' } };
  const address: Choice<Decision> = {
    icon: 'globe',
    label: l10n.t('Change the address…'),
    description: endpoint.baseURL,
    value: { kind: 'other address' },
  };
  const [first, ...others] = [...keyChoices(endpoint, listing), again, address];
  return [{ ...first, detail: reason }, ...others];
}

function keyChoices(endpoint: OpenAiEndpoint, listing: Listing): readonly Choice<Decision>[] {
  if (!wantsKey(listing.problem)) return [];
  const icon = 'key';
  if (endpoint.apiKeyEnv !== null) return [{ icon, label: l10n.t('Enter another key…'), value: { kind: 'other key' } }];
  const { name } = endpoint;
  const description = l10n.t`names ${keyVariable(name)} in bettertogether.json, for every program that uses ${name}`;
  return [{ icon, label: l10n.t('Give it a key…'), description, value: { kind: 'name a key' } }];
}

async function chooseModel(
  asking: AskingEndpoint,
  endpoint: OpenAiEndpoint,
  choices: readonly Choice<Decision>[],
  place: Place,
): Promise<Answer> {
  const { title, draft } = asking;
  const placeholder = l10n.t`Model of ${endpoint.name}`;
  const chosen = await choose({ title, placeholder, choices, ...place });
  if (chosen === back) return 'back';
  if (chosen.kind === 'name a key') return nameKey(asking, endpoint, place);
  if (chosen.kind === 'ask again') return askModel(asking, place);
  if (chosen.kind === 'model') {
    draft.model = chosen.name;
    return 'answered';
  }
  const inside = { ...place, canGoBack: true };
  if (chosen.kind === 'other model') {
    const model = await askText({ title, prompt: placeholder, check: modelProblem }, inside);
    if (model === back) return chooseModel(asking, endpoint, choices, place);
    draft.model = model;
    return 'answered';
  }
  const mended = await (chosen.kind === 'other key' ? otherKey : otherAddress)(asking, endpoint, inside);
  return mended ? askModel(asking, place) : chooseModel(asking, endpoint, choices, place);
}

function modelProblem(text: string): string | null {
  if (text === '') return l10n.t('The name under which the endpoint serves it');
  const problem = nameProblem(text);
  return problem === null ? null : `The name ${problem}`;
}

/** Names a variable for its key; who is asked for the models next is asked for the key. */
function nameKey(asking: AskingEndpoint, { name }: OpenAiEndpoint, place: Place): Promise<Answer> {
  changeEndpoint(asking.draft, { apiKeyEnv: keyVariable(name) });
  return askModel(asking, place);
}

async function otherKey({ session }: AskingEndpoint, endpoint: OpenAiEndpoint, place: Place): Promise<boolean> {
  const need = keysNeeded(endpoint)[0]!;
  const key = await askText(keyQuestion(need, l10n.t`${endpoint.name} does not take the one it was sent.`), place);
  if (key === back || key === '') return false;
  await session.keys.set(need, key);
  return true;
}

async function otherAddress(asking: AskingEndpoint, { baseURL }: OpenAiEndpoint, place: Place): Promise<boolean> {
  const changed = await askAddress(asking.title, place, baseURL);
  if (changed === back) return false;
  if (asking.draft.newEndpoint === null) changeEndpoint(asking.draft, { baseURL: changed });
  else takeNew(asking, changed);
  return true;
}
