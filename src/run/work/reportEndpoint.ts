/** Looks at an endpoint: what it is, what it takes, what it lacks, what to change. */
import { HumanError } from '../../base/errors.ts';
import type { Capabilities } from '../../data/lm.ts';
import { requestParts, type RequestPart } from '../../wire/requestParts.ts';
import { learnRefusals, listedModels, unmetered } from '../../lm/capabilities.ts';
import { connect, type Connection } from '../../lm/connection.ts';
import { openMemo, type Memo } from '../../lm/memo.ts';
import type { KnownRefusal } from '../../lm/refusals.ts';
import { leftOutMeaning } from '../../lm/requestBounds.ts';
import { serverOf } from '../../lm/servedModels.ts';
import { addVersion } from '../../lm/versionedBase.ts';
import type { EndpointRequest } from './request.ts';
import { cacheFolder } from '../record/runFolder.ts';
import { closing } from '../services/closeAll.ts';
import type { Closable } from '../services/closeAll.ts';
import { followWindow } from '../services/editorWindow.ts';
import { probeOnce, refusalsOf } from '../services/endpointSession.ts';
import { endpointOfService } from '../services/otherEndpoints.ts';
import { partNames, type EndpointReport, type ModelReport } from '../../view/endpointReport.ts';

/**
 * Takes a few short calls per model the first time; what they show is kept where runs look for it.
 *
 * @throws HumanError when the endpoint does not answer, or its key is missing.
 */
export async function reportEndpoint(request: EndpointRequest): Promise<EndpointReport> {
  const { endpoint, signal, workspace } = request;
  const { name, baseURL, apiKeyEnv, revision, timeoutSeconds } = endpoint;
  return closing(async (keep) => {
    const memo = keep(await openMemo(cacheFolder(workspace)));
    const wait = timeoutSeconds === undefined ? {} : { timeoutSeconds };
    const connection = keep(connect(endpointOfService(endpoint, workspace), wait));
    const versioned = await placed(request, connection, memo, keep);
    const listed = await listedModels(connection, signal, lookRetry(endpoint));
    const wanted = request.models.length > 0 ? request.models : (listed ?? []).slice(0, 1);
    const look = new Look(request, memo, connection);
    const models: ModelReport[] = [];
    for (const model of wanted) models.push(await look.at(model));
    const change = [...(versioned === null ? [] : [versioned]), ...models.flatMap((each) => changesFor(each, listed))];
    const about = {
      type: 'endpoint' as const,
      name,
      baseURL,
      answersAt: connection.endpoint.baseURL,
      apiKeyEnv,
      revision,
    };
    return {
      ...about,
      request: endpoint.request ?? {},
      listed: listed && [...listed],
      models,
      change,
      calls: look.calls,
    };
  });
}

/** Where it answers. Returns what there is to change of its address. */
async function placed(
  { endpoint, workspace, signal }: EndpointRequest,
  connection: Connection,
  memo: Memo,
  keep: (closable: Closable) => unknown,
): Promise<string | null> {
  if (endpoint.editor !== true) return addVersion(connection, memo, signal);
  const unfollow = followWindow(connection, { workspace, warn: () => undefined });
  keep({ close: () => Promise.resolve(unfollow()) });
  return null;
}

/** A look may not take long. */
const lookRetry = ({ patienceSeconds }: EndpointRequest['endpoint']) => ({
  patienceSeconds: Math.min(20, patienceSeconds ?? 20),
});

class Look {
  readonly #request: EndpointRequest;
  readonly #memo: Memo;
  readonly #connection: Connection;
  calls = 0;

  constructor(request: EndpointRequest, memo: Memo, connection: Connection) {
    this.#request = request;
    this.#memo = memo;
    this.#connection = connection;
  }

  async at(model: string): Promise<ModelReport> {
    const { signal, endpoint } = this.#request;
    const retry = lookRetry(endpoint);
    const account = { ...unmetered, onPaid: () => void this.calls++ };
    const refusals = refusalsOf(this.#connection, this.#memo, signal);
    const server = await serverOf(this.#connection, model, signal);
    try {
      const probe = { memo: this.#memo, account, signal, log: () => undefined, config: { model } };
      const milliseconds = await learnRefusals(this.#connection, model, signal, retry, account, refusals);
      const can = await probeOnce(probe, this.#connection, retry, refusals);
      return { model, server, problem: null, milliseconds, ...takenAndLacked(can, await refusals.of(model)) };
    } catch (error) {
      if (!(error instanceof HumanError) || signal.aborted) throw error;
      return { model, server, problem: error.message, milliseconds: null, takes: [], lacks: [] };
    }
  }
}

type Part = RequestPart | 'completions';

function takenAndLacked(can: Capabilities, refused: readonly KnownRefusal[]): Pick<ModelReport, 'takes' | 'lacks'> {
  const able: Partial<Record<Part, boolean>> = {
    completions: can.completions,
    opened: can.continueFinal,
    choice: can.structuredChoice,
    jsonSchema: can.jsonSchema,
  };
  const saidOf = (part: Part) => refused.find((each) => each.part === part)?.said ?? null;
  const all: readonly Part[] = [...requestParts, 'completions'];
  const isLacking = (part: Part) => able[part] === false || saidOf(part) !== null;
  const lacks = all.filter(isLacking).map((part) => ({
    part: partNames[part],
    means: meaningOf(part),
    said: saidOf(part),
  }));
  const other = saidOf('max_tokens') === null ? 'max_completion_tokens' : 'max_tokens';
  // One of the two is sent: nothing is known of the other. That an answer comes whole is nothing to tell, and then nothing
  // is known of streams.
  const untold: readonly Part[] = [other, 'whole', 'streamUsage'];
  return {
    takes: all.filter((part) => !isLacking(part) && !untold.includes(part)).map((part) => partNames[part]),
    lacks,
  };
}

function meaningOf(part: Part): string {
  if (part === 'max_tokens') return 'max_completion_tokens is sent in its place';
  return part === 'max_completion_tokens' ? 'max_tokens is sent in its place' : leftOutMeaning[part];
}

function changesFor({ model, problem, lacks }: ModelReport, listed: readonly string[] | null): readonly string[] {
  const isListed = listed === null || listed.includes(model);
  const settings = [
    ['topP', partNames.topP],
    ['temperature', partNames.temperature],
  ] as const;
  const left = settings.filter(([, name]) => lacks.some(({ part }) => part === name)).map(([key]) => `"${key}": null`);
  return [
    ...(isListed
      ? []
      : [`"model": it does not list "${model}"; take a name that it lists, or serve the model under this one`]),
    ...(problem === null ? [] : [`what "${model}" said is the cause: mend that first`]),
    ...(left.length === 0
      ? []
      : [`"sampling": { ${left.join(', ')} } of the programs that ask "${model}", if that is meant`]),
  ];
}
