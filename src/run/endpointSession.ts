import type { ResolvedEndpoint, ResolvedProgram } from '../config/resolved.ts';
import { UsageError } from '../data/errors.ts';
import { contentHash } from '../data/json.ts';
import type { Capabilities } from '../data/lm.ts';
import { startEmbedded } from '../embedded/embedded.ts';
import { keepRunning } from '../embedded/keepRunning.ts';
import type { Trainer } from '../engine/interfaces.ts';
import { profileOf } from '../finetune/hyperParameters.ts';
import { createOpenAiTrainer } from '../finetune/openaiTrainer.ts';
import { probeCapabilities } from '../lm/capabilities.ts';
import { connect } from '../lm/connection.ts';
import type { Connection } from '../lm/connection.ts';
import { defineEndpoint } from '../lm/endpoint.ts';
import type { Memo } from '../lm/memo.ts';
import type { Closable } from './closeAll.ts';
import { closeAfter, closeAll } from './closeAll.ts';
import { capabilitiesSchema } from './manifest.ts';

/** An endpoint that is up: what answers, what it can do, and what trains for it. */
export interface EndpointSession {
  readonly connection: Connection;
  readonly capabilities: Capabilities;
  readonly trainer: Trainer | null;
  close(): Promise<void>;
}

export interface EndpointRequest {
  readonly config: ResolvedProgram;
  readonly trains: boolean;
  /** What an earlier sitting found out; otherwise what the memo knows of the endpoint, or a probe. */
  readonly capabilities?: Capabilities;
  readonly memo: Pick<Memo, 'get' | 'put'>;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
  readonly warn: (message: string) => void;
}

/** Keys are looked for before anything that may cost money is asked. Nothing stays open when it throws. */
export async function openEndpoint(request: EndpointRequest, start = startEmbedded): Promise<EndpointSession> {
  const { endpoint } = request.config;
  const opened: Closable[] = [];
  try {
    const session =
      endpoint.kind === 'embedded'
        ? await openEmbedded(request, start, opened)
        : await openRemote(request, endpoint, opened);
    return { ...session, close: () => closeAll(opened) };
  } catch (error) {
    return closeAfter(error, opened);
  }
}

type Opened = Omit<EndpointSession, 'close'>;

async function openEmbedded(
  { config, trains, signal, log, warn }: EndpointRequest,
  start: typeof startEmbedded,
  opened: Closable[],
): Promise<Opened> {
  let connection: Connection | null = null;
  const kept = await keepRunning((own) => start({ onLog: log, signal: own }), {
    onMoved: ({ baseURL }) => connection?.moveTo(baseURL),
    onWarning: warn,
    signal,
  });
  opened.push(kept);
  const { modelName, modelHash, baseURL } = kept.endpoint;
  if (config.model !== modelName) {
    throw new UsageError(
      `The embedded endpoint serves "${modelName}", not "${config.model}". ` +
        `Set "model" of program "${config.key}" in bettertogether.json.`,
    );
  }
  connection = connect(defineEndpoint({ name: config.endpoint.name, baseURL, modelFile: modelHash }));
  opened.push(connection);
  const capabilities = await probeCapabilities(connection, config.model, signal);
  const trainer = trains
    ? createOpenAiTrainer({
        connection,
        profile: 'embedded',
        rows: { layout: 'apart', textAsChat: false },
        pollSeconds: 0.5,
        onWarning: warn,
      })
    : null;
  return { connection, capabilities, trainer };
}

async function openRemote(
  { config, trains, signal, warn, ...known }: EndpointRequest,
  settings: Extract<ResolvedEndpoint, { kind: 'openai' }>,
  opened: Closable[],
): Promise<Opened> {
  const { name, baseURL, apiKeyEnv, revision, fineTune } = settings;
  const connection = connect(defineEndpoint({ name, baseURL, apiKeyEnv, revision }));
  opened.push(connection);
  const service = { baseURL: fineTune.baseURL, apiKeyEnv: fineTune.apiKeyEnv };
  const training = trains ? connect(defineEndpoint({ name: `${name}.fineTune`, ...service, revision })) : null;
  if (training !== null) opened.push(training);
  const capabilities = known.capabilities ?? (await probeOnce(known.memo, connection, config.model, signal));
  if (training === null) return { connection, capabilities, trainer: null };
  const trainer = createOpenAiTrainer({
    connection: training,
    // One service under one address is asked once, as the service.
    ...(fineTune.baseURL === baseURL ? {} : { inference: connection }),
    profile: profileOf(fineTune.baseURL, false),
    rows: { layout: 'joined', textAsChat: !capabilities.completions },
    pollSeconds: fineTune.pollSeconds,
    onWarning: warn,
    base: { served: config.model, trainedAs: fineTune.model ?? config.model },
  });
  return { connection, capabilities, trainer };
}

/** A probe is made of calls, so it is remembered like them; an endpoint that learned something has a new `revision`. */
async function probeOnce(
  memo: EndpointRequest['memo'],
  connection: Connection,
  model: string,
  signal: AbortSignal,
): Promise<Capabilities> {
  const key = contentHash(['capabilities', connection.endpoint.identity, model]);
  const remembered = capabilitiesSchema.safeParse(await memo.get(key)).data;
  if (remembered !== undefined) return remembered;
  const found = await probeCapabilities(connection, model, signal);
  await memo.put(key, { ...found });
  return found;
}
