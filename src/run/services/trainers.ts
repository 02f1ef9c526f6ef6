/** The trainer of an endpoint, by its configuration. */
import type { ResolvedEndpoint } from '../../config/resolved.ts';
import type { Capabilities } from '../../data/lm.ts';
import { trainerSources } from '../../home/home.ts';
import type { Trainer } from '../../engine/interfaces.ts';
import { AdapterLedger } from '../../finetune/serving/adapterLedger.ts';
import { createCommandTrainer } from '../../finetune/command/commandTrainer.ts';
import type { ResolvedTrainer } from '../../finetune/settings.ts';
import { adaptersOf } from '../../finetune/serving/folderModels.ts';
import { leastRowsOf, profileOf } from '../../finetune/base/hyperParameters.ts';
import { createOpenAiTrainer } from '../../finetune/openai/openaiTrainer.ts';
import { createRayTrainer } from '../../finetune/ray/rayTrainer.ts';
import { createServedTrainer, type AdapterTrainer } from '../../finetune/serving/servedTrainer.ts';
import { createAdapterServer, type ServerKind } from '../../finetune/serving/adapterServer.ts';
import type { ProbeAccount } from '../../lm/capabilities.ts';
import type { Connection } from '../../lm/connection.ts';
import type { RetryOptions } from '../../lm/retry.ts';
import { jobProcesses } from './jobProcesses.ts';
import { adaptersFolder } from '../record/runFolder.ts';

/** Minutes without news after which a job counts as stalled, where the configuration says nothing. */
const stallMinutes = 120;

export interface TrainerRequest {
  readonly workspace: string;
  readonly endpoint: ResolvedEndpoint;
  /** The base model's served name. */
  readonly model: string;
  /** What a trainer on this machine loads as the base, where that is known. */
  readonly modelFile?: string;
  /** To what answers. */
  readonly connection: Connection;
  /** To what trains; `null`: a command of this machine. */
  readonly service: Connection | null;
  readonly capabilities: Capabilities;
  /** What trains is an embedded endpoint of ours, served under an address of its own. Default: no. */
  readonly isOurs?: boolean;
  readonly retry?: RetryOptions;
  /** Where the call is entered that asks whether a tuned model answers. Default: nowhere. */
  readonly account?: ProbeAccount;
  readonly warn: (message: string) => void;
}

export function makeTrainer(request: TrainerRequest): Trainer {
  const { endpoint, warn, connection, account } = request;
  if (endpoint.kind === 'openai') return remoteTrainer(request, endpoint);
  if (endpoint.fineTune !== undefined) return served(request, adapterTrainer(request, endpoint.fineTune), 'embedded');
  return createOpenAiTrainer({
    connection,
    profile: 'embedded',
    rows: { layout: 'apart', textAsChat: false },
    pollSeconds: 0.5,
    stallSeconds: stallMinutes * 60,
    ...(account === undefined ? {} : { account }),
    onWarning: warn,
  });
}

function remoteTrainer(request: TrainerRequest, endpoint: Extract<ResolvedEndpoint, { kind: 'openai' }>): Trainer {
  const { fineTune, loraServing, name } = endpoint;
  if (fineTune.kind !== 'openai') {
    // `checkServing` has refused an endpoint that loads nothing.
    return served(request, adapterTrainer(request, fineTune), loraServing === 'sglang' ? 'sglang' : 'vllm');
  }
  const service = openaiTrainer(request, endpoint, fineTune);
  if (loraServing === 'none') return service;
  return served(request, adaptersOf(service, `endpoints.${name}.loraServing`), loraServing);
}

function openaiTrainer(
  { connection, service, capabilities, isOurs = false, retry, account, warn, model }: TrainerRequest,
  { baseURL, loraServing }: Extract<ResolvedEndpoint, { kind: 'openai' }>,
  fineTune: Extract<ResolvedTrainer, { kind: 'openai' }>,
): Trainer {
  const { form, hyperParameters, extra, dialect } = fineTune;
  return createOpenAiTrainer({
    connection: service ?? connection,
    // One service under one address is asked once, as the service.
    ...(fineTune.baseURL === baseURL || loraServing !== 'none' ? {} : { inference: connection }),
    profile: dialect ?? profileOf(fineTune.baseURL, isOurs),
    rows: { layout: isOurs ? 'apart' : 'joined', textAsChat: !capabilities.completions },
    base: { served: model, trainedAs: fineTune.model ?? model },
    ...(form === undefined ? {} : { form }),
    ...(hyperParameters === undefined ? {} : { hyperParameters }),
    ...(extra === undefined ? {} : { extra }),
    ...(retry === undefined ? {} : { retry }),
    pollSeconds: fineTune.pollSeconds,
    stallSeconds: (fineTune.stallMinutes ?? stallMinutes) * 60,
    leastRows: fineTune.minRows ?? leastRowsOf(fineTune.baseURL),
    ...(account === undefined ? {} : { account }),
    onWarning: warn,
  });
}

function adapterTrainer(
  { endpoint, model, modelFile, service, capabilities, retry }: TrainerRequest,
  fineTune: Extract<ResolvedTrainer, { kind: 'command' | 'ray' }>,
): AdapterTrainer {
  const common = {
    model: fineTune.model ?? modelFile ?? model,
    textAsChat: !capabilities.completions,
    pollSeconds: fineTune.pollSeconds,
    stallSeconds: (fineTune.stallMinutes ?? stallMinutes) * 60,
    leastRows: fineTune.minRows ?? 1,
  };
  if (fineTune.kind === 'command') {
    const { command, parentArguments, rowsFormat, files, env, cwd, folder } = fineTune;
    const own = { command, parentArguments, rowsFormat, files, env, cwd, folder };
    return createCommandTrainer({ ...common, ...own, endpoint: endpoint.name, processes: jobProcesses });
  }
  const { workers, cpusPerWorker, gpusPerWorker, dtype, storage, sharedFolder, python, runtimeEnv } = fineTune;
  return createRayTrainer({
    ...common,
    ...{ workers, cpusPerWorker, gpusPerWorker, dtype, storage, sharedFolder, python, runtimeEnv },
    connection: service!,
    sources: trainerSources(),
    ...(retry === undefined ? {} : { retry }),
  });
}

function served(request: TrainerRequest, trainer: AdapterTrainer, kind: ServerKind): Trainer {
  const { workspace, connection, model, endpoint, retry } = request;
  return createServedTrainer({
    trainer,
    server: createAdapterServer({ kind, connection, base: model, ...(retry === undefined ? {} : { retry }) }),
    ledger: new AdapterLedger(adaptersFolder(workspace), workspace),
    base: model,
    pathMap: endpoint.kind === 'openai' ? (endpoint.pathMap ?? {}) : {},
    endpoint: {
      name: endpoint.name,
      baseURL: connection.endpoint.baseURL,
      apiKeyEnv: connection.endpoint.apiKeyEnv,
    },
  });
}
