/** What tuned models and their deployments are called at Fireworks: all follows from the job's id, and whose it is. */
import { ownSeal } from '../../home/seal.ts';

/** How its models are named and found. */
export interface Naming {
  /** The name that calls have for the model that a job made. */
  modelOf(id: string): string;
  /** The model's own record, which jobs go on from; `null`: it is none that a job of ours made. */
  recordOf(model: string): string | null;
  /** The deployment that answers as it; `null`: none of ours does. */
  deploymentOf(model: string): string | null;
}

/** @param deploys whether runs deploy what they have trained: calls then name the deployment too. */
export function namingOf(account: string, deploys: boolean): Naming {
  const models = `accounts/${account}/models/`;
  const deployments = `accounts/${account}/deployments/`;
  return {
    modelOf: (id) => `${models}${id}${deploys ? `#${deployments}${deploymentIdOf(id, account)}` : ''}`,
    recordOf(model) {
      const record = model.split('#')[0]!;
      return record.startsWith(`${models}bt-`) ? record : null;
    },
    deploymentOf(model) {
      const [, deployment] = model.split('#');
      return deployment?.startsWith(`${deployments}bt-`) === true ? deployment.slice(deployments.length) : null;
    },
  };
}

/** Each user on each machine deploys for itself, so that nobody's end of a run stops what another one is asking. */
function deploymentIdOf(id: string, account: string): string {
  return `${id}-${ownSeal().of('deployment', 'fireworks', account, id).slice(0, 8)}`;
}
