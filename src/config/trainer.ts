/** What trains for an endpoint, as its settings say it. */
import { trainingMethods } from '../data/trainingSet.ts';
import type { TrainingMethod } from '../data/trainingSet.ts';
import { factsOf } from '../finetune/settings.ts';
import type { Hosting, Service } from '../finetune/settings.ts';
import type { ResolvedEndpoint } from './resolved.ts';

export type { Service };

/** The service that answers; `null`: the embedded endpoint of this machine. */
export function answeringService(endpoint: ResolvedEndpoint): Service | null {
  return endpoint.kind === 'embedded' ? null : { baseURL: endpoint.baseURL, apiKeyEnv: endpoint.apiKeyEnv };
}

/** The service that trains; `null`: what trains is on this machine, as the embedded endpoint's own trainer is. */
export function trainingService({ fineTune }: ResolvedEndpoint): Service | null {
  return fineTune === undefined ? null : factsOf(fineTune).service(fineTune);
}

/** What tuned models cost while they are deployed; `null`: the endpoint's service deploys none. */
export function hostingOf(endpoint: ResolvedEndpoint): Hosting | null {
  if (endpoint.kind === 'embedded' || endpoint.loraServing !== 'none') return null;
  return factsOf(endpoint.fineTune).hosting?.(endpoint.fineTune) ?? null;
}

/** Whether a service trains that answers with the tuned model itself, and keeps its weights. */
export function serviceKeepsWeights(endpoint: ResolvedEndpoint): boolean {
  return (
    endpoint.kind !== 'embedded' && endpoint.loraServing === 'none' && factsOf(endpoint.fineTune).leaves === 'model'
  );
}

/** What jobs for the endpoint can learn from; `null`: that shows when its service is asked. */
export function methodsKnown(endpoint: ResolvedEndpoint): readonly TrainingMethod[] | null {
  const { fineTune } = endpoint;
  return fineTune === undefined ? trainingMethods : factsOf(fineTune).methods(fineTune);
}

/** Checkpoints of a job, besides its last, that can be tried: those that answer under names of their own. */
export function checkpointsServed(endpoint: ResolvedEndpoint): number {
  if (endpoint.kind === 'embedded' || endpoint.loraServing !== 'none') return 0;
  return factsOf(endpoint.fineTune).checkpoints(endpoint.fineTune);
}
