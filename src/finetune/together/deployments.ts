/** Deployments of Together's version 2: an endpoint of one deployment for each tuned model, billed by the minute. */
import { CannotList, EndpointRefused, EndpointUnavailable } from '../../engine/errors.ts';
import { sleep } from '../../engine/abort.ts';
import type { Deployments, DeploymentState } from '../base/deployments.ts';
import { withKeys } from '../base/furtherKeys.ts';
import { asRecord } from './api.ts';
import type { TogetherApi } from './api.ts';
import { deploymentName, servedIn } from './names.ts';
import type { TogetherSettings } from './settings.ts';
import { configSchema, deploymentStatusSchema, endpointSchema, jobSchema } from './wire.ts';
import type { Config, DeploymentRecord, EndpointRecord } from './wire.ts';

type Deploy = Exclude<TogetherSettings['deploy'], 'none'>;

export interface TogetherDeploymentsOptions {
  readonly api: TogetherApi;
  readonly deploy: Deploy;
  /** The setting: `endpoints.lab.fineTune.deploy`. */
  readonly setting: string;
  readonly pollSeconds: number;
}

/** Looks at a deployment that is told to stop. */
const looksAtMost = 12;

export class TogetherDeployments implements Deployments {
  readonly #options: TogetherDeploymentsOptions;

  constructor(options: TogetherDeploymentsOptions) {
    this.#options = options;
  }

  async state(name: string, signal: AbortSignal): Promise<DeploymentState> {
    const endpoint = await this.#find(name, signal);
    const deployment = endpoint?.deployments?.[0];
    if (endpoint === null || deployment === undefined) return { phase: 'none' };
    if (isFailed(deployment)) return { phase: 'failed', said: await this.#whyFailed(endpoint, deployment, signal) };
    return { phase: phaseOf(deployment) };
  }

  async start(model: string, signal: AbortSignal): Promise<void> {
    const { endpoint: name, jobId } = servedIn(model)!;
    const what = `the deployment of "${model}"`;
    const path = await this.#path(signal);
    let endpoint = await this.#find(name, signal);
    if (endpoint === null) {
      await this.#options.api.ask(what, 'POST', path, { json: { name }, taken: [409] }, signal);
      endpoint = await this.#find(name, signal);
    }
    if (endpoint === null)
      throw new CannotList(`${this.#options.api.client.who} does not show the endpoint "${name}".`);
    const deployment = endpoint.deployments?.[0];
    if (deployment !== undefined) return this.#scale(endpoint, deployment, 1, signal);
    const json = await this.#body(jobId, signal);
    await this.#options.api.ask(what, 'POST', `${path}/${endpoint.id}/deployments`, { json, taken: [409] }, signal);
  }

  /**
   * It is scaled to nothing first, which ends what it costs once it is stopped; what is stopped is then removed. One that
   * is stopped and cannot be removed yet is left in the account.
   *
   * @throws EndpointUnavailable when it is not stopped after a minute: it may cost something still.
   */
  async stop(name: string, signal: AbortSignal): Promise<void> {
    const { api, pollSeconds } = this.#options;
    const first = await this.#find(name, signal);
    if (first === null) return;
    const running = first.deployments?.[0];
    if (running !== undefined) await this.#scale(first, running, 0, signal);
    let state = '';
    for (let looks = 0; looks < looksAtMost; looks++) {
      const endpoint = await this.#find(name, signal);
      if (endpoint === null) return;
      const path = `${await this.#path(signal)}/${endpoint.id}`;
      const deployment = endpoint.deployments?.[0];
      const what = `the end of deployment "${name}"`;
      if (deployment === undefined) return void (await api.ask(what, 'DELETE', path, { taken: [404] }, signal));
      state = stateOf(deployment);
      if (costsNothing(deployment)) {
        await api.ask(what, 'DELETE', `${path}/deployments/${deployment.id}`, { taken: [404, 409] }, signal);
      }
      await sleep(Math.min(5, pollSeconds) * 1000, signal);
    }
    if (!endStates.includes(state)) {
      throw new EndpointUnavailable(`${api.client.who} has not stopped deployment "${name}" yet: it is ${state}.`);
    }
  }

  async #scale(
    endpoint: EndpointRecord,
    { id }: DeploymentRecord,
    replicas: number,
    signal: AbortSignal,
  ): Promise<void> {
    const path = `${await this.#path(signal)}/${endpoint.id}/deployments/${id}?updateMask=autoscaling`;
    const json = { autoscaling: { minReplicas: replicas, maxReplicas: replicas } };
    const what = `deployment "${endpoint.name}" to be scaled to ${replicas}`;
    await this.#options.api.ask(what, 'PATCH', path, { json, taken: [404] }, signal);
  }

  async #body(jobId: string, signal: AbortSignal) {
    const { deploy } = this.#options;
    const { id: project } = await this.#options.api.project(signal);
    const model = `projects/${project}/models/${await this.#weightsOf(jobId, signal)}`;
    const ours = {
      name: deploymentName,
      model,
      config: await this.#configOf(model, signal),
      autoscaling: { minReplicas: 1, maxReplicas: 1 },
      inactiveTimeout: deploy.idleMinutes,
    };
    return withKeys(ours, deploy.extra ?? {});
  }

  async #weightsOf(jobId: string, signal: AbortSignal): Promise<string> {
    const { api } = this.#options;
    const path = `/v1/fine-tunes/${encodeURIComponent(jobId)}`;
    const job = await api.read(`fine-tuning job "${jobId}"`, path, jobSchema, signal);
    // An adapter is merged into its base by the deployment.
    const id = job.model_object_id ?? job.adapter_object_id;
    if (id != null && id !== '') return id;
    throw new EndpointRefused(
      `${api.client.who} names no weights of fine-tuning job "${jobId}" that could be deployed.`,
    );
  }

  async #configOf(model: string, signal: AbortSignal): Promise<string> {
    const { api, deploy, setting } = this.#options;
    const { id: project } = await api.project(signal);
    if (deploy.config !== undefined) {
      return deploy.config.includes('/') ? deploy.config : `projects/${project}/configs/${deploy.config}`;
    }
    const path = `/v2/projects/${project}/configs?referenceModel=${encodeURIComponent(model)}`;
    const configs = await api.list('the hardware for a tuned model', path, configSchema, signal);
    const [only] = configs;
    if (only !== undefined && configs.length === 1) return `projects/${only.projectId}/configs/${only.id}`;
    const which =
      configs.length === 0
        ? 'has no hardware configuration for the tuned model: choose another base model'
        : `has several hardware configurations for the tuned model (${configs.map(configText).join('; ')}): name one in ${setting}.config`;
    throw new EndpointRefused(`${api.client.who} ${which}, then resume. The model is trained and kept.`);
  }

  async #whyFailed({ id }: EndpointRecord, deployment: DeploymentRecord, signal: AbortSignal): Promise<string> {
    const path = `${await this.#path(signal)}/${id}/deployments/${deployment.id}`;
    const found = await this.#options.api.ask('a deployment', 'GET', path, { taken: [404] }, signal);
    return (found === null ? null : asRecord(deploymentStatusSchema, found).status?.message) ?? 'no reason is given';
  }

  async #find(name: string, signal: AbortSignal): Promise<EndpointRecord | null> {
    const all = await this.#options.api.list('the list of endpoints', await this.#path(signal), endpointSchema, signal);
    return all.find((endpoint) => endpoint.name.split('/').at(-1) === name) ?? null;
  }

  async #path(signal: AbortSignal): Promise<string> {
    return `/v2/projects/${(await this.#options.api.project(signal)).id}/endpoints`;
  }
}

const stateOf = ({ state }: DeploymentRecord): string => state.replace(/^DEPLOYMENT_STATE_/, '');

/** What costs nothing any more. */
const endStates: readonly string[] = ['STOPPED', 'FAILED'];

const costsNothing = (deployment: DeploymentRecord): boolean => endStates.includes(stateOf(deployment));

const isFailed = (deployment: DeploymentRecord): boolean => stateOf(deployment) === 'FAILED';

function phaseOf(deployment: DeploymentRecord): 'ready' | 'stopped' | 'changing' {
  const state = stateOf(deployment);
  if (state === 'STOPPED') return 'stopped';
  if (state === 'READY') return 'ready';
  const serves = (deployment.readyReplicas ?? 0) > 0;
  return serves && (state === 'SCALING' || state === 'DEGRADED') ? 'ready' : 'changing';
}

function configText({ id, selectors }: Config): string {
  const value = (key: string) => selectors?.find((selector) => selector.key === key)?.value;
  const hardware = [value('accelerator_count'), value('accelerator_type')].filter((part) => part !== undefined);
  return hardware.length === 0 ? id : `${id}, ${hardware.join(' × ')}`;
}
