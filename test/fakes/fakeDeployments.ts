/** A service's deployments in memory, and a session that asks them. */
import type { Deployments, DeploymentState } from '../../src/finetune/base/deployments.ts';
import type { ResolvedTrainer } from '../../src/finetune/settings.ts';
import { DeploymentLedger } from '../../src/run/record/deploymentLedger.ts';
import { HostedModels } from '../../src/run/services/hostedModels.ts';
import type { HostedModelsOptions } from '../../src/run/services/hostedModels.ts';

/** Models are named with their deployment: `m#bt-one`. */
export class FakeDeployments implements Deployments {
  readonly up = new Set<string>();
  starts = 0;
  answer: DeploymentState = { phase: 'ready' };
  async state(id: string): Promise<DeploymentState> {
    return this.up.has(id) ? this.answer : { phase: 'none' };
  }
  async start(model: string): Promise<void> {
    this.starts++;
    this.up.add(model.split('#')[1]!);
  }
  async stop(id: string): Promise<void> {
    this.up.delete(id);
  }
}

export const hosting = { usdPerHour: 6, idleMinutes: 30 };
export const hostingTrainer: ResolvedTrainer = {
  ...{ kind: 'fireworks', account: 'me', baseURL: 'http://127.0.0.1:9/v1', apiKeyEnv: null, model: null },
  ...{ pollSeconds: 0.001, stallMinutes: 0.01, deploy: { ...hosting, shape: 'default' } },
} as const;
export const never = new AbortController().signal;

export function hostedSession(
  service: Deployments,
  folder: string,
  more: Partial<HostedModelsOptions> = {},
): HostedModels {
  return new HostedModels({
    connect: () => ({ deployments: service, close: () => Promise.resolve() }),
    deploymentOf: (model) => model.split('#')[1] ?? null,
    ...{ endpoint: 'lab', trainer: hostingTrainer, hosting, ledger: new DeploymentLedger(folder) },
    account: { charge: () => undefined, checkCap: () => undefined },
    warn: () => undefined,
    ...more,
  });
}
