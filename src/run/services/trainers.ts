/** The trainer of an endpoint, by its configuration. */
import { given } from '../../base/given.ts';
import type { ResolvedEndpoint } from '../../config/resolved.ts';
import type { Trainer } from '../../engine/interfaces.ts';
import { backEndOf } from '../../finetune/backEnds.ts';
import { ownTrainer } from '../../finetune/openai/backEnd.ts';
import type { ServerWay } from '../../finetune/serving/adapterServer.ts';
import { createAdapterServer } from '../../finetune/serving/adapterServers.ts';
import { AdapterLedger } from '../../finetune/serving/adapterLedger.ts';
import type { TrainerParts } from '../../finetune/serving/backEnd.ts';
import { createServedTrainer, type AdapterTrainer } from '../../finetune/serving/servedTrainer.ts';
import { resolveHome } from '../../home/home.ts';
import { adaptersFolder } from '../record/runFolder.ts';
import { adapterGguf, ggufMaker } from './ggufAdapter.ts';
import { jobProcesses } from './jobProcesses.ts';

export interface TrainerRequest extends Omit<TrainerParts, 'endpoint' | 'processes'> {
  readonly workspace: string;
  readonly endpoint: ResolvedEndpoint;
}

export function makeTrainer(request: TrainerRequest): Trainer {
  const { endpoint } = request;
  const { fineTune } = endpoint;
  if (fineTune === undefined) return ownTrainer(request);
  const backEnd = backEndOf(fineTune);
  const parts: TrainerParts = { ...request, endpoint: endpoint.name, processes: jobProcesses };
  const way = wayOf(endpoint);
  if (way === null && backEnd.models !== undefined) return backEnd.models(fineTune, parts);
  // `checkServing` has refused an endpoint that loads nothing.
  return served(request, backEnd.adapters(fineTune, parts), way ?? { kind: 'vllm' });
}

/** What loads adapters there; `null`: nothing does. */
function wayOf(endpoint: ResolvedEndpoint): ServerWay | null {
  if (endpoint.kind === 'embedded') return { kind: 'embedded' };
  const { loraServing } = endpoint;
  if (typeof loraServing !== 'string') return loraServing;
  return loraServing === 'none' ? null : { kind: loraServing };
}

function served(request: TrainerRequest, trainer: AdapterTrainer, way: ServerWay): Trainer {
  const { workspace, connection, model, endpoint, retry } = request;
  const makeGguf = ggufMaker(resolveHome(), process.env);
  return createServedTrainer({
    trainer,
    server: createAdapterServer({
      ...{ way, connection, base: model, gguf: adapterGguf(makeGguf, baseOfTrainer(request)) },
      ...given({ retry }),
    }),
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

/** What the trainer loads as the base. */
function baseOfTrainer({ endpoint, model, modelFile }: TrainerRequest): string {
  return endpoint.fineTune?.model ?? modelFile ?? model;
}
