/** The trainer of an endpoint, by its configuration. */
import type { ResolvedEndpoint } from '../../config/resolved.ts';
import type { Trainer } from '../../engine/interfaces.ts';
import { backEndOf } from '../../finetune/backEnds.ts';
import { ownTrainer } from '../../finetune/openai/backEnd.ts';
import { createAdapterServer, type ServerKind } from '../../finetune/serving/adapterServer.ts';
import { AdapterLedger } from '../../finetune/serving/adapterLedger.ts';
import type { TrainerParts } from '../../finetune/serving/backEnd.ts';
import { createServedTrainer, type AdapterTrainer } from '../../finetune/serving/servedTrainer.ts';
import { adaptersFolder } from '../record/runFolder.ts';
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
  const server = serverOf(endpoint);
  if (server === null && backEnd.models !== undefined) return backEnd.models(fineTune, parts);
  // `checkServing` has refused an endpoint that loads nothing.
  return served(request, backEnd.adapters(fineTune, parts), server ?? 'vllm');
}

/** What loads adapters there; `null`: nothing does. */
function serverOf(endpoint: ResolvedEndpoint): ServerKind | null {
  if (endpoint.kind === 'embedded') return 'embedded';
  return endpoint.loraServing === 'none' ? null : endpoint.loraServing;
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
