/** Where the language model is served: an endpoint that is configured, or a new one. */
import * as l10n from '../../base/l10n.ts';
import { messageOf } from '../../base/errors.ts';
import { resolveEndpoint } from '../../config/endpoint.ts';
import { embeddedModel } from '../../config/resolve.ts';
import type { ResolvedEndpoint } from '../../config/resolved.ts';
import type { EndpointEntry, ProgramEntry } from '../../config/schema.ts';
import { normaliseBaseURL } from '../../data/baseUrl.ts';
import { endpointKey } from '../../editor/settings/proposals.ts';
import { askText, back, choose } from '../base/picker.ts';
import type { Choice, Place } from '../base/picker.ts';
import { isSetUp } from '../processes/embeddedModel.ts';
import type { Root } from '../programs/roots.ts';
import type { Session } from '../session/session.ts';

export type Answer = 'answered' | 'back' | 'nothing to ask';

type OpenAiEntry = Extract<EndpointEntry, { kind: 'openai' }>;
type EndpointChange = Pick<Partial<OpenAiEntry>, 'baseURL' | 'apiKeyEnv'>;

/** What the answers say of endpoint and model. */
export interface EndpointDraft {
  endpoint: string | null;
  /** An endpoint that the configuration does not have yet. */
  newEndpoint: OpenAiEntry | null;
  /** What the person agreed to change in one that it has, for every program that names it. */
  endpointChange: EndpointChange;
  model: string | null;
}

export interface AskingEndpoint {
  readonly session: Session;
  readonly root: Root;
  readonly entry: ProgramEntry | undefined;
  readonly title: string;
  readonly draft: EndpointDraft;
}

export async function askEndpoint(asking: AskingEndpoint, place: Place): Promise<Answer> {
  const { root, entry, title, draft } = asking;
  // The models of the editor answer steps, not programs.
  const endpoints = Object.fromEntries(
    Object.entries(root.loaded.config.endpoints ?? {}).filter(([, { kind }]) => kind !== 'editor'),
  );
  const names = [
    ...new Set([
      entry?.endpoint ?? Object.keys(endpoints).find((name) => endpoints[name]?.kind === 'openai') ?? 'embedded',
      ...Object.keys(endpoints),
      'embedded',
    ]),
  ];
  const choices: Choice<string | null>[] = names.map((name) => choiceOf(asking, name, endpoints[name]));
  choices.push({ icon: 'add', label: l10n.t('Another OpenAI-compatible endpoint…'), value: null });
  const placeholder = l10n.t('Where the language model is served');
  const chosen = await choose({ title, placeholder, choices, ...place });
  if (chosen === back) return 'back';
  draft.endpointChange = {};
  draft.newEndpoint = null;
  if (chosen !== null) {
    draft.endpoint = chosen;
    return 'answered';
  }
  const baseURL = await askAddress(title, place);
  if (baseURL === back) return askEndpoint(asking, place);
  takeNew(asking, baseURL);
  return 'answered';
}

/** Takes an endpoint that the configuration does not have, under a name that its host gives it. */
export function takeNew({ root, draft }: Pick<AskingEndpoint, 'root' | 'draft'>, baseURL: string): void {
  draft.newEndpoint = { kind: 'openai', baseURL };
  draft.endpoint = endpointKey(baseURL, [...Object.keys(root.loaded.config.endpoints ?? {}), 'embedded']);
}

function choiceOf({ session }: AskingEndpoint, name: string, endpoint: EndpointEntry | undefined): Choice<string> {
  if (endpoint?.kind === 'openai') return { label: name, description: endpoint.baseURL, value: name };
  const description = isSetUp(session.home())
    ? l10n.t`${embeddedModel} on this machine`
    : l10n.t`${embeddedModel} on this machine, set up when the run starts`;
  return { label: name, description, value: name };
}

/** @param before what is there to change. */
export async function askAddress(title: string, place: Place, before?: string): Promise<string | typeof back> {
  const question = {
    title,
    prompt: l10n.t('Base URL of the endpoint, seen from the machine that VS Code runs on'),
    placeholder: 'http://gpu-box:8000/v1',
    check: urlProblem,
    ...(before !== undefined && { value: before }),
  };
  const answer = await askText(question, { ...place, canGoBack: true });
  return answer === back ? back : normaliseBaseURL(answer, 'The address');
}

function urlProblem(text: string): string | null {
  try {
    normaliseBaseURL(text, 'The address');
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

/** The one that was chosen, with what the answers change of it. */
export function endpointOf({ root, title, draft }: Pick<AskingEndpoint, 'root' | 'title' | 'draft'>): ResolvedEndpoint {
  const name = draft.endpoint!;
  const { loaded } = root;
  const entry = draft.newEndpoint ?? loaded.config.endpoints?.[name];
  const endpoints = {
    ...loaded.config.endpoints,
    ...(entry?.kind === 'openai' && { [name]: { ...entry, ...draft.endpointChange } }),
  };
  return resolveEndpoint({ ...loaded, config: { ...loaded.config, endpoints } }, name, title);
}

export function changeEndpoint(draft: EndpointDraft, change: EndpointChange): void {
  if (draft.newEndpoint !== null) draft.newEndpoint = { ...draft.newEndpoint, ...change };
  else draft.endpointChange = { ...draft.endpointChange, ...change };
}
