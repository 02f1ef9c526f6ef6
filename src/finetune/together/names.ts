/** What tuned models are called at Together: the deployment of a job's model has the job's id in its name. */
import { ownSeal } from '../../home/seal.ts';

/** The deployment's own name within its endpoint. */
export const deploymentName = 'tuned';

/**
 * The endpoint that serves what a job made. Each user on each machine deploys for itself, so that nobody's end of a run
 * stops what another one is asking.
 */
export function endpointNameOf(jobId: string): string {
  return `bt-${jobId}-${ownSeal().of('deployment', 'together', jobId).slice(0, 8)}`;
}

/** The name that calls have for it: that of the deployment itself, which needs no split of traffic. */
export function modelOf(slug: string, jobId: string): string {
  return `${slug}/${endpointNameOf(jobId)}/${deploymentName}`;
}

export interface ServedName {
  readonly endpoint: string;
  readonly jobId: string;
}

/** `null`: it is none that a run deploys. */
export function servedIn(model: string): ServedName | null {
  const [, endpoint, jobId] = /^[^/]+\/(bt-(.+)-[0-9a-f]{8})\/tuned$/.exec(model) ?? [];
  return endpoint === undefined || jobId === undefined ? null : { endpoint, jobId };
}
