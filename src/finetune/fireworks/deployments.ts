/** Live-merge deployments: each serves one LoRA adapter, merged into its base, on GPUs that are billed by the second. */
import { withKeys } from '../base/furtherKeys.ts';
import type { Deployments, DeploymentState } from '../base/deployments.ts';
import type { Gateway } from './gateway.ts';
import type { Naming } from './names.ts';
import type { FireworksSettings } from './settings.ts';
import { deploymentState, isDeleted } from './wire.ts';

type Deploy = Exclude<FireworksSettings['deploy'], 'none'>;

export class FireworksDeployments implements Deployments {
  readonly #gateway: Gateway;
  readonly #naming: Naming;
  readonly #deploy: Deploy;

  constructor(gateway: Gateway, naming: Naming, deploy: Deploy) {
    this.#gateway = gateway;
    this.#naming = naming;
    this.#deploy = deploy;
  }

  async state(deployment: string, signal: AbortSignal): Promise<DeploymentState> {
    return deploymentState(await this.#find(deployment, signal));
  }

  /**
   * With no replica as the least, so that Fireworks itself ends what it costs once nobody asks it. One that was scaled to
   * nothing is scaled up, because a call that wakes it up waits for minutes.
   */
  async start(model: string, signal: AbortSignal): Promise<void> {
    const id = this.#naming.deploymentOf(model)!;
    const what = `the deployment of "${model}"`;
    const found = await this.#find(id, signal);
    if (found === null) {
      const path = `/deployments?deploymentId=${id}`;
      await this.#gateway.ask(what, 'POST', path, { json: this.#body(model), taken: [409] }, signal);
    } else if (isDeleted(found)) {
      await this.#gateway.ask(what, 'POST', `/deployments/${id}:undelete`, { json: {} }, signal);
    } else {
      await this.#gateway.ask(what, 'PATCH', `/deployments/${id}:scale`, { json: { replicaCount: 1 } }, signal);
    }
  }

  #body(model: string) {
    const { idleMinutes, shape, extra = {} } = this.#deploy;
    const ours = {
      baseModel: this.#naming.recordOf(model)!,
      displayName: 'BetterTogether',
      deploymentShape: shape,
      minReplicaCount: 0,
      maxReplicaCount: 1,
      autoscalingPolicy: { scaleToZeroWindow: `${Math.round(idleMinutes * 60)}s` },
    };
    return withKeys(ours, extra);
  }

  /** At once and for good: a deployment of this name may be made again. */
  async stop(deployment: string, signal: AbortSignal): Promise<void> {
    const path = `/deployments/${deployment}?hard=true&ignoreChecks=true`;
    await this.#gateway.ask(`the end of deployment "${deployment}"`, 'DELETE', path, { taken: [404] }, signal);
  }

  #find(deployment: string, signal: AbortSignal): Promise<unknown> {
    return this.#gateway.find(`deployment "${deployment}"`, `/deployments/${deployment}`, signal);
  }
}
