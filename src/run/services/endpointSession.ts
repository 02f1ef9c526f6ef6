import type { ResolvedEndpoint, ResolvedProgram } from '../../config/resolved.ts';
import { hostingOf } from '../../config/trainer.ts';
import { UsageError } from '../../base/errors.ts';
import { contentHash } from '../../base/contentHash.ts';
import { given } from '../../base/given.ts';
import type { Capabilities } from '../../data/lm.ts';
import { startEmbedded } from '../../embedded/embedded.ts';
import { keepRunning } from '../../embedded/keepRunning.ts';
import type { Trainer } from '../../engine/interfaces.ts';
import { backEndOf } from '../../finetune/backEnds.ts';
import { probeCapabilities } from '../../lm/capabilities.ts';
import type { ProbeAccount } from '../../lm/capabilities.ts';
import { connect } from '../../lm/connection.ts';
import type { Connection } from '../../lm/connection.ts';
import { defineEndpoint } from '../../lm/endpoint.ts';
import { KeptRefusals, passingRefusals, type Refusals } from '../../lm/refusals.ts';
import type { RetryOptions } from '../../lm/retry.ts';
import { serverOf } from '../../lm/servedModels.ts';
import { addVersion } from '../../lm/versionedBase.ts';
import type { Memo } from '../../lm/memo.ts';
import type { Closable } from './closeAll.ts';
import { closeAfter, closeAll } from './closeAll.ts';
import { capabilitiesSchema } from '../record/manifest.ts';
import { DeploymentLedger } from '../record/deploymentLedger.ts';
import { HostedModels } from './hostedModels.ts';
import type { HostingAccount } from './hostedModels.ts';
import { makeTrainer } from './trainers.ts';
import { addTrainersVersion, connectService, requireTraining } from './trainingService.ts';

/** An endpoint that is up: what answers, what it can do, and what trains for it. */
export interface EndpointSession {
  readonly connection: Connection;
  readonly capabilities: Capabilities;
  readonly refusals: Refusals;
  readonly trainer: Trainer | null;
  /** The tuned models that are deployed while they are asked; `null`: none is. */
  readonly hosted: HostedModels | null;
  close(): Promise<void>;
}

export interface EndpointRequest {
  readonly workspace: string;
  readonly config: ResolvedProgram;
  readonly trains: boolean;
  /** Whether an endpoint that cannot train is refused. Default: where `trains`. */
  readonly mustTrain?: boolean;
  /** Tuned models may be deployed, at a price for the time: that was agreed to. Default: no. */
  readonly deploys?: boolean;
  /** Where the time of deployments is entered. Default: nowhere. */
  readonly hostingAccount?: HostingAccount;
  /** What an earlier session found out; otherwise what the memo knows of the endpoint, or a probe. */
  readonly capabilities?: Capabilities;
  readonly memo: Pick<Memo, 'get' | 'put'>;
  /** Where the calls of a probe are entered. */
  readonly account: ProbeAccount;
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
    const hosted = hostedModels(request);
    if (hosted !== null) opened.push({ close: () => hosted.close(request.log) });
    return { ...session, hosted, close: () => closeAll(opened) };
  } catch (error) {
    return closeAfter(error, opened);
  }
}

type Opened = Omit<EndpointSession, 'close' | 'hosted'>;

/** Nothing is connected before a tuned model is asked: most work asks none. */
function hostedModels({ config, deploys = false, hostingAccount, warn }: EndpointRequest): HostedModels | null {
  const { endpoint } = config;
  const hosting = deploys ? hostingOf(endpoint) : null;
  if (hosting === null || endpoint.kind === 'embedded') return null;
  const { fineTune: trainer, name, revision } = endpoint;
  return new HostedModels({
    connect: () => {
      // What deploys is a service, so it is connected.
      const service = connectService(endpoint, revision)!;
      const parts = { service, retry: retryOf(endpoint), warn };
      return { deployments: backEndOf(trainer).deployments!(trainer, parts)!, close: () => service.close() };
    },
    deploymentOf: (model) => backEndOf(trainer).deploymentOf?.(trainer, model) ?? null,
    endpoint: name,
    trainer,
    hosting,
    ledger: new DeploymentLedger(),
    account: hostingAccount ?? { charge: () => undefined, checkCap: () => undefined },
    warn,
  });
}

async function openEmbedded(
  { workspace, config, trains, mustTrain = trains, memo, account, signal, log, warn }: EndpointRequest,
  start: typeof startEmbedded,
  opened: Closable[],
): Promise<Opened> {
  let connection: Connection | null = null;
  const { endpoint } = config;
  const service = trains ? connectService(endpoint, null) : null;
  if (service !== null) opened.push(service);
  if (mustTrain) await requireTraining(endpoint, { memo, signal, service });
  const file = endpoint.kind === 'embedded' && endpoint.modelFile !== undefined ? { model: endpoint.modelFile } : {};
  const kept = await keepRunning((own) => start({ ...file, onLog: log, signal: own }), {
    onGone: () => connection?.moveTo(null),
    onMoved: ({ baseURL }) => connection?.moveTo(baseURL),
    onWarning: warn,
    signal,
  });
  opened.push(kept);
  const { modelName, modelHash, modelPath, baseURL, tokenFile } = kept.endpoint;
  if (config.model !== modelName) {
    throw new UsageError(
      `The embedded endpoint serves "${modelName}", not "${config.model}". ` +
        `Set "model" of program "${config.key}" in bettertogether.json.`,
    );
  }
  connection = connect(defineEndpoint({ name: config.endpoint.name, baseURL, modelFile: modelHash, tokenFile }));
  opened.push(connection);
  const capabilities = await probeCapabilities(connection, config.model, signal, undefined, account);
  const parts = {
    workspace,
    endpoint,
    model: config.model,
    modelFile: modelPath,
    connection,
    service,
    capabilities,
    account,
    warn,
  };
  const trainer = trains ? makeTrainer(parts) : null;
  return { connection, capabilities, refusals: passingRefusals(), trainer };
}

async function openRemote(
  request: EndpointRequest,
  settings: Extract<ResolvedEndpoint, { kind: 'openai' }>,
  opened: Closable[],
): Promise<Opened> {
  const { workspace, config, trains, memo, account, signal, warn } = request;
  const { revision, timeoutSeconds } = settings;
  const wait = timeoutSeconds === undefined ? {} : { timeoutSeconds };
  const retry = retryOf(settings);
  const connection = connect(defineEndpoint(settings), wait);
  opened.push(connection);
  const service = trains ? connectService(settings, revision, wait) : null;
  if (service !== null) opened.push(service);
  const versioned = await addVersion(connection, memo, signal);
  if (versioned !== null) warn(versioned);
  if (service !== null) await addTrainersVersion(service, settings, { memo, signal });
  if (request.mustTrain ?? trains) await requireTraining(settings, { memo, signal, retry, service });
  const refusals = refusalsOf(connection, memo, signal);
  const capabilities = request.capabilities ?? (await probeOnce(request, connection, retry, refusals));
  if (!trains) return { connection, capabilities, refusals, trainer: null };
  const { model } = config;
  const { fineTune, name } = settings;
  const isOurs = await backEndOf(fineTune).isOurs?.(fineTune, { endpoint: name, service, memo, signal });
  const known = { capabilities, account, ...given({ isOurs }) };
  const parts = { workspace, endpoint: settings, model, connection, service, retry, warn, ...known };
  return { connection, capabilities, refusals, trainer: makeTrainer(parts) };
}

/** What an endpoint refuses, as the workspace's memo knows it. */
export function refusalsOf(connection: Connection, memo: Pick<Memo, 'get' | 'put'>, signal: AbortSignal): Refusals {
  const { identity } = connection.endpoint;
  return new KeptRefusals({ memo, identity, serverOf: (model) => serverOf(connection, model, signal) });
}

/** How long the endpoint is waited for when it gives no answer. */
export function retryOf(settings: ResolvedEndpoint): RetryOptions {
  if (settings.kind === 'embedded' || settings.patienceSeconds === undefined) return {};
  return { patienceSeconds: settings.patienceSeconds };
}

type ProbeRequest = Pick<EndpointRequest, 'memo' | 'account' | 'signal' | 'log'> & {
  readonly config: Pick<ResolvedProgram, 'model'>;
};

/** A probe is made of calls, so it is remembered like them; an endpoint that learned something has a new `revision`. */
export async function probeOnce(
  { memo, account, signal, log, config: { model } }: ProbeRequest,
  connection: Connection,
  retry: RetryOptions,
  refusals: Refusals,
): Promise<Capabilities> {
  const key = contentHash(['capabilities', connection.endpoint.identity, model]);
  const remembered = capabilitiesSchema.safeParse(await memo.get(key)).data;
  if (remembered !== undefined) return remembered;
  // Before anything has begun, a long wait helps no one.
  const patience = { ...retry, patienceSeconds: Math.min(20, retry.patienceSeconds ?? 20) };
  let calls = 0;
  const counted: ProbeAccount = {
    ...account,
    onPaid: (answer) => {
      calls++;
      account.onPaid(answer);
    },
  };
  const found = await probeCapabilities(connection, model, signal, patience, counted, refusals);
  if (calls > 0) {
    const made = calls === 1 ? '1 call' : `${calls} calls`;
    log(`endpoint "${connection.endpoint.name}": ${made} to find out what it can do, counted with the others`);
  }
  await memo.put(key, { ...found });
  return found;
}
