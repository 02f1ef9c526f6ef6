/** The deployments of a service, each of one tuned model: what costs while it is up. */

export type DeploymentState =
  /** There is none. */
  | { readonly phase: 'none' }
  /** It is there, costs nothing, and answers nothing until it is started again. */
  | { readonly phase: 'stopped' }
  /** On its way up or down. */
  | { readonly phase: 'changing' }
  | { readonly phase: 'ready' }
  /** `said`: in the service's own words. */
  | { readonly phase: 'failed'; readonly said: string };

/** Each may be asked again: what is done already is done. */
export interface Deployments {
  state(deployment: string, signal: AbortSignal): Promise<DeploymentState>;
  /** Makes the model's deployment, or starts it again. */
  start(model: string, signal: AbortSignal): Promise<void>;
  /** Ends what it costs, and removes it as far as the service does so at once. */
  stop(deployment: string, signal: AbortSignal): Promise<void>;
}
